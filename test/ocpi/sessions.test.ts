/** What a partner is sent and may read: the place, its tariffs, sessions as they grow, and one record of each. */
import { sign as cryptoSign, generateKeyPairSync } from "node:crypto";
import { Ajv } from "ajv";
import { afterEach, describe, expect, test } from "vitest";
import type { TSchema } from "../../src/core/schema.ts";
import { CdrSchema, EvseSchema, LocationSchema, SessionSchema, TariffSchema } from "../../src/ocpi/schemas/objects.ts";
import type { Received } from "./partner.ts";
import { OcpiRig, type OcpiRigOptions } from "./rig.ts";

const rigs: OcpiRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

const UPSTREAM = {
  location: {
    address: "Kade 1",
    city: "Utrecht",
    country: "NLD",
    latitude: "52.09070",
    longitude: "5.12140",
    facilities: ["RESTAURANT"],
    openingTimes: [{ weekday: 1, from: "08:00", to: "18:00" }],
    energyMix: { green: true, sources: [{ source: "SOLAR", percent: 100 }], co2GramsPerKwh: 0, supplier: "Sun" },
  },
  tariffs: [
    {
      id: "standard",
      elements: [
        {
          components: [
            { type: "ENERGY", price: 0.4, vatPercent: 21 },
            { type: "FLAT", price: 0.5, vatPercent: 21 },
          ],
        },
      ],
    },
  ],
};

async function registered(options: OcpiRigOptions = {}): Promise<OcpiRig> {
  const rig = await OcpiRig.registered({ configuration: { sees: "all" }, upstream: UPSTREAM, ...options });
  rigs.push(rig);
  await rig.settled();
  return rig;
}

const ajv = new Ajv({ strict: false, allErrors: true });
function fits(schema: TSchema, value: unknown): void {
  const check = ajv.compile(schema);
  if (!check(value)) throw new Error(`${JSON.stringify(check.errors)} in ${JSON.stringify(value)}`);
}

// biome-ignore lint/suspicious/noExplicitAny: what came over the wire
const bodies = (received: readonly Received[], method: string, module: string): any[] =>
  received
    .filter((request) => request.method === method && request.path.includes(`/${module}`))
    .map(({ body }) => body);

const oneHour = async (rig: OcpiRig) => {
  await rig.site.connectAll();
  await rig.site.plugIn("one");
  await rig.run(3_600);
};

describe("a partner that is registered", () => {
  test("is sent the place and its tariffs, and each change of an EVSE within seconds", async () => {
    const rig = await registered();
    const [location] = bodies(rig.partner.received, "PUT", "locations");
    fits(LocationSchema("2.2.1"), location);
    expect(location).toMatchObject({
      opening_times: { twentyfourseven: false, regular_hours: [{ weekday: 1, period_begin: "08:00" }] },
      energy_mix: { is_green_energy: true, environ_impact: [{ category: "CARBON_DIOXIDE", amount: 0 }] },
    });
    const [tariff] = bodies(rig.partner.received, "PUT", "tariffs");
    fits(TariffSchema("2.2.1"), tariff);
    await rig.site.connectAll();
    await rig.site.plugIn("one");
    await rig.run(2);
    const patches = bodies(rig.partner.received, "PATCH", "locations");
    expect(patches.at(-1)).toEqual({ status: "CHARGING", last_updated: expect.stringMatching(/Z$/) });
    const list = await rig.partner
      .discover(rig.versionsUrl)
      .then(() => rig.partner.call("GET", rig.partner.endpoint("locations", "SENDER")));
    fits(LocationSchema("2.2.1"), list.body.data[0]);
    expect(list.headers["x-total-count"]).toBe("1");
    const evse = await rig.partner.call("GET", `${rig.partner.endpoint("locations", "SENDER")}/rig/one`);
    fits(EvseSchema, evse.body.data);
    expect(evse.body.data.status).toBe("CHARGING");
    expect(await rig.partner.call("GET", `${rig.partner.endpoint("locations", "SENDER")}/rig/nine`)).toMatchObject({
      http: 404,
      body: { status_code: 2003 },
    });
  });

  test("follows a session by quarter-hours and gets one record: its energy is the meter's", async () => {
    const rig = await registered();
    await oneHour(rig);
    await rig.site.unplug("one");
    await rig.run(30);
    const puts = bodies(rig.partner.received, "PUT", "sessions");
    const patches = bodies(rig.partner.received, "PATCH", "sessions");
    for (const session of puts) fits(SessionSchema("2.2.1"), session);
    expect(puts[0]).toMatchObject({ status: "ACTIVE", kwh: 0 });
    expect(puts.at(-1)).toMatchObject({ status: "COMPLETED", evse_uid: "one" });
    expect(patches.length).toBeGreaterThanOrEqual(2);
    expect(patches.every((patch) => patch.charging_periods.length === 1 && patch.last_updated)).toBe(true);
    const cdrs = bodies(rig.partner.received, "POST", "cdrs");
    expect(cdrs).toHaveLength(1);
    const [cdr] = cdrs;
    fits(CdrSchema("2.2.1"), cdr);
    const { meterStartWh, meterStopWh } = rig.site.controller.state().sessions.ended[0]!;
    const energyKwh = (meterStopWh! - meterStartWh!) / 1000;
    expect(energyKwh).toBeGreaterThan(5);
    expect(cdr.total_energy).toBeCloseTo(energyKwh, 9);
    // biome-ignore lint/suspicious/noExplicitAny: what came over the wire
    const energies = cdr.charging_periods.map((period: any) => period.dimensions[0].volume);
    expect(energies.reduce((sum: number, volume: number) => sum + volume, 0)).toBeCloseTo(energyKwh, 9);
    expect(cdr.total_cost.excl_vat).toBeCloseTo(energyKwh * 0.4 + 0.5, 3);
    expect(cdr.total_cost.incl_vat).toBeCloseTo((energyKwh * 0.4 + 0.5) * 1.21, 3);
    expect(puts.at(-1).kwh).toBe(cdr.total_energy);
    expect(cdr.session_id).toBe(puts[0].id);
  });

  test("sees the same whoever was away in between: partner, controller, charge point", async () => {
    const rig = await registered();
    await rig.site.connectAll();
    await rig.site.plugIn("one");
    await rig.run(900);
    rig.partner.broken = { http: 503, raw: "" };
    await rig.run(1_200);
    expect(rig.upstream.status()[0]!.pending).toBeGreaterThan(0);
    await rig.restart();
    await rig.site.connectAll();
    await rig.run(600);
    await rig.site.disconnect("one");
    await rig.run(60);
    await rig.site.connect("one");
    await rig.site.unplug("one");
    await rig.run(60);
    expect(bodies(rig.partner.received, "POST", "cdrs").length).toBe(0);
    rig.partner.broken = undefined;
    const before = rig.partner.received.length;
    await rig.run(700);
    const after = rig.partner.received.slice(before);
    // The state of now, not a replay of what was missed.
    expect(bodies(after, "PUT", "sessions")).toMatchObject([{ status: "COMPLETED" }]);
    const [cdr, ...more] = bodies(after, "POST", "cdrs");
    expect(more).toEqual([]);
    const { meterStartWh, meterStopWh } = rig.site.controller.state().sessions.ended[0]!;
    expect(cdr.total_energy).toBeCloseTo((meterStopWh! - meterStartWh!) / 1000, 9);
    expect(rig.upstream.status()[0]!.pending).toBe(0);
    await rig.restart();
    await rig.run(120);
    expect(bodies(rig.partner.received.slice(before), "POST", "cdrs")).toHaveLength(1);
  });

  test("a record that is refused is kept and said, comes again on demand and with a changed registration, and then no more", async () => {
    const rig = await registered();
    let code = 2001;
    rig.partner.handlers.push(({ path, method }) =>
      method === "POST" && path.endsWith("/cdrs")
        ? { code, headers: { location: "https://x.example/cdrs/1" } }
        : undefined,
    );
    await rig.site.connectAll();
    for (const id of ["one", "two"]) {
      await rig.site.plugIn(id);
      await rig.run(60);
      await rig.site.unplug(id);
      await rig.run(60);
    }
    const cdrs = () => bodies(rig.partner.received, "POST", "cdrs");
    expect(cdrs()).toHaveLength(2);
    expect(rig.upstream.status()[0]).toMatchObject({
      pending: 0,
      refusedRecords: 2,
      refusedReason: "HTTP 200, OCPI 2001",
    });
    await rig.partner.discover(rig.versionsUrl);
    expect((await rig.partner.call("GET", rig.partner.endpoint("cdrs"))).body.data).toHaveLength(2);
    await rig.cutPower();
    await rig.run(30);
    expect(cdrs()).toHaveLength(2);
    expect((await rig.upstream.send("emsp")).message).toContain("2 of them records that it refused before");
    await rig.run(5);
    expect(cdrs()).toHaveLength(4);
    expect(rig.upstream.status()[0]!.refusedRecords).toBe(2);
    code = 1000;
    expect(await rig.upstream.update("emsp")).toMatchObject({ ok: true });
    await rig.run(5);
    expect(cdrs().slice(4)).toEqual(cdrs().slice(0, 2));
    expect(rig.upstream.status()[0]!.refusedRecords).toBe(0);
    expect(rig.site.facts("cdr-delivered").at(-1)).toMatchObject({
      data: { taken: true, url: "https://x.example/cdrs/1" },
    });
    await rig.upstream.send("emsp");
    await rig.upstream.update("emsp");
    await rig.run(5);
    expect(cdrs()).toHaveLength(6);
  });

  test("an end is told once, when the books are closed; a status only when it is another; tariffs with their own date", async () => {
    const rig = await registered();
    await rig.site.connectAll();
    await rig.site.plugIn("one");
    await rig.run(700);
    await rig.site.unplug("one");
    await rig.partner.discover(rig.versionsUrl);
    const list = `${rig.partner.endpoint("sessions", "SENDER")}?date_from=2020-01-01T00:00:00Z`;
    expect((await rig.partner.call("GET", list)).body.data).toMatchObject([{ status: "ACTIVE" }]);
    await rig.run(200);
    const puts = bodies(rig.partner.received, "PUT", "sessions");
    expect(puts.filter(({ status }) => status === "COMPLETED")).toHaveLength(1);
    const [listed] = (await rig.partner.call("GET", list)).body.data;
    expect(listed).toEqual(puts.at(-1));
    const [cdr] = bodies(rig.partner.received, "POST", "cdrs");
    expect(cdr.tariffs[0].last_updated).toBe(bodies(rig.partner.received, "PUT", "tariffs")[0].last_updated);
    const statuses = rig.partner.received
      .filter(({ method, path }) => method === "PATCH" && path.endsWith("/one"))
      .map(({ body }) => (body as { status: string }).status);
    expect(statuses.some((status, index) => status === statuses[index + 1])).toBe(false);
  });

  test("after an answer that never came the whole session follows, so no period counts twice", async () => {
    const rig = await registered();
    await rig.site.connectAll();
    await rig.site.plugIn("one");
    await rig.run(1_000);
    // It takes the message, but its answer is lost.
    let lost = 0;
    rig.partner.handlers.push(({ method, path }) =>
      method === "PATCH" && path.includes("/sessions/") && lost++ === 0 ? { http: 502, raw: "" } : undefined,
    );
    await rig.run(1_000);
    expect(lost).toBe(1);
    const messages = rig.partner.received.filter(({ path }) => path.includes("/sessions/"));
    const failed = messages.findLastIndex(({ method }) => method === "PATCH");
    const periods = (messages[failed + 1]!.body as { charging_periods: unknown[] }).charging_periods;
    expect(messages[failed + 1]!.method).toBe("PUT");
    expect(periods.length).toBeGreaterThan(1);
  });

  test("a record that was heard does not come again after a power cut", async () => {
    const rig = await registered();
    await rig.site.connectAll();
    await rig.site.plugIn("one");
    await rig.run(60);
    await rig.site.unplug("one");
    await rig.run(60);
    expect(bodies(rig.partner.received, "POST", "cdrs")).toHaveLength(1);
    await rig.cutPower();
    await rig.run(60);
    expect(bodies(rig.partner.received, "POST", "cdrs")).toHaveLength(1);
  });

  test("carries the meter's signature in the record, byte for byte", async () => {
    const rig = await registered();
    await rig.site.connectAll();
    await rig.site.plugIn("one");
    const record = (reading: string) => `OCMF|{"PG":"T1","RD":[{"RV":${reading}}]}|{"SD":"30450220"}`;
    const sign = (atMs: number, reading: string) =>
      rig.site.controller.handle({
        type: "signed-metered",
        chargePointId: "cp-one",
        connector: 1,
        transactionId: 1,
        values: [
          {
            atMs,
            atEdge: true,
            timestamp: new Date(atMs).toISOString(),
            sampledValue: JSON.stringify({ value: record(reading), format: "SignedData" }),
          },
        ],
      });
    await sign(rig.site.clock.wallMs(), "100.0");
    await rig.run(300);
    await sign(rig.site.clock.wallMs(), "101.0");
    await rig.site.unplug("one");
    await rig.run(30);
    const [cdr] = bodies(rig.partner.received, "POST", "cdrs");
    fits(CdrSchema("2.2.1"), cdr);
    expect(cdr.signed_data.encoding_method).toBe("OCMF");
    const values = cdr.signed_data.signed_values as { nature: string; signed_data: string; plain_data: string }[];
    expect(values.map(({ nature }) => nature)).toEqual(["Start", "End"]);
    expect(values.map((value) => Buffer.from(value.signed_data, "base64").toString())).toEqual([
      record("100.0"),
      record("101.0"),
    ]);
    expect(values[1]!.plain_data).toContain('"RV":101.0');
  });

  test("has the meter's signature checked, with the key of the configuration, of the charge point or of the record", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "secp256k1" });
    const key = publicKey.export({ format: "der", type: "spki" });
    const record = (payload: string) => {
      const SD = cryptoSign("sha256", Buffer.from(payload), privateKey).toString("hex");
      return `OCMF|${payload}|${JSON.stringify({ SA: "ECDSA-secp256k1-SHA256", SD })}`;
    };
    const payload = (wh: number) => `{"PG":"T1","RD":[{"RV":${wh},"RU":"Wh","ST":"G"}]}`;
    const evses = [{ id: "one", meterPublicKey: key.toString("hex") }];
    const rig = await registered({ upstream: { ...UPSTREAM, evses } });
    await rig.site.connectAll();
    const settings = { "MeterPublicKey[1]": key.toString("base64") };
    await rig.site.controller.handle({ type: "probed", chargePointId: "cp-two", rateUnit: "A", settings });
    const charge = async (evse: string, transactionId: number, texts: readonly string[]) => {
      await rig.site.plugIn(evse);
      for (const text of texts) {
        const atMs = rig.site.clock.wallMs();
        const sampledValue = JSON.stringify({ value: text, format: "SignedData" });
        const values = [{ atMs, atEdge: true, timestamp: new Date(atMs).toISOString(), sampledValue }];
        const from = { chargePointId: `cp-${evse}`, connector: 1, transactionId };
        await rig.site.controller.handle({ type: "signed-metered", ...from, values });
        await rig.run(10);
      }
      await rig.site.unplug(evse);
      await rig.run(30);
    };
    await charge("one", 1, [record(payload(1_000)), record(payload(1_500))]);
    await charge("two", 2, [record(payload(2_000)), record(payload(2_500)).replace("2500", "2400")]);
    const inRecord = {
      signedMeterData: record(payload(3_000)),
      encodingMethod: "OCMF",
      publicKey: key.toString("base64"),
    };
    await rig.site.controller.handle({ type: "probed", chargePointId: "cp-two", rateUnit: "W", settings: {} });
    await charge("two", 3, [JSON.stringify(inRecord)]);
    expect(
      rig.site.facts("signed-values-checked").map(({ data }) => [data.verdict, data.keyFrom, data.signedWh]),
    ).toEqual([
      ["valid", "site.yaml", 500],
      ["invalid", "charge-point", 400],
      ["valid", "charge-point", undefined],
    ]);
    const cdrs = bodies(rig.partner.received, "POST", "cdrs");
    expect(cdrs.map(({ signed_data }) => signed_data.public_key)).toEqual(Array(3).fill(key.toString("base64")));
    // What is wrong is passed on as it is.
    const last = Buffer.from(cdrs[1].signed_data.signed_values.at(-1).signed_data, "base64").toString();
    expect(last).toContain('"RV":2400');
  });

  test("is sent every name, with nulls, where it wants them", async () => {
    const rig = await registered({ configuration: { sees: "all", quirks: ["explicit-nulls"] } });
    await rig.site.connectAll();
    await rig.site.plugIn("one");
    await rig.run(5);
    const [session] = bodies(rig.partner.received, "PUT", "sessions");
    expect(session.end_date_time).toBeNull();
    expect(session.authorization_reference).toBeNull();
  });

  test("a partner that takes no PATCH is sent whole sessions", async () => {
    const rig = await registered({ configuration: { sees: "all", quirks: ["put-only"] } });
    await oneHour(rig);
    expect(bodies(rig.partner.received, "PATCH", "sessions")).toEqual([]);
    expect(bodies(rig.partner.received, "PUT", "sessions").length).toBeGreaterThanOrEqual(4);
  });

  test("a PATCH that is refused is followed by the whole session", async () => {
    const rig = await registered();
    rig.partner.handlers.push(({ method }) => (method === "PATCH" ? { code: 2000 } : undefined));
    await oneHour(rig);
    expect(bodies(rig.partner.received, "PUT", "sessions").length).toBeGreaterThanOrEqual(4);
    expect(rig.upstream.status()[0]!.pending).toBe(0);
  });

  test("reads lists by the page, from a date, and only what it may see", async () => {
    const rig = await registered();
    await rig.site.connectAll();
    for (let count = 0; count < 3; count++) {
      await rig.site.plugIn("one");
      await rig.run(20);
      await rig.site.unplug("one");
      await rig.run(20);
    }
    await rig.partner.discover(rig.versionsUrl);
    const url = rig.partner.endpoint("cdrs");
    const first = await rig.partner.call("GET", `${url}?limit=2`);
    expect(first.body.data).toHaveLength(2);
    expect(first.headers["x-total-count"]).toBe("3");
    const next = /<(.+)>; rel="next"/.exec(first.headers.link!)![1]!;
    const second = await rig.partner.call("GET", next);
    expect(second.body.data).toHaveLength(1);
    expect(second.headers.link).toBeUndefined();
    expect(new Set([...first.body.data, ...second.body.data].map(({ id }) => id)).size).toBe(3);
    const sessions = rig.partner.endpoint("sessions", "SENDER");
    expect((await rig.partner.call("GET", sessions)).body.status_code).toBe(2001);
    expect((await rig.partner.call("GET", `${sessions}?date_from=2020-01-01T00:00:00Z`)).body.data).toHaveLength(3);
    expect((await rig.partner.call("GET", `${sessions}?date_from=2099-01-01T00:00:00Z`)).body.data).toEqual([]);
    expect((await rig.partner.call("GET", `${sessions}?date_from=yesterday`)).body.status_code).toBe(2001);
  });

  test("whose drivers these are not sees nothing of them", async () => {
    const rig = await registered({ configuration: { sees: "own" } });
    await rig.site.connectAll();
    await rig.site.plugIn("one");
    await rig.run(60);
    await rig.site.unplug("one");
    await rig.run(60);
    await rig.partner.discover(rig.versionsUrl);
    const sessions = `${rig.partner.endpoint("sessions", "SENDER")}?date_from=2020-01-01T00:00:00Z`;
    expect((await rig.partner.call("GET", sessions)).body.data).toEqual([]);
    expect((await rig.partner.call("GET", rig.partner.endpoint("cdrs"))).body.data).toEqual([]);
    expect(bodies(rig.partner.received, "POST", "cdrs")).toEqual([]);
  });

  test("reads of the place what AFIR wants in 2.3.0, where it is configured, and nothing of it otherwise", async () => {
    const place = {
      id: "P1",
      vehicleTypes: ["PERSONAL_VEHICLE", "DISABLED"],
      restrictedToType: false,
      reservationRequired: false,
      maxVehicleHeightCm: 210,
      roofed: true,
      images: [{ url: "https://site.example/p1.jpeg", type: "jpeg" }],
    };
    const location = {
      ...UPSTREAM.location,
      helpPhone: "+31 30 1234567",
      parkingPlaces: [place],
      acceptedServiceProviders: ["Test"],
    };
    const evses = [
      {
        id: "one",
        parking: [{ place: "P1", position: "LEFT" }],
        parkingRestrictions: ["DISABLED"],
        floorLevel: "-1",
        plugAndCharge: ["ISO_15118_2_PLUG_AND_CHARGE"],
      },
    ];
    const tariffs = [{ ...UPSTREAM.tariffs[0], untaxed: true, maxPrice: 50, maxPriceInclVat: 60 }];
    const upstream = { ...UPSTREAM, location, evses, tariffs };
    const newer = await registered({ partner: { version: "2.3.0" }, upstream });
    const [object] = bodies(newer.partner.received, "PUT", "locations");
    fits(LocationSchema("2.3.0"), object);
    expect(object).toMatchObject({
      help_phone: "+31 30 1234567",
      parking_places: [
        {
          id: "P1",
          max_vehicle_height: 210,
          roofed: true,
          vehicle_types: ["PERSONAL_VEHICLE", "DISABLED"],
          images: [{ category: "LOCATION", type: "jpeg" }],
        },
      ],
    });
    expect(object.evses[0]).toMatchObject({
      parking: [{ parking_id: "P1", evse_position: "LEFT" }],
      parking_restrictions: ["DISABLED"],
      floor_level: "-1",
      accepted_service_providers: ["Test"],
      connectors: [{ capabilities: ["ISO_15118_2_PLUG_AND_CHARGE"] }],
    });
    const [tariff] = bodies(newer.partner.received, "PUT", "tariffs");
    fits(TariffSchema("2.3.0"), tariff);
    expect(tariff).toMatchObject({ tax_included: "N/A", max_price: { before_taxes: 50, after_taxes: 60 } });
    const older = await registered({ upstream });
    const text = JSON.stringify(bodies(older.partner.received, "PUT", "locations")[0]);
    for (const name of ["help_phone", "parking_places", '"parking"', "accepted_service_providers", "PLUG_AND_CHARGE"])
      expect(text).not.toContain(name);
    expect(bodies(older.partner.received, "PUT", "tariffs")[0].max_price).toEqual({ excl_vat: 50, incl_vat: 60 });
    const bare = await registered({ partner: { version: "2.3.0" } });
    expect(Object.keys(bodies(bare.partner.received, "PUT", "locations")[0])).not.toContain("parking_places");
    expect(Object.keys(bodies(bare.partner.received, "PUT", "locations")[0].evses[0])).not.toContain("parking");
  });

  test("on 2.3.0 reads prices with their taxes", async () => {
    const rig = await registered({ partner: { version: "2.3.0" } });
    await rig.site.connectAll();
    await rig.site.plugIn("one");
    await rig.run(600);
    await rig.site.unplug("one");
    await rig.run(30);
    const [cdr] = bodies(rig.partner.received, "POST", "cdrs");
    fits(CdrSchema("2.3.0"), cdr);
    expect(cdr.total_cost.taxes[0]).toMatchObject({ name: "VAT" });
    fits(TariffSchema("2.3.0"), bodies(rig.partner.received, "PUT", "tariffs")[0]);
    fits(LocationSchema("2.3.0"), bodies(rig.partner.received, "PUT", "locations")[0]);
    fits(SessionSchema("2.3.0"), bodies(rig.partner.received, "PUT", "sessions").at(-1));
  });
});

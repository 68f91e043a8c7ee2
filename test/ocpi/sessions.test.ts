import { describe, expect, test } from "vitest";
import { CdrSchema, EvseSchema, LocationSchema, SessionSchema, TariffSchema } from "../../src/ocpi/schemas/objects.ts";
import { bodies, fits, oneHour, registered, UPSTREAM } from "./sessions-rig.ts";

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

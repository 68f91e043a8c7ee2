/** One record of each session: it comes once, is kept where it is refused, and bears the meter's signature. */
import { sign as cryptoSign, generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { CdrSchema } from "../../src/ocpi/schemas/objects.ts";
import { bodies, fits, registered, UPSTREAM } from "./sessions-rig.ts";

describe("the record of a session", () => {
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
});

import { describe, expect, it } from "vitest";
import fc from "../../test/fast-check.ts";
import { resultOf } from "./outbound.ts";
import { setUp } from "./setup.ts";

type Asked = { readonly action: string; readonly payload: Readonly<Record<string, unknown>> };

/** A 1.6 charge point with these settings, of which those in `fixed` cannot be changed. */
function chargePoint(settings: Record<string, string>, fixed: readonly string[] = []) {
  const asked: Asked[] = [];
  const ask = async (action: string, payload: Readonly<Record<string, unknown>>) => {
    asked.push({ action, payload });
    if (action === "GetConfiguration")
      return { configurationKey: Object.entries(settings).map(([key, value]) => ({ key, value, readonly: false })) };
    const { key, value } = payload as { key: string; value: string };
    if (fixed.includes(key)) return { status: "Rejected" };
    settings[key] = value;
    return { status: "Accepted" };
  };
  return { settings, asked, ask };
}

describe("the setup of a charge point", () => {
  it("writes nothing where it reports well already", async () => {
    const good = {
      MeterValueSampleInterval: "10",
      MeterValuesSampledData: "Current.Import,Power.Active.Import,Energy.Active.Import.Register",
      ChargingScheduleAllowedChargingRateUnit: "Current,Power",
    };
    const { asked, ask } = chargePoint({ ...good });
    expect(await setUp("1.6", ask)).toMatchObject({ rateUnit: "A", meterIntervalS: 10, settings: good });
    expect(asked.map(({ action }) => action)).toEqual(["GetConfiguration"]);
  });

  it("asks for less, and less often, until it is taken", async () => {
    const { settings, ask } = chargePoint({ MeterValueSampleInterval: "900", MeterValuesSampledData: "Voltage" });
    const probed = await setUp("1.6", ask);
    expect(settings.MeterValueSampleInterval).toBe("10");
    expect(probed.settings.MeterValuesSampledData).toContain("Current.Import");
    const stubborn = chargePoint({ MeterValueSampleInterval: "900" }, ["MeterValueSampleInterval"]);
    expect((await setUp("1.6", stubborn.ask)).meterIntervalS).toBe(900);
    expect(stubborn.asked).toHaveLength(4);
  });

  it("keeps no more than it asked for, however much is answered", async () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`Vendor${n}`, "x".repeat(500)]));
    const { settings } = await setUp("1.6", chargePoint({ ...many, ChargeProfileMaxStackLevel: "8" }).ask);
    expect(settings).toEqual({ ChargeProfileMaxStackLevel: "8" });
  });

  it.each(["1.6", "2.0.1"] as const)("survives any answer of OCPP %s", async (version) => {
    const key = fc.constantFrom("ChargeProfileMaxStackLevel", "ChargingScheduleMaxPeriods", "__proto__", "constructor");
    const entry = fc.record({ key, value: fc.oneof(fc.string(), fc.constant("1e300"), fc.integer().map(String)) });
    const result = fc.record({
      attributeStatus: fc.constant("Accepted"),
      attributeValue: fc.string(),
      component: fc.record({ name: fc.constantFrom("SmartChargingCtrlr", "__proto__") }),
      variable: fc.record({ name: fc.constantFrom("RateUnit", "ProfileStackLevel", "PeriodsPerSchedule") }),
    });
    const answer = fc.oneof(
      fc.jsonValue(),
      fc.record({ configurationKey: fc.array(entry) }),
      fc.record({ getVariableResult: fc.array(result) }),
      fc.record({ status: fc.constantFrom("Accepted", "Rejected", "constructor") }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 9 }), async (answers) => {
        let calls = 0;
        const probed = await setUp(version, async () => answers[calls++ % answers.length]);
        expect(calls).toBeLessThan(10);
        expect(JSON.stringify(probed).length).toBeLessThan(6_000);
        for (const number of [probed.maxPeriods, probed.maxStackLevel, probed.meterIntervalS])
          expect(number === undefined || Number.isSafeInteger(number)).toBe(true);
        expect(resultOf("set-limit", answers[0]).detail.length).toBeLessThan(200);
      }),
      { numRuns: Number(process.env.RUNS ?? 500) },
    );
  });
});

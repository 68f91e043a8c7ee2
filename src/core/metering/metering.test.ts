import { describe, expect, it } from "vitest";
import fc from "../../../test/fast-check.ts";
import { chargePoint, homeConfiguration, NOON_MS } from "../site/site.test-kit.ts";
import { slotStartMs } from "../time/slots.ts";
import { MeteredSite } from "./metering.test-kit.ts";

describe("whatever happens to clocks, registers and the controller", () => {
  const event = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant("charge" as const), seconds: fc.integer({ min: 1, max: 1200 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("restart" as const), seconds: fc.integer({ min: 0, max: 7200 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("clock" as const), seconds: fc.integer({ min: -4000, max: 4000 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("silent" as const), seconds: fc.integer({ min: 1, max: 1200 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("pause" as const), seconds: fc.integer({ min: 11, max: 4000 }) }),
    },
  );

  it("the quarter-hours of a transaction add up to the difference of its registers", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), fc.integer({ min: 0, max: 11_000 }), (events, powerW) => {
        const site = new MeteredSite(homeConfiguration({ chargePoints: [chargePoint("garage")] }));
        site.plugIn(1000);
        let drawnWh = 0;
        let registerWh = 1000;
        const charge = (seconds: number, answers: boolean) => {
          drawnWh += (powerW * seconds) / 3600;
          registerWh = 1000 + Math.floor(drawnWh * 10) / 10;
          site.evse = answers ? { powerW, energyWh: registerWh } : { powerW };
        };
        for (const { kind, seconds } of events) {
          if (kind === "clock") site.nowMs += seconds * 1000;
          else if (kind === "restart") {
            charge(seconds, true);
            site.nowMs += seconds * 1000;
            site.restart();
          } else if (kind === "pause") {
            charge(seconds, true);
            site.tick(seconds * 1000);
          } else {
            for (let passed = 0; passed < seconds; passed += 10) {
              charge(10, kind === "charge");
              site.tick(10_000);
            }
          }
        }
        site.nowMs = Math.max(site.nowMs, NOON_MS);
        site.unplug(registerWh);
        site.run(3000);
        const { energyWh, quarterHours, meterStopWh } = site.session;
        expect(meterStopWh).toBe(registerWh);
        expect(energyWh).toBeCloseTo(registerWh - 1000, 6);
        expect(quarterHours.reduce((sum, quarterHour) => sum + quarterHour.energyWh, 0)).toBeCloseTo(energyWh, 2);
        // Rounding may be taken back at the end, a watt-hour for each quarter-hour; energy that was counted twice not.
        for (const quarterHour of quarterHours)
          expect(quarterHour.energyWh).toBeGreaterThanOrEqual(-quarterHours.length);
        expect(quarterHours.every(({ slotStartMs: at }) => at === slotStartMs(at))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

/** A building's energy management gives the cars a budget: they stay within it together, and it is said why. */
import { expect, test } from "vitest";
import { SiteRig } from "./site-rig.ts";

const MINUTE = 60_000;

test("the cars share a budget of power and energy, stay below it at every second, and charge on when it ends", async () => {
  const rig = new SiteRig({ stalls: [{ id: "one" }, { id: "two" }], fuseA: 63 });
  await rig.connectAll();
  await rig.plugIn("one");
  await rig.plugIn("two");
  await rig.run(120);
  const carsW = () => ["one", "two"].flatMap((id) => [...rig.wired.evseCurrentA(id)]).reduce((a, b) => a + b, 0) * 230;
  expect(carsW()).toBeGreaterThan(20_000);
  const now = rig.clock.wallMs();
  const slots = [
    { startMs: now, endMs: now + 10 * MINUTE, powerW: 12_000 },
    { startMs: now + 10 * MINUTE, endMs: now + 20 * MINUTE, energyWh: 1_000 },
  ];
  await rig.controller.record([{ type: "budget-received", source: "bems", data: { by: "bems", slots } }]);
  await rig.run(20);
  let mostW = 0;
  await rig.run(570, () => {
    mostW = Math.max(mostW, carsW());
  });
  expect(mostW).toBeLessThanOrEqual(12_000);
  expect(mostW).toBeGreaterThan(8_000);
  expect(rig.controller.live().budget).toMatchObject({ limitW: 12_000, by: "bems" });
  expect(rig.reason("one").kind === "contract" || rig.reason("two").kind === "contract").toBe(true);
  await rig.run(30);
  let wattSeconds = 0;
  await rig.run(560, () => {
    wattSeconds += carsW();
  });
  // 1 kWh in ten minutes, of which the first seconds are not counted here.
  expect(wattSeconds / 3_600).toBeLessThanOrEqual(1_000);
  expect(wattSeconds / 3_600).toBeGreaterThan(500);
  // 6 kW are one car's at a time; the other is not told that the grid operator keeps it waiting.
  expect(rig.controller.live().evses.map(({ because }) => because)).toContain(
    "0 A: paused, a budget of 6.0 kW for all cars (BEMS) leaves less than the car's minimum",
  );
  await rig.run(180);
  expect(rig.controller.live().budget).toBeUndefined();
  expect(carsW()).toBeGreaterThan(20_000);
});

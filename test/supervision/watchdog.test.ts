import { expect, test } from "vitest";
import { SiteRig } from "../site-rig.ts";

async function chargingSite(): Promise<SiteRig> {
  const rig = new SiteRig({ stalls: [{ id: "a" }] });
  await rig.connectAll();
  await rig.run(10);
  await rig.plugIn("a");
  return rig;
}

test("the watchdog is fed by completed ticks: one that breaks off is a defect, and none", async () => {
  const rig = await chargingSite();
  const before = rig.completedTicks;
  await rig.run(5);
  expect(rig.completedTicks).toBe(before + 5);
  rig.tickBreaks = true;
  await expect(rig.run(1)).rejects.toThrow("breaks off");
  expect(rig.completedTicks).toBe(before + 5);
  rig.tickBreaks = false;
  await rig.run(1);
  expect(rig.completedTicks).toBe(before + 6);
});

test("a disk that hangs does not keep ticks from being completed: the guard works without it", async () => {
  const rig = await chargingSite();
  rig.ledger.hold();
  const before = rig.completedTicks;
  await rig.run(30);
  expect(rig.completedTicks).toBeGreaterThanOrEqual(before + 15);
  rig.ledger.letGo();
});

/** A grid meter that is wired wrong, from the first car to the sentence on the page. */
import { expect, test } from "vitest";
import type { MeterReading } from "../src/core/image.ts";
import { SiteRig } from "./site-rig.ts";

const turned = (reading: MeterReading): MeterReading => ({
  ...reading,
  powerW: -reading.powerW,
  currentA: [-reading.currentA![0], -reading.currentA![1], -reading.currentA![2]],
});
const swapped = (reading: MeterReading): MeterReading => ({
  ...reading,
  currentA: [reading.currentA![1], reading.currentA![0], reading.currentA![2]],
});

async function comeAndGo(rig: SiteRig, times: number, phases: 1 | 3): Promise<void> {
  for (let time = 0; time < times; time++) {
    await rig.plugIn("a", { phases });
    await rig.run(90);
    await rig.unplug("a");
    await rig.run(60);
  }
}

async function site(): Promise<SiteRig> {
  const rig = new SiteRig({ stalls: [{ id: "a" }] });
  await rig.connectAll();
  await rig.run(60);
  return rig;
}

test("a meter that is turned round is found out, said, not believed by guard and books, also after a restart", async () => {
  const rig = await site();
  rig.lie = turned;
  await comeAndGo(rig, 3, 3);
  expect(rig.facts("meter-doubted").map(({ data }) => data)).toContainEqual({
    deviceId: "grid-meter",
    kind: "turned",
    active: true,
  });
  await rig.plugIn("a");
  await rig.run(60);
  const live = rig.controller.live();
  expect(rig.limitA("a")).toBe(6);
  expect(live.mode.word).toBe("safe");
  expect(live.mode.text).toContain("grid-meter counts the wrong way round: cars show as export.");
  expect(live.mode.text).toContain("Change `invert` of it in site.yaml");
  expect(live.evses[0]!.because).toBe(
    "safe current 6 A: the values of grid-meter cannot be used; power returns slowly when this is put right",
  );
  expect(live.flow.gridW).toBeUndefined();
  expect(live.devices[0]).toMatchObject({ quality: "absent", doubts: [expect.stringContaining("wrong way round")] });
  rig.restart();
  await rig.connectAll();
  await rig.run(60);
  expect(rig.limitA("a")).toBe(6);
  await rig.run(1800);
  const quarterHours = rig.facts("quarter-hour-metered");
  expect(quarterHours.length).toBeGreaterThan(1);
  expect(quarterHours.at(-1)!.data.importWh).toBeUndefined();
  expect(rig.facts("meter-doubted").filter(({ data }) => data.kind === "turned")).toHaveLength(1);
});

test("phases that are exchanged are said with both of their possible places, and charging goes on", async () => {
  const rig = await site();
  rig.lie = swapped;
  await comeAndGo(rig, 3, 1);
  await rig.plugIn("a", { phases: 1 });
  await rig.run(120);
  expect(rig.controller.live().mode.text).toContain(
    "L1 and L2 seem to be exchanged at grid-meter or at a: cars at a show on L2 instead of L1. Correct the wires, or `phases` in site.yaml; until then these cars count on all phases.",
  );
  expect(rig.limitA("a")).toBe(16);
});

test("a spike that no fuse would have borne sheds nobody, and a meter that goes on like this is lost", async () => {
  const rig = await site();
  await rig.plugIn("a");
  await rig.run(120);
  expect(rig.limitA("a")).toBe(16);
  const honest = rig.lie;
  for (const currentA of [
    [Number.NaN, 5, 5],
    [6553.5, 5, 5],
    [-32_768, 5, 5],
  ] as const) {
    rig.lie = (reading) => ({ ...reading, currentA });
    await rig.run(2);
    rig.lie = honest;
    await rig.run(5);
    expect(rig.limitA("a")).toBe(16);
  }
  expect(rig.facts("guard-intervened")).toEqual([]);
  rig.lie = (reading) => ({ ...reading, powerW: Number.NaN });
  await rig.run(20);
  expect(rig.limitA("a")).toBe(6);
  expect(rig.controller.live().mode.text).toContain("a power of NaN W behind a fuse of 63 A");
});

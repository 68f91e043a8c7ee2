import { expect, test } from "vitest";
import { siteOf } from "../../core/control/site.test-kit.ts";
import type { MeterReading } from "../../core/image.ts";
import { sitePowers } from "../../core/site/site-powers.ts";
import type { ConnectorStatus } from "../../core/state/charge-points.ts";
import { initialState } from "../../core/state/state.ts";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import { tapeSamples } from "../recording/tape-samples.ts";
import { createImageStore } from "./image-store.ts";
import { untoldCars } from "./untold-cars.ts";

const site = siteOf({ evses: [{ id: "a", phases: ["L2"] }, { id: "b" }] });
const prices = { importEurPerKwh: () => undefined, exportEurPerKwh: () => undefined };

function watched(onRecord: readonly string[] = []) {
  const clock = new VirtualClock(Date.UTC(2026, 5, 10, 12));
  const store = createImageStore(site, clock, prices, () => {});
  const untold = untoldCars({ site, clock, isOnRecord: (id) => onRecord.includes(id), tell: store.untoldCar });
  return { clock, store, untold, thereAt: () => [...store.freeze().untoldCars!.keys()] };
}
const start = (chargePointId: string, replayed = false) =>
  ({
    type: "transaction-started",
    chargePointId,
    connector: 1,
    atMs: 0,
    replayed,
  }) as const;
const end = { type: "transaction-ended", chargePointId: "cp-a", atMs: 0, reason: "Local", replayed: false } as const;

test("a car that starts while the disk hangs may be there until the disk has taken it, for however long", async () => {
  const { clock, untold, thereAt } = watched();
  const told = untold(start("cp-a"), []);
  await clock.advance(400);
  expect(thereAt()).toEqual([]);
  await clock.advance(60_000);
  expect(thereAt()).toEqual(["a"]);
  await clock.advance(3_600_000);
  expect(thereAt()).toEqual(["a"]);
  told();
  expect(thereAt()).toEqual([]);
});

test("whose end the disk does not take may be followed by a car that nobody can tell of", async () => {
  const { clock, untold, thereAt } = watched();
  const told = untold(end, ["b"]);
  await clock.advance(9_000);
  expect(thereAt()).toEqual([]);
  await clock.advance(2_000);
  expect(thereAt()).toEqual(["b"]);
  told();
  expect(thereAt()).toEqual([]);
});

test("whose end the disk refuses may be followed by such a car as well, until the end that is told again is taken", async () => {
  const { clock, untold, thereAt } = watched();
  untold(end, ["b"])(false);
  await clock.advance(11_000);
  expect(thereAt()).toEqual(["b"]);
  untold(end, ["b"])(false);
  await clock.advance(60_000);
  expect(thereAt()).toEqual(["b"]);
  untold(end, ["b"])(true);
  expect(thereAt()).toEqual([]);
  await clock.advance(60_000);
  expect(thereAt()).toEqual([]);
});

test("a car whose start the disk refuses may be there until a start at its EVSE is taken; its status says nothing of that", async () => {
  const { clock, untold, thereAt } = watched();
  untold(start("cp-b"), [])(false);
  await clock.advance(1_000);
  untold(status("charging"), [])(true);
  expect(thereAt()).toEqual(["b"]);
  untold(start("cp-b"), [])(true);
  expect(thereAt()).toEqual([]);
});

const status = (status: ConnectorStatus) => ({ type: "status", chargePointId: "cp-b", connector: 1, status }) as const;

test("a cable that is plugged in while the disk hangs may belong to a car that charges a moment later", async () => {
  const { clock, untold, thereAt } = watched();
  const told = untold(status("preparing"), []);
  await clock.advance(9_000);
  expect(thereAt()).toEqual([]);
  await clock.advance(2_000);
  expect(thereAt()).toEqual(["b"]);
  const toldToo = untold(status("charging"), []);
  await clock.advance(1_000);
  told();
  expect(thereAt()).toEqual(["b"]);
  toldToo();
  expect(thereAt()).toEqual([]);
});

test("the status of an empty EVSE, or of a transaction on record, is of no such car", async () => {
  const { clock, untold, thereAt } = watched(["b"]);
  untold(status("charging"), []);
  untold({ ...status("finishing"), chargePointId: "cp-a" }, []);
  await clock.advance(60_000);
  expect(thereAt()).toEqual([]);
});

test.each([
  ["of long ago", start("cp-a", true)],
  ["at a charge point that nobody knows", start("cp-x")],
])("a start %s is nobody's car", async (_, input) => {
  const { clock, untold, thereAt } = watched();
  untold(input, []);
  await clock.advance(60_000);
  expect(thereAt()).toEqual([]);
});

test("what flowed before such a car came is no reading of it: neither tape nor balance have one, registers stay", async () => {
  const { clock, store, untold } = watched();
  store.evse({ evseId: "b", atMonoMs: clock.monoMs(), currentA: [0, 0, 0], powerW: 0, energyWh: 1234 });
  untold(end, ["b"]);
  await clock.advance(11_000);
  const image = store.freeze();
  expect(image.evses.get("b")).toEqual({ evseId: "b", atMonoMs: 0, energyWh: 1234 });
  expect(tapeSamples(image)).toEqual({ "b.wh": 1234 });
  expect(sitePowers({ site, state: initialState(), image }).evsesW).toBeUndefined();
});

test("a reading that comes while such a car may be there is one", async () => {
  const { clock, store, untold } = watched();
  untold(start("cp-b"), []);
  await clock.advance(1_000);
  store.evse({ evseId: "b", atMonoMs: clock.monoMs(), currentA: [5, 5, 5] });
  expect(store.freeze().evses.get("b")?.currentA).toEqual([5, 5, 5]);
});

test("such a car is no evidence against a meter whose values stand still", async () => {
  const { clock, store, untold } = watched();
  const reading = (): MeterReading => ({
    deviceId: "grid-meter",
    atMonoMs: clock.monoMs(),
    powerW: 690,
    currentA: [1, 1, 1],
  });
  store.meter(reading());
  await clock.advance(6_000);
  store.evse({ evseId: "b", atMonoMs: clock.monoMs(), currentA: [0, 0, 0] });
  store.meter(reading());
  untold(start("cp-b"), []);
  await clock.advance(6_000);
  store.meter(reading());
  expect(store.troubles.has("grid-meter")).toBe(false);
  expect(store.freeze().meters.get("grid-meter")?.atMonoMs).toBe(clock.monoMs());
});

/** Leases of cars that wait: they live longer, as their end gives no more than the safe current. */
import { describe, expect, test } from "vitest";
import type { LimitSchedule } from "../../charge-point-input.ts";
import { watched } from "../checker.test-kit.ts";
import { plan } from "../planned.test-kit.ts";
import type { Plant } from "../plant.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";
import { heldAtStart } from "./held.ts";

function schedulesOf(plant: Plant, evseId: string): { second: number; schedule: LimitSchedule }[] {
  return plant.commands.flatMap(({ second, command }) =>
    command.type === "set-limit" && command.evseId === evseId ? [{ second, schedule: command.schedule }] : [],
  );
}

/** Two cars, one of which the plan lets wait. */
function oneWaits(safeCurrentA = 6) {
  const site = siteOf({ mainFuseA: 40, worstBuildingLoadA: 20, evses: [{ id: "a" }, { id: "b", safeCurrentA }] });
  const watch = watched({ site, building: () => [2, 2, 2] });
  const [a, b] = [watch.plant.plug("a"), watch.plant.plug("b")];
  const letWait = () =>
    plan(watch.plant, [
      { evseId: "a", transactionId: a, currentA: [16, 16, 16, 16] },
      { evseId: "b", transactionId: b, currentA: [0, 0, 0, 0] },
    ]);
  letWait();
  return { ...watch, letWait };
}

/** Seconds between two renewals of an EVSE's limit. */
function gapsOf(plant: Plant, evseId: string, fromS: number): number[] {
  const seconds = schedulesOf(plant, evseId).flatMap(({ second }) => (second > fromS ? [second] : []));
  return seconds.slice(1).map((second, index) => second - seconds[index]!);
}

describe("a car that waits", () => {
  test("has a limit that is renewed three times in ten minutes, and is no sooner at its safe current", () => {
    const { plant, checker, run } = oneWaits();
    run(800);
    expect(plant.limitA("b")).toBe(0);
    expect(gapsOf(plant, "b", 120)).toEqual([200, 200]);
    expect(new Set(gapsOf(plant, "a", 120))).toEqual(new Set([60]));
    const { second, schedule } = schedulesOf(plant, "b").at(-1)!;
    expect(schedule.periods.map(({ currentA }) => currentA)).toEqual([0, 6]);
    plant.second = second + 599;
    expect(plant.offeredA("b")).toBe(0);
    plant.second = second + 600;
    expect(plant.offeredA("b")).toBe(6);
    expect(checker.violations).toEqual([]);
  });

  test("begins at its safe current only after those who charge have come down to theirs, whenever the controller dies", () => {
    const { plant, run } = oneWaits();
    run(300);
    for (let dies = 0; dies < 200; dies++) {
      run(1);
      const { second } = plant;
      for (let later = 0; later <= 600; later += 5) {
        plant.second = second + later;
        expect(plant.offeredA("b") > 0 && plant.offeredA("a") > 6).toBe(false);
      }
      expect(plant.offeredA("b")).toBe(6);
      plant.second = second;
    }
  });

  test("where its charge point sends no meter values its limit is renewed each minute: it could be lost unseen", () => {
    const { plant, run } = oneWaits();
    run(200);
    plant.station("b").fault = { mute: true };
    run(900);
    expect(new Set(gapsOf(plant, "b", 500))).toEqual(new Set([60]));
    expect(schedulesOf(plant, "b").at(-1)!.schedule.periods.at(-1)!.offsetS).toBe(30 + 600);
  });

  test("gets its limit again with the first meter value that shows that it was lost", () => {
    const { plant, run } = oneWaits();
    run(300);
    delete plant.station("b").schedule;
    run(12);
    expect(plant.drawsA("b")).toBe(0);
    expect(plant.offeredA("b")).toBe(0);
  });

  test("that waits at its safe current waits for nothing: an hour, renewed three times", () => {
    const { plant, run, letWait } = oneWaits(0);
    for (let quarter = 0; quarter < 6; quarter++) {
      run(900);
      letWait();
    }
    expect(new Set(gapsOf(plant, "b", 120))).toEqual(new Set([1200]));
    expect(schedulesOf(plant, "b").at(-1)!.schedule.periods.at(-1)).toEqual({ offsetS: 30 + 3600, currentA: 0 });
  });

  test("that is about to wait does so for ten minutes at most when the controller dies before", () => {
    const { plant, run } = watched({ site: siteOf({ evses: [{ id: "a" }] }) });
    const transactionId = plant.plug("a");
    plan(plant, [{ evseId: "a", transactionId, currentA: [6, 0, 16] }]);
    run(300);
    const { second, schedule } = schedulesOf(plant, "a").at(-1)!;
    const atS = 30 + 900 + 10 - second;
    expect(schedule.periods).toEqual([
      { offsetS: 0, currentA: 6 },
      { offsetS: atS, currentA: 0 },
      { offsetS: atS + 600, currentA: 6 },
    ]);
  });
});

test("after a start with a lower safe current, who was at the higher one may be there for an hour", () => {
  const before = watched({ site: siteOf({ evses: [{ id: "a", safeCurrentA: 8 }] }) });
  const transactionId = before.plant.plug("a");
  plan(before.plant, [{ evseId: "a", transactionId, currentA: [8, 8, 8, 8] }]);
  before.run(300);
  expect(before.plant.limitA("a")).toBe(8);
  const { state } = before.plant;
  const [evse] = siteOf({ evses: [{ id: "a", safeCurrentA: 6 }] }).evses;
  const input = { site: before.plant.site, state, image: { ...before.plant.image(), monoMs: 0 } };
  expect(heldAtStart(input, evse!, state.sessions.open[transactionId])).toEqual({
    held: { currentA: 8, untilMonoMs: 3_600_000 },
  });
  expect(heldAtStart(input, before.plant.site.evses[0]!, state.sessions.open[transactionId])).toEqual({});
});

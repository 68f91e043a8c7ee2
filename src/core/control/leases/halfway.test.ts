/** What a limit does by itself while nobody renews it, before it ends: half of the way to the safe current. */
import { describe, expect, test } from "vitest";
import type { LimitSchedule } from "../../charge-point-input.ts";
import { watched } from "../checker.test-kit.ts";
import { heatAfter } from "../circuits/thermal.ts";
import { plan } from "../planned.test-kit.ts";
import type { Plant } from "../plant.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";

function scheduleOf(plant: Plant): LimitSchedule {
  const sent = plant.commands.flatMap(({ command }) => (command.type === "set-limit" ? [command.schedule] : []));
  return sent.at(-1)!;
}

/** One car at its plan's current, for some minutes. */
function charging(currentA: number, safeCurrentA: number, commandDelayS = 1) {
  const site = siteOf({ evses: [{ id: "a", maxCurrentA: 32, safeCurrentA }] });
  const watch = watched({ site, commandDelayS });
  const transactionId = watch.plant.plug("a");
  plan(watch.plant, [{ evseId: "a", transactionId, currentA: [currentA, currentA, currentA] }]);
  watch.run(200);
  return watch;
}

function withoutHalfway({ halfway: _, ...schedule }: LimitSchedule): LimitSchedule {
  return schedule;
}

/** Whether the C breaker of 63 A may open without a controller while the building draws so much. */
function mayOpen(plant: Plant, buildingA: number): boolean {
  const { second } = plant;
  let [heat, hottest] = [0.5, 0.5];
  for (plant.second = second; plant.second < second + 240; plant.second++) {
    const carsA = [...plant.stations.keys()].reduce((sumA, id) => sumA + plant.offeredA(id), 0);
    heat = heatAfter(heat, "C", (buildingA + carsA) / 63, 1);
    hottest = Math.max(hottest, heat);
  }
  plant.second = second;
  return hottest >= 1;
}

describe("while nobody renews it", () => {
  test("a limit goes halfway to the safe current 45 s after the renewal was due, and then all of the way", () => {
    const { plant } = charging(32, 6);
    const { second } = plant.commands.at(-1)!;
    const at = (offsetS: number) => {
      plant.second = second + offsetS;
      return plant.offeredA("a");
    };
    expect([at(104), at(105), at(179), at(180)]).toEqual([32, 19, 19, 6]);
  });

  test("nobody pauses halfway, and who has no way to go has no further period", () => {
    expect(scheduleOf(charging(8, 0).plant).halfway).toEqual({ offsetS: 30 + 105, currentA: 6 });
    expect(scheduleOf(charging(6, 0).plant)).not.toHaveProperty("halfway");
    expect(scheduleOf(charging(0, 6).plant)).not.toHaveProperty("halfway");
  });

  test("a C breaker bears 1.32 times its rating, whenever in the minute the controller dies", () => {
    const evses = [{ id: "a" }, { id: "b" }, { id: "c" }];
    const site = siteOf({ mainFuseA: 63, protection: "C", worstBuildingLoadA: 40, evses });
    const { plant, run } = watched({ site, building: () => [10, 10, 10] });
    for (const { id } of evses) plant.plug(id);
    run(300);
    const worstA = 1.32 * 63 - evses.length * 16;
    const opens = { with: 0, without: 0 };
    for (let minute = 0; minute < 60; minute++) {
      run(1);
      if (mayOpen(plant, worstA)) opens.with++;
      const sent = [...plant.stations.values()].map((station) => ({ station, schedule: station.schedule! }));
      for (const { station, schedule } of sent) station.schedule = withoutHalfway(schedule);
      if (mayOpen(plant, worstA)) opens.without++;
      for (const { station, schedule } of sent) station.schedule = schedule;
    }
    expect(opens.with).toBe(0);
    expect(opens.without).toBeGreaterThan(10);
  });
});

describe("while the controller is well", () => {
  test("no car comes to be halfway, though a renewal is late and a clock is half a minute fast", () => {
    const { plant, run } = charging(32, 6, 14);
    for (let second = 0; second < 900; second++) {
      run(1);
      plant.second += 30;
      expect(plant.offeredA("a")).toBe(32);
      plant.second -= 30;
    }
  });

  test("a charge point that refuses it has its limit without it within seconds, and is not asked again for an hour", () => {
    const { plant, run } = charging(32, 6);
    plant.station("a").fault = { refusesHalfway: true };
    run(75);
    expect(plant.station("a").schedule).not.toHaveProperty("halfway");
    const refusals = () => plant.factsOf("limit-answered").filter(({ data }) => data.answer === "rejected").length;
    expect(refusals()).toBe(1);
    for (let quarter = 0; quarter < 3; quarter++) run(900);
    expect(refusals()).toBe(1);
    run(1200);
    expect(refusals()).toBe(2);
    expect(plant.offeredA("a")).toBeGreaterThan(6);
  });
});

import { describe, expect, test } from "vitest";
import { MOST_SECONDS_OVER, watched } from "../checker.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";
import { REACTION_MS } from "../thresholds.ts";
import { strainOf } from "./thermal.ts";

const REACTION_S = REACTION_MS / 1000;

describe("what an overload is to a protective device", () => {
  const pole = { protection: "B", heat: 0.4, ratio: 1.2, usable: 0.3 } as const;
  test.each([
    ["at its rating there is nothing to say", { ...pole, ratio: 1 }, undefined],
    ["nothing of the curve is configured to be used", { ...pole, usable: 0 }, undefined],
    ["a little above, with its configured part unused", pole, "bears"],
    ["a little above, its configured part used up", { ...pole, heat: 0.75 }, undefined],
    ["so far above that it may open before limits take effect", { ...pole, ratio: 2 }, "opens"],
    ["nearly hot: a little above is enough", { ...pole, heat: 1 }, "opens"],
  ] as const)("%s", (_story, seen, strain) => {
    expect(strainOf(seen, REACTION_S)).toBe(strain);
  });
});

/** Someone cooks: 5 A above what the 32 A fuse has left, for so many seconds from 200 s on. */
function kitchen(usableCurvePercent: number, cooksS: number) {
  const { plant, checker, run } = watched({
    site: siteOf({ mainFuseA: 32, worstBuildingLoadA: 20, usableCurvePercent, evses: [{ id: "a" }] }),
    building: (second) => (second >= 200 && second < 200 + cooksS ? [21, 21, 21] : [14, 14, 14]),
  });
  plant.plug("a");
  run(199);
  expect(plant.limitA("a")).toBe(16);
  return { plant, checker, run };
}

describe("the configured part of a fuse's curve", () => {
  test("left out, every overload is shed at once", () => {
    const { plant, run } = kitchen(0, 40);
    run(3);
    expect(plant.limitA("a")).toBe(11);
  });

  test("a short overload that the fuse bears interrupts nobody", () => {
    const { plant, run } = kitchen(20, 40);
    run(100);
    const raised = plant.commands.filter(
      ({ second, command }) =>
        second >= 200 && command.type === "set-limit" && command.schedule.periods[0]!.currentA < 16,
    );
    expect(raised).toEqual([]);
    expect(plant.factsOf("guard-intervened")).toEqual([]);
  });

  test("one that stays is shed after a minute", () => {
    const { plant, run } = kitchen(20, 4000);
    run(58);
    expect(plant.limitA("a")).toBe(16);
    run(8);
    expect(plant.limitA("a")).toBe(11);
    run(20);
    expect(plant.trueA("grid")[0]).toBeLessThanOrEqual(32);
  });

  test("no car is given more because of it", () => {
    const { plant, checker, run } = watched({
      site: siteOf({
        mainFuseA: 32,
        worstBuildingLoadA: 15,
        usableCurvePercent: 50,
        evses: [{ id: "a" }, { id: "b" }],
      }),
      building: () => [8, 8, 8],
    });
    plant.plug("a");
    plant.plug("b");
    run(300);
    expect(plant.trueA("grid")[0]).toBeLessThanOrEqual(32);
    checker.steady();
    expect(checker.violations).toEqual([]);
  });
});

describe("a car that does not obey while the breaker may open", () => {
  test("is told once more, and then its transaction is stopped, not after minutes", () => {
    const { plant, run } = watched({
      site: siteOf({ mainFuseA: 25, worstBuildingLoadA: 15, protection: "B", evses: [{ id: "a", maxCurrentA: 32 }] }),
      building: (second) => (second < 100 ? [2, 2, 2] : [22, 22, 22]),
    });
    plant.plug("a");
    run(99);
    plant.station("a").fault = { stubbornA: 22 };
    run(2 * MOST_SECONDS_OVER + 3);
    expect(plant.commands.some(({ command }) => command.type === "stop-transaction")).toBe(true);
    expect(plant.trueA("grid")[0]).toBe(22);
  });
});

test("a car that was lowered by an ampere is not lowered again before it had the time to follow", () => {
  const site = siteOf({ mainFuseA: 40, worstBuildingLoadA: 28, evses: [{ id: "a" }, { id: "b" }] });
  const building = (second: number) => (second <= 300 ? ([7, 7, 7] as const) : ([9.6, 9.6, 9.6] as const));
  const { plant, run } = watched({ site, building, meterEveryS: 1 });
  plant.plug("a", { obeyS: 5 });
  plant.plug("b", { obeyS: 5 });
  run(300);
  expect([plant.drawsA("a"), plant.drawsA("b")]).toEqual([16, 16]);
  run(1);
  expect([plant.limitA("a"), plant.limitA("b")]).toEqual([15, 15]);
  run(4);
  expect([plant.limitA("a"), plant.limitA("b")]).toEqual([15, 15]);
  run(3);
  expect(plant.trueA("grid")[0]).toBeLessThanOrEqual(40);
});

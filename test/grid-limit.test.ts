/** Stories of the grid operator's limit: it holds, by whatever way it comes, and when nobody is heard of any more. */
import { describe, expect, test } from "vitest";
import { startApi } from "../src/api/server.ts";
import { silentLog } from "../src/app/log.ts";
import { gridLimitInForce } from "../src/core/limits/grid-limit.ts";
import { homeConfiguration } from "../src/core/site/site.test-kit.ts";
import { siteModel } from "../src/core/site/site-model.ts";
import { importCapW } from "../src/planner/input/limits.ts";
import { carsW, charging, four, HOUR_MS, highest, importW, limit, OBEYED_S } from "./grid-limit-rig.ts";
import { SiteRig } from "./site-rig.ts";

describe("a limit of the grid operator", () => {
  test("holds for the whole import within seconds, says so, and ends by itself", async () => {
    const rig = await charging();
    expect(importW(rig)).toBeGreaterThan(30_000);
    await rig.controller.record([limit("api:token", 15_000, rig.clock.wallMs() + 300_000)]);
    await rig.run(OBEYED_S);
    expect(await highest(rig, 290, importW)).toBeLessThanOrEqual(15_000);
    expect(importW(rig)).toBeGreaterThan(11_000);
    expect(four.map(({ id }) => rig.reason(id).by)).toContain("api:token");
    expect(rig.controller.live()).toMatchObject({
      mode: { word: "limited" },
      gridLimit: { limitW: 15_000, by: "api:token", appliesTo: "site" },
    });
    await rig.run(400);
    expect(importW(rig)).toBeGreaterThan(30_000);
    expect(rig.controller.live().gridLimit).toBeUndefined();
  });

  test("of nothing pauses every car, and no driver's override helps", async () => {
    const rig = await charging();
    await rig.controller.record([limit("mqtt", 0)]);
    await rig.run(OBEYED_S);
    expect(await highest(rig, 120, carsW)).toBe(0);
    await rig.controller.record([limit("mqtt")]);
    await rig.run(600);
    expect(carsW(rig)).toBeGreaterThan(25_000);
  });

  test("comes from several sides: the lowest holds, and nobody ends that of another", async () => {
    const rig = await charging();
    await rig.controller.record([limit("mqtt", 12_000)]);
    await rig.controller.record([limit("api:token", 20_000)]);
    await rig.run(OBEYED_S);
    expect(await highest(rig, 30, importW)).toBeLessThanOrEqual(12_000);
    await rig.controller.record([limit("api:local")]);
    expect(await highest(rig, 60, importW)).toBeLessThanOrEqual(12_000);
    await rig.controller.record([limit("api:token", 20_000), limit("mqtt")]);
    await rig.run(300);
    expect(importW(rig)).toBeGreaterThan(15_000);
    expect(await highest(rig, 60, importW)).toBeLessThanOrEqual(20_000);
    await rig.controller.record([limit("mqtt", 12_000)]);
    await rig.run(OBEYED_S);
    expect(await highest(rig, 60, importW)).toBeLessThanOrEqual(12_000);
  });

  test("is obeyed while the disk refuses, and is in the books when it takes facts again; what gives more is not", async () => {
    const rig = await charging();
    rig.ledger.refuse = "The disk is full";
    await rig.controller.record([limit("api:token", 9_000, rig.clock.wallMs() + HOUR_MS)]);
    await rig.run(OBEYED_S);
    expect(await highest(rig, 60, importW)).toBeLessThanOrEqual(9_000);
    expect(rig.facts("grid-limit-received")).toEqual([]);
    await expect(rig.controller.record([limit("api:token", 20_000)])).rejects.toThrow("full");
    await expect(rig.controller.record([limit("api:token")])).rejects.toThrow("full");
    expect(await highest(rig, 60, importW)).toBeLessThanOrEqual(9_000);
    rig.ledger.refuse = undefined;
    await rig.run(5);
    expect(rig.facts("grid-limit-received").map(({ data }) => data.limitW)).toEqual([9_000]);
    await rig.controller.record([limit("api:token")]);
    await rig.run(400);
    expect(importW(rig)).toBeGreaterThan(25_000);
  });

  test("is obeyed within seconds while the disk hangs", async () => {
    const rig = await charging();
    rig.ledger.hold();
    const recorded = rig.controller.record([limit("mqtt", 9_000, rig.clock.wallMs() + HOUR_MS)]);
    await rig.run(OBEYED_S);
    // Longer than any lease, and than readings of before are good for.
    expect(await highest(rig, 660, importW)).toBeLessThanOrEqual(9_000);
    expect(rig.facts("grid-limit-received")).toEqual([]);
    rig.ledger.letGo();
    expect(await recorded).toHaveLength(1);
    await rig.run(5);
    expect(rig.facts("grid-limit-received").map(({ data }) => data.limitW)).toEqual([9_000]);
  });

  test("survives a restart of the controller", async () => {
    const rig = await charging();
    await rig.controller.record([limit("mqtt", 9_000)]);
    await rig.run(60);
    rig.restart();
    await rig.connectAll();
    await rig.run(30);
    expect(await highest(rig, 120, importW)).toBeLessThanOrEqual(9_000);
  });

  test.each([
    ["an hour ahead", "is well", HOUR_MS],
    ["an hour back", "is well", -HOUR_MS],
    ["an hour ahead", "refuses", HOUR_MS],
    ["an hour ahead", "hangs", HOUR_MS],
  ])("lasts as long as it was to last when our own clock jumps %s, while the disk %s", async (_, disk, byMs) => {
    const rig = await charging();
    if (disk === "refuses") rig.ledger.refuse = "The disk is full";
    if (disk === "hangs") rig.ledger.hold();
    const stated = limit("api:token", 9_000, rig.clock.wallMs() + HOUR_MS / 2);
    const recorded = rig.controller.record([stated]);
    await rig.run(60);
    rig.clock.stepWall(byMs);
    expect(await highest(rig, 60, importW)).toBeLessThanOrEqual(9_000);
    if (disk === "hangs") rig.ledger.letGo();
    rig.ledger.refuse = undefined;
    await recorded;
    // Its sender goes by the clock of before.
    await rig.controller.record([stated]);
    expect(await highest(rig, 1_640, importW)).toBeLessThanOrEqual(9_000);
    expect(rig.facts("grid-limit-received")).toHaveLength(1);
    await rig.run(300);
    expect(rig.controller.live().gridLimit).toBeUndefined();
    expect(importW(rig)).toBeGreaterThan(30_000);
  });

  test("that was stated before our clock was set ends when it was to end", async () => {
    const rig = await charging();
    const nowMs = rig.clock.wallMs();
    rig.clock.stepWall(-nowMs);
    rig.clock.trustWall(false);
    await rig.run(5);
    await rig.controller.record([limit("api:token", 9_000, nowMs + HOUR_MS / 2)]);
    await rig.run(60);
    rig.clock.stepWall(nowMs);
    rig.clock.trustWall(true);
    expect(await highest(rig, 1_600, importW)).toBeLessThanOrEqual(9_000);
    await rig.run(500);
    expect(importW(rig)).toBeGreaterThan(30_000);
  });

  test("for what is controllable leaves the building alone and gives the cars their part", async () => {
    // The building draws 13.8 kW, more than the whole limit.
    const rig = await charging({ appliesTo: "controllable", leastW: 4200 }, () => [20, 20, 20]);
    await rig.controller.record([limit("mqtt", 2_000)]);
    await rig.run(OBEYED_S);
    expect(await highest(rig, 300, carsW)).toBeLessThanOrEqual(4_200);
    expect(await highest(rig, 300, carsW)).toBeGreaterThanOrEqual(4_100);
    expect(rig.controller.live().gridLimit).toMatchObject({ limitW: 4200, appliesTo: "controllable" });
    expect(four.map(({ id }) => rig.reason(id).limitW)).toContain(4_200);
  });

  test("for what is controllable lets the cars have the sun on top", async () => {
    const rig = await charging({ appliesTo: "controllable" }, () => [-10, -10, -10]);
    await rig.controller.record([limit("mqtt", 4_200)]);
    await rig.run(300);
    expect(await highest(rig, 100, importW)).toBeLessThanOrEqual(4_200);
    expect(carsW(rig)).toBeGreaterThan(8_000);
  });

  test("holds for the cars together while the grid meter is silent", async () => {
    const rig = await charging();
    await rig.controller.record([limit("mqtt", 9_000)]);
    await rig.run(60);
    rig.meters.delete("grid-meter");
    await rig.run(30);
    expect(await highest(rig, 600, carsW)).toBeLessThanOrEqual(9_000);
  });

  test("is planned with from the moment it comes, for as long as it lasts", async () => {
    const rig = await charging();
    const untilMs = rig.clock.wallMs() + 3_600_000;
    await rig.controller.record([limit("mqtt", 12_000, untilMs)]);
    await rig.run(12);
    const plan = rig.facts("plan-made").at(-1)!.data;
    expect(plan.trigger).toBe("the grid operator's limit changed");
    expect(plan.input.gridLimit).toEqual({ limitW: 12_000, untilMs, appliesTo: "site" });
    plan.result.importW.forEach((powerW, slot) => {
      expect(powerW).toBeLessThanOrEqual(importCapW(plan.input, slot) + 5);
    });
    const [first, later] = [plan.result.importW[1]!, plan.result.importW[6]!];
    expect(first).toBeLessThanOrEqual(12_005);
    expect(later).toBeGreaterThan(20_000);
  });
});

describe("an operator that has to be heard of", () => {
  const operator = { mqtt: { heartbeatSeconds: 120, failSafeW: 10_000 } };
  const inForce = (rig: SiteRig) =>
    gridLimitInForce(
      siteModel(homeConfiguration({ gridOperator: { appliesTo: "site", leastW: 0, failSafeHours: 2, inputs: [] } })),
      rig.controller.state(),
      rig.clock.wallMs(),
    );
  async function heardEveryMinute(rig: SiteRig, minutes: number, limitW?: number): Promise<void> {
    for (let minute = 0; minute < minutes; minute++) {
      await rig.controller.record([limit("mqtt", limitW)]);
      await rig.run(60);
    }
  }

  test("is at its fail-safe value when it is silent, and at its own word when it is back", async () => {
    const rig = new SiteRig({ stalls: four, gridOperator: operator });
    await rig.connectAll();
    for (const { id } of four) await rig.plugIn(id);
    await heardEveryMinute(rig, 7);
    expect(importW(rig)).toBeGreaterThan(30_000);
    expect(rig.facts("grid-limit-received")).toEqual([]);
    await rig.run(130);
    expect(await highest(rig, 600, importW)).toBeLessThanOrEqual(10_000);
    const { atMs, data } = rig.facts("grid-limit-received")[0]!;
    expect(rig.facts("grid-limit-received")).toHaveLength(1);
    expect(data).toEqual({ by: "mqtt", limitW: 10_000, failSafe: true, untilMs: atMs + 2 * HOUR_MS });
    expect(rig.controller.live().mode.text).toContain(
      "The grid operator is not heard of (MQTT): 10.0 kW hold until it is, or until 14:10",
    );
    expect(rig.controller.live().evses.map(({ because }) => because)).toContain(
      "0 A: paused, the grid operator's 10.0 kW (MQTT) leave less than the car's minimum",
    );
    await heardEveryMinute(rig, 5, 15_000);
    expect(importW(rig)).toBeGreaterThan(10_000);
    expect(importW(rig)).toBeLessThanOrEqual(15_000);
    expect(rig.facts("grid-limit-received")).toHaveLength(2);
    await heardEveryMinute(rig, 7);
    expect(importW(rig)).toBeGreaterThan(30_000);
    expect(rig.facts("grid-limit-received")).toHaveLength(3);
  });

  test("and stays silent is let go after its time, once, and the page goes on saying so", async () => {
    const rig = new SiteRig({ stalls: four, gridOperator: { ...operator, failSafeHours: 3 } });
    await rig.connectAll();
    await rig.run(130);
    for (const { id } of four) await rig.plugIn(id);
    await rig.run(2 * 3600);
    rig.restart();
    await rig.connectAll();
    await rig.run(30);
    expect(await highest(rig, 3470, importW)).toBeLessThanOrEqual(10_000);
    await rig.run(600);
    expect(importW(rig)).toBeGreaterThan(30_000);
    expect(rig.facts("grid-limit-received")).toHaveLength(1);
    expect(rig.controller.live().gridLimit).toBeUndefined();
    expect(rig.controller.live().mode.text).toContain(
      "it ends when other loads stop. The grid operator is not heard of (MQTT): its fail-safe limit ended at 15:04, nothing of it holds. Check its box, the cable and the network.",
    );
    await heardEveryMinute(rig, 1);
    expect(rig.controller.live().mode.text).not.toContain("not heard of");
  });

  test("has its time again after a restart, while its last word holds", async () => {
    const rig = new SiteRig({ stalls: four, gridOperator: operator });
    await rig.controller.record([limit("mqtt", 8_000)]);
    await rig.run(60);
    rig.restart();
    await rig.run(110);
    expect(inForce(rig)).toMatchObject({ limitW: 8_000 });
    expect(inForce(rig)?.failSafe).toBeUndefined();
    await rig.run(15);
    expect(inForce(rig)).toMatchObject({ limitW: 10_000, failSafe: true });
  });

  test("is not replaced by somebody else who is heard of", async () => {
    const rig = new SiteRig({ stalls: four, gridOperator: operator });
    await rig.run(100);
    await rig.controller.record([limit("api:token")]);
    await rig.run(30);
    expect(inForce(rig)).toMatchObject({ by: "mqtt", failSafe: true });
  });
});

test("over the real API: a limit is taken, held, renewed without a fact, and ended", async () => {
  const rig = await charging();
  const api = await startApi({
    host: "127.0.0.1",
    port: 0,
    site: rig.controller,
    model: siteModel(homeConfiguration()),
    live: () => rig.controller.live(),
    health: () => ({ ok: true, ticks: 1, tickAgeMs: 0, ledger: "ok", backlog: 0 }),
    metrics: () => ({}),
    verifyPassword: async () => false,
    page: { routes: [] },
    clock: rig.clock,
    log: silentLog,
    version: "test",
  });
  const url = `http://127.0.0.1:${api.port}/api/v1`;
  const put = (body: object) =>
    fetch(`${url}/grid-limit`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  try {
    const first = await put({ limitW: 15_000 });
    expect(first.status).toBe(200);
    const { seq } = (await first.json()) as { seq: number };
    await rig.run(OBEYED_S);
    expect(await highest(rig, 60, importW)).toBeLessThanOrEqual(15_000);
    expect((await put({ limitW: 15_000 })).status).toBe(200);
    expect(rig.facts("grid-limit-received").map((fact) => fact.seq)).toEqual([seq]);
    const site = (await (await fetch(`${url}/site`)).json()) as { gridLimit: object };
    // Nobody has to confirm it and it names no end: it ends in a day.
    const untilMs = Date.UTC(2026, 5, 11, 13);
    expect(site.gridLimit).toEqual({ limitW: 15_000, by: "api:local", appliesTo: "site", untilMs });
    expect((await put({ limitW: -1 })).status).toBe(400);
    expect((await put({})).status).toBe(200);
    await rig.run(400);
    expect(importW(rig)).toBeGreaterThan(30_000);
  } finally {
    await api.close();
  }
});

import { afterEach, describe, expect, test } from "vitest";
import { askAll, deviations, wrong } from "./api-answers.ts";
import { DriverRig } from "./driver-rig.ts";
import { demoOfSuite } from "./live-demo.ts";
import { until } from "./until.ts";

const MINUTE_MS = 60_000;
const POWER = [
  { name: "a peak", floorKw: 2.5, eurPerKwMonth: 4.4 },
  { name: "steps", intervalMinutes: 60, peaks: 3, steps: [{ upToKw: 500, eurPerMonth: 11 }] },
  { name: "a block", eurPerKwMonth: 9, windows: [{ from: "06:00", to: "22:00", contractedKw: 5 }] },
];
const FEES = [{ name: "connection", eurPerYear: 120 }];

test("an answer with a field that its schema does not name, or without one that it asks for, is found", () => {
  const schema = {
    type: "object",
    required: ["a"],
    properties: { a: { type: "array", items: { type: "object", properties: { b: { type: "number" } } } } },
  };
  expect(deviations(schema, { a: [{ b: 1 }] })).toEqual([]);
  expect(deviations(schema, { a: [{ b: 1, c: 2 }] })).toHaveLength(1);
  expect(deviations(schema, { a: [], d: 0 })).toHaveLength(1);
  expect(deviations(schema, {})).toHaveLength(1);
});

describe("every documented answer of a site has the fields that are documented, and no other", () => {
  let site: DriverRig | undefined;
  afterEach(() => site?.close());

  async function answers(): Promise<Record<string, readonly string[]>> {
    const asked = await askAll(site!.url(""), {
      parameters: { id: "left" },
      headers: { authorization: `Bearer ${site!.key("left")}` },
    });
    // Explained by the whole process only.
    delete asked["/api/v1/plan/reasons"];
    return wrong(asked);
  }

  test("where cars charge, wait, are not measured, have left and are not obeying, within limits of everybody", async () => {
    const stalls = [{ id: "left" }, { id: "right" }, { id: "mute", mute: true }, { id: "gone" }, { id: "wild" }];
    const garage = { garageFuseA: 32, garageMetered: false };
    site = await new DriverRig({ stalls, ...garage, tariff: { capacity: POWER, fees: FEES } }).start();
    const { rig } = site;
    await rig.plugIn("right", { token: "CARD-4711" });
    await rig.plugIn("mute", { override: false });
    await rig.plugIn("gone", { token: "CARD-4712" });
    await rig.plugIn("wild");
    const by = "api:test";
    const untilMs = rig.clock.wallMs() + 30 * MINUTE_MS;
    const said = { energyWh: 8_000, departureMs: untilMs, preference: "cheap" as const };
    await rig.controller.record([
      { type: "wish-stated", source: by, data: { evseId: "left", by, ...said, dischargeAllowed: false } },
      { type: "grid-limit-received", source: by, data: { by, limitW: 30_000, exportLimitW: 5_000, untilMs } },
      {
        type: "budget-received",
        source: by,
        data: { by, slots: [{ startMs: rig.clock.wallMs(), endMs: untilMs, powerW: 20_000 }] },
      },
      {
        type: "visit-announced",
        source: by,
        data: {
          visitId: "b-17",
          token: "CARD-4713",
          arrivalMs: untilMs,
          departureMs: 2 * untilMs,
          energyWh: 9_000,
          by,
        },
      },
    ]);
    await rig.run(600);
    rig.disobey("wild");
    await rig.unplug("gone");
    await rig.run(900);
    expect(await answers()).toEqual({});
    const { quarterHours } = (await (await fetch(site.url("/api/v1/history"))).json()) as { quarterHours: object[] };
    expect(quarterHours.length).toBeGreaterThan(0);
    rig.clock.stepWall(60 * MINUTE_MS);
    rig.meters.clear();
    await rig.disconnect("right");
    await rig.run(30);
    expect(await answers()).toEqual({});
    rig.ledger.refuse = "The disk is full";
    await rig.run(30);
    expect(await answers()).toEqual({});
  });
});

describe("the same over real sockets", () => {
  const { url } = demoOfSuite();

  test("sun, battery, two protocols, a plan that is explained, health and metrics", async () => {
    await until(async () => (await fetch(url("/api/v1/plan/reasons"))).ok, 30_000);
    const asked = await askAll(url(""));
    // A driver's own route opens with a key only.
    expect(asked["/api/v1/driver/{id}"]?.status).toBe(401);
    delete asked["/api/v1/driver/{id}"];
    expect(wrong(asked)).toEqual({});
    expect(Object.keys(asked).length).toBeGreaterThanOrEqual(9);
  });
});

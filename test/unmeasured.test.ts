import { describe, expect, test } from "vitest";
import type { LiveEvse } from "../src/core/view/view.ts";
import { settle } from "../src/sim/virtual-clock.ts";
import { SiteRig } from "./site-rig.ts";

const live = (rig: SiteRig, id: string) => rig.controller.live().evses.find((evse) => evse.id === id) as LiveEvse;
const garage = (id: string, more = {}) => ({ id, circuit: "garage", ...more });

describe("a car of which nobody was told, for the disk hangs", () => {
  async function hanging() {
    const rig = new SiteRig({ stalls: [garage("a"), garage("b")], garageFuseA: 20, garageMetered: false });
    await rig.connectAll();
    await rig.run(10);
    await rig.plugIn("b");
    await rig.run(120);
    rig.ledger.hold();
    void rig.plugIn("a");
    await settle();
    await rig.run(20);
    return rig;
  }

  test("has its safe current left to it, is shown as assumed, and is in no reading", async () => {
    const rig = await hanging();
    expect(rig.limitA("b")).toBeLessThanOrEqual(14);
    expect(live(rig, "a")).toMatchObject({ assumedA: 6, sentence: "Perhaps a car charges that is not on record" });
    expect(live(rig, "a").because).toContain("not measured: 6 A a phase are assumed");
    expect(live(rig, "a")).not.toHaveProperty("powerW");
    expect(live(rig, "a")).not.toHaveProperty("currentA");
    expect(rig.controller.live().flow).not.toHaveProperty("evsesW");
    expect(Object.keys(rig.sample).filter((name) => name.startsWith("a."))).toEqual([]);
    rig.ledger.letGo();
    await settle();
    await rig.run(30);
    expect(live(rig, "a")).not.toHaveProperty("assumedA");
  });

  test("loads all phases of its EVSE for all we know, whatever the car loaded that was there before", async () => {
    const stalls = [garage("a"), garage("b", { phases: ["L2"] })];
    const rig = new SiteRig({ stalls, garageFuseA: 20, garageMetered: false });
    await rig.connectAll();
    await rig.run(10);
    await rig.plugIn("a", { phases: 1 });
    await rig.plugIn("b", { phases: 1 });
    await rig.run(240);
    expect([rig.limitA("a"), rig.limitA("b")]).toEqual([16, 16]);
    rig.ledger.hold();
    void rig.unplug("a");
    await settle();
    await rig.run(30);
    void rig.plugIn("a", { phases: 3 });
    await settle();
    let overS = 0;
    await rig.run(120, () => {
      if (Math.max(...rig.wired.meter("garage").currentA) > 20.1) overS++;
    });
    expect(Math.min(...rig.wired.evseCurrentA("a"))).toBeGreaterThanOrEqual(6);
    expect(overS).toBe(0);
  });

  test("is not judged for a limit that it was never given", async () => {
    const rig = new SiteRig({ stalls: [garage("a"), garage("b")], garageFuseA: 20, garageMetered: false });
    await rig.connectAll();
    await rig.run(10);
    await rig.plugIn("a");
    await rig.run(60);
    await rig.controller.record([
      { type: "grid-limit-received", source: "api", data: { by: "api", limitW: 0, untilMs: rig.clock.wallMs() + 6e5 } },
    ]);
    await rig.run(30);
    expect(rig.limitA("a")).toBe(0);
    rig.ledger.hold();
    void rig.unplug("a");
    await settle();
    await rig.run(60);
    rig.ledger.letGo();
    await settle();
    await rig.run(5);
    expect(rig.facts("limit-obedience-changed")).toEqual([]);
  });
});

describe("a charge point that sends no meter values", () => {
  test("counts with its limit, is shown as assumed, and its energy is in the books with the register of its end", async () => {
    const rig = new SiteRig({ stalls: [garage("a", { mute: true })], garageFuseA: 20, garageMetered: false });
    await rig.connectAll();
    await rig.run(10);
    await rig.plugIn("a");
    await rig.run(240);
    expect(rig.limitA("a")).toBe(16);
    expect(live(rig, "a")).toMatchObject({
      assumedA: 16,
      sentence: expect.stringMatching(/^Charging, by the word of the charge point: how much is not measured/),
    });
    const { circuits, flow } = rig.controller.live();
    expect(circuits.find(({ id }) => id === "garage")).toMatchObject({ currentA: [16, 16, 16], assumed: true });
    expect(circuits.find(({ id }) => id === "grid")).not.toHaveProperty("assumed");
    expect(flow).not.toHaveProperty("evsesW");
    expect(flow).not.toHaveProperty("buildingW");
    const takenWh = Math.round(rig.wired.registerWh("a"));
    await rig.unplug("a");
    await rig.run(2);
    const booked = rig.facts("transaction-metered").map(({ data }) => data.energyWh);
    expect(booked.reduce((sum, energyWh) => sum + energyWh, 0)).toBe(takenWh);
  });

  test("and whose start never came has the most of its safe default left to it, not the least that a car takes", async () => {
    const stalls = [garage("a", { mute: true, safeCurrentA: 10 }), garage("b", { safeCurrentA: 6 })];
    const rig = new SiteRig({ stalls, garageFuseA: 20, garageMetered: false });
    await rig.connectAll();
    await rig.run(10);
    await rig.plugIn("b");
    await rig.run(120);
    await rig.controller.handle({ type: "status", chargePointId: "cp-a", connector: 1, status: "charging" });
    await rig.run(60);
    expect(live(rig, "a").assumedA).toBe(10);
    expect(rig.limitA("b")).toBeLessThanOrEqual(10);
  });

  test("and says nothing new when its transaction is over (OCPP 2.0.1, cable still in) keeps nothing from the others", async () => {
    const rig = new SiteRig({
      stalls: [garage("a", { mute: true }), garage("b")],
      garageFuseA: 20,
      garageMetered: false,
    });
    await rig.connectAll();
    await rig.run(10);
    await rig.plugIn("a");
    await rig.run(60);
    await rig.unplug("a");
    await rig.plugIn("b");
    await rig.run(240);
    expect(live(rig, "a")).toMatchObject({ status: "charging" });
    expect(live(rig, "a")).not.toHaveProperty("assumedA");
    expect(rig.limitA("b")).toBe(16);
  });
});

test("the state of charge of a car that left is not shown of the next one, nor reckoned with", async () => {
  const rig = new SiteRig({ stalls: [garage("a", { mute: true })], garageFuseA: 20, garageMetered: false });
  await rig.connectAll();
  await rig.run(10);
  const tells = (sample: { readonly socPercent?: number }) =>
    rig.controller.handle({
      ...{ type: "metered", chargePointId: "cp-a", connector: 1 },
      samples: [{ atMs: rig.clock.wallMs(), currentA: [6, 6, 6], ...sample }],
    });
  await rig.plugIn("a");
  await tells({ socPercent: 80 });
  await tells({});
  await rig.run(5);
  expect(live(rig, "a")).toMatchObject({ socPercent: 80 });
  await rig.unplug("a");
  await rig.run(5);
  await rig.plugIn("a");
  await tells({});
  await rig.run(5);
  expect(live(rig, "a")).toMatchObject({ currentA: [6, 6, 6] });
  expect(live(rig, "a")).not.toHaveProperty("socPercent");
});

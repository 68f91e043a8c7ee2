/** A disk that refuses facts, or hangs: the guard goes on, and the books are whole when it is back. */
import { describe, expect, test } from "vitest";
import { settle } from "../src/sim/virtual-clock.ts";
import { charging, four, overloadWatch } from "./guard-rig.ts";
import { SiteRig } from "./site-rig.ts";

describe("a disk that fails", () => {
  test("when the disk refuses, the guard goes on and its facts follow when it takes them again", async () => {
    const rig = new SiteRig({ stalls: four });
    await charging(rig, ["a", "b", "c"]);
    rig.ledger.refuse = "disk full";
    rig.load([0, 30, 0]);
    const watch = overloadWatch(rig, 63);
    await rig.run(30, watch.look);
    expect(watch.longest()).toBeLessThanOrEqual(4);
    rig.ledger.refuse = undefined;
    await rig.run(120);
    expect(rig.facts("guard-intervened").length).toBeGreaterThan(0);
    expect(rig.ledger.facts.map((fact) => fact.seq)).toEqual(rig.ledger.facts.map((_, index) => index + 1));
  });

  test("when the disk hangs, the guard does not wait for it, and nothing it sends late undoes what it sent since", async () => {
    const rig = new SiteRig({ stalls: four });
    await charging(rig, ["a", "b", "c"]);
    rig.ledger.hold();
    await rig.run(5);
    rig.load([0, 30, 0]);
    const watch = overloadWatch(rig, 63);
    await rig.run(30, watch.look);
    expect(watch.longest()).toBeLessThanOrEqual(5);
    expect(rig.facts("guard-intervened")).toEqual([]);
    const shed = ["a", "b", "c"].map((id) => rig.offeredA(id));
    rig.ledger.letGo();
    await settle();
    expect(["a", "b", "c"].map((id) => rig.offeredA(id))).toEqual(shed);
    await rig.run(60, watch.look);
    expect(watch.longest()).toBeLessThanOrEqual(5);
    expect(rig.facts("guard-intervened").length).toBeGreaterThan(0);
    expect(rig.ledger.facts.map((fact) => fact.seq)).toEqual(rig.ledger.facts.map((_, index) => index + 1));
  });

  test("when the disk hangs, a renewal carries no more than the last limit on record, and a raise leaves when it is there", async () => {
    const rig = new SiteRig({ stalls: four });
    await charging(rig, ["a", "b", "c"]);
    rig.load([0, 50, 0]);
    await rig.run(30);
    const recorded = ["a", "b", "c"].map((id) => rig.offeredA(id));
    expect(Math.min(...recorded)).toBeLessThan(8);
    rig.ledger.hold();
    rig.load([0, 0, 0]);
    const sentBefore = rig.commands.length;
    await rig.run(150);
    for (const [index, id] of ["a", "b", "c"].entries()) expect(rig.limitA(id)).toBeGreaterThan(recorded[index]!);
    expect(["a", "b", "c"].map((id) => rig.offeredA(id))).toEqual(recorded);
    expect(rig.commands.length).toBeGreaterThan(sentBefore);
    rig.ledger.letGo();
    await rig.run(5);
    for (const [index, id] of ["a", "b", "c"].entries()) expect(rig.offeredA(id)).toBeGreaterThan(recorded[index]!);
    await rig.run(115);
    for (const id of ["a", "b", "c"]) expect(rig.offeredA(id)).toBe(16);
  });

  test("when the disk hangs, a limit that is lowered leaves within a second, though nothing is overloaded", async () => {
    const rig = new SiteRig({ stalls: four });
    await rig.connectAll();
    await rig.run(10);
    await rig.plugIn("a", { maxCurrentA: 8 });
    await rig.run(45);
    const recorded = rig.offeredA("a");
    rig.ledger.hold();
    for (let second = 0; second < 90 && rig.limitA("a") > 10; second++) await rig.run(1);
    await rig.run(2);
    expect([recorded, rig.limitA("a"), rig.offeredA("a")]).toEqual([16, 10, 10]);
    const sent = rig.commands.length;
    rig.ledger.letGo();
    await rig.run(2);
    expect(rig.commands.slice(sent).filter(({ command }) => command.type === "set-limit")).toEqual([]);
  });

  test("when the disk hangs and the meter dies, every EVSE gets its safe current all the same", async () => {
    const rig = new SiteRig({ stalls: four });
    await charging(rig, ["a", "b", "c"]);
    rig.ledger.hold();
    rig.meters.delete("grid-meter");
    await rig.run(20);
    expect(["a", "b", "c"].map((id) => rig.offeredA(id))).toEqual([6, 6, 6]);
    rig.ledger.letGo();
    await settle();
  });

  test("a charge point that goes and comes while the disk is full is seen at once, and recorded when there is room", async () => {
    const rig = new SiteRig({ stalls: four });
    await charging(rig, ["a"]);
    rig.ledger.refuse = "disk full";
    await rig.disconnect("a");
    await rig.run(5);
    expect(rig.reason("a").kind).toBe("offline");
    await rig.connect("a");
    await rig.run(5);
    expect(rig.reason("a").kind).not.toBe("offline");
    rig.ledger.refuse = undefined;
    await rig.run(5);
    expect(rig.facts("charge-point-connected").filter(({ data }) => data.chargePointId === "cp-a")).toHaveLength(2);
  });
});

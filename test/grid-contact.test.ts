/** The grid operator's limit by a contact of the control box. */
import { describe, expect, test } from "vitest";
import { contact, four, highest, importW, OBEYED_S } from "./grid-limit-rig.ts";
import { SiteRig } from "./site-rig.ts";

describe("a contact of the control box", () => {
  /** Reads the contact each second, as the Modbus shell does. */
  async function read(rig: SiteRig, seconds: number, closed: (second: number) => boolean): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      rig.controller.sink.input("box", closed(second));
      await rig.run(1);
    }
  }
  async function withContact(more: object = {}): Promise<SiteRig> {
    const rig = new SiteRig({ stalls: four, gridOperator: { inputs: [{ ...contact, ...more }] } });
    await rig.connectAll();
    for (const { id } of four) await rig.plugIn(id);
    await read(rig, 400, () => more !== undefined && "activeWhen" in more);
    return rig;
  }
  const limits = (rig: SiteRig) => rig.facts("grid-limit-received").map(({ data }) => data);

  test("limits while it is closed", async () => {
    const rig = await withContact();
    expect(importW(rig)).toBeGreaterThan(30_000);
    await read(rig, 1 + OBEYED_S, () => true);
    // The building itself draws 3450 W: no car gets its least current beside it.
    expect(importW(rig)).toBeLessThanOrEqual(4_200);
    await read(rig, 300, () => true);
    expect(importW(rig)).toBeLessThanOrEqual(4_200);
    expect(rig.controller.live().mode).toMatchObject({ word: "limited", text: "The grid operator allows 4.2 kW." });
    await read(rig, 400, () => false);
    expect(importW(rig)).toBeGreaterThan(30_000);
    expect(limits(rig)).toEqual([{ by: "input:box", limitW: 4200 }, { by: "input:box" }]);
  });

  test("limits within seconds while the disk hangs", async () => {
    const rig = await withContact();
    expect(importW(rig)).toBeGreaterThan(20_000);
    rig.ledger.hold();
    await read(rig, OBEYED_S, () => true);
    expect(importW(rig)).toBeLessThanOrEqual(4_200);
    rig.ledger.letGo();
    await read(rig, 5, () => true);
    expect(limits(rig)).toMatchObject([{ limitW: 4_200 }]);
  });

  test("that opens to limit holds when its wire is cut", async () => {
    const rig = await withContact({ activeWhen: "open" });
    await read(rig, 20, () => false);
    expect(limits(rig)).toEqual([{ by: "input:box", limitW: 4200 }]);
  });

  test("that bounces limits at once and releases once", async () => {
    const rig = await withContact();
    await read(rig, 30, (second) => second % 2 === 0);
    await read(rig, 30, () => false);
    expect(limits(rig)).toEqual([{ by: "input:box", limitW: 4200 }, { by: "input:box" }]);
  });

  test("whose module dies is at its fail-safe value until it answers again", async () => {
    const rig = await withContact({ failSafeW: 9_000 });
    await rig.run(20);
    expect(await highest(rig, 120, importW)).toBeLessThanOrEqual(9_000);
    await read(rig, 15, () => false);
    expect(limits(rig)).toMatchObject([{ by: "input:box", limitW: 9_000, failSafe: true }, { by: "input:box" }]);
  });

  test("whose module dies is taken for active where nothing else is said", async () => {
    const rig = await withContact({ failSafeW: undefined });
    await rig.run(60);
    expect(limits(rig)).toMatchObject([{ by: "input:box", limitW: 4_200, failSafe: true }]);
  });

  test("that is taken out of the configuration leaves nothing behind", async () => {
    const rig = await withContact();
    await read(rig, 20, () => true);
    expect(limits(rig)).toHaveLength(1);
    rig.reconfigure({ gridOperator: {} });
    await rig.run(2);
    expect(limits(rig)).toEqual([{ by: "input:box", limitW: 4200 }, { by: "input:box" }]);
  });
});

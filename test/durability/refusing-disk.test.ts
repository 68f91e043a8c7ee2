import { expect, test } from "vitest";
import { Backlog } from "../../src/app/recording/backlog.ts";
import { evolve, initialState } from "../../src/core/state/state.ts";
import { SiteRig } from "../site-rig.ts";
import { foretoldFacts } from "./facts.ts";

const FULL = "The disk is full: facts cannot be recorded. Free space on the data partition";
const three = ["a", "b", "c"].map((id) => ({ id }));

async function charging(): Promise<SiteRig> {
  const rig = new SiteRig({ stalls: three });
  await rig.connectAll();
  await rig.run(10);
  for (const { id } of three) await rig.plugIn(id);
  await rig.run(120);
  return rig;
}

test("while the disk is full the guard protects as before, and the site says since when, why and what to do", async () => {
  const rig = await charging();
  expect(rig.controller.live().ledger).toBeUndefined();
  rig.ledger.refuse = FULL;
  const written = rig.ledger.facts.length;
  rig.load([0, 35, 0]);
  let over = 0;
  await rig.run(30, () => {
    over += Math.max(...rig.gridA()) > 63.1 ? 1 : 0;
  });
  expect(over).toBeLessThanOrEqual(4);
  expect(rig.ledger.facts).toHaveLength(written);
  const { ledger } = rig.controller.live();
  expect(ledger).toMatchObject({ lostFacts: 0 });
  expect(ledger!.waitingFacts).toBeGreaterThan(0);
  expect(ledger!.text).toMatch(/^Nothing is recorded since \d\d:\d\d: The disk is full.*Free space.*stay protected/);
});

test("when it has room again everything that waited is in the books, in order, and the gap in time too", async () => {
  const rig = await charging();
  rig.ledger.refuse = FULL;
  rig.load([0, 35, 0]);
  await rig.run(30);
  const { waitingFacts } = rig.controller.live().ledger!;
  const interventions = rig.facts("guard-intervened").length;
  rig.ledger.refuse = undefined;
  await rig.run(2);
  expect(rig.controller.live().ledger).toBeUndefined();
  expect(rig.facts("guard-intervened").length).toBeGreaterThan(interventions);
  const [resumed] = rig.facts("ledger-resumed");
  expect(resumed!.data).toMatchObject({ reason: FULL, lostFacts: 0 });
  expect(resumed!.data.keptFacts).toBeGreaterThanOrEqual(waitingFacts);
  expect(rig.ledger.facts.reduce(evolve, initialState())).toEqual(rig.controller.state());
});

test("a charge point that went away meanwhile is known to be away: it does not say so twice", async () => {
  const rig = await charging();
  rig.ledger.refuse = FULL;
  await rig.controller.handle({ type: "disconnected", chargePointId: "cp-a", reason: "test" });
  expect(rig.controller.state().chargePoints.byId["cp-a"]?.connected).toBe(false);
  rig.ledger.refuse = undefined;
  await rig.run(2);
  const known = rig.ledger.facts.reduce(evolve, initialState());
  expect(known.chargePoints.byId["cp-a"]?.connected).toBe(false);
});

test("a transaction that cannot be written down is refused: the charge point tells it again", async () => {
  const rig = await charging();
  rig.ledger.refuse = FULL;
  const start = {
    type: "transaction-started",
    chargePointId: "cp-a",
    connector: 1,
    token: "t",
    meterStartWh: 0,
  } as const;
  await expect(rig.controller.handle({ ...start, atMs: rig.clock.wallMs(), replayed: false })).rejects.toThrow("full");
});

test("a disk that refuses for long costs little at each tick: a piece of what waits is tried, not all of it", async () => {
  const rig = await charging();
  rig.ledger.refuse = FULL;
  for (let batch = 0; batch < 20; batch++) {
    const drafts = Array.from({ length: 50 }, () => ({
      type: "clock-stepped" as const,
      source: "test",
      data: { byMs: 1 },
    }));
    void rig.recorder.note(drafts);
    await rig.run(1);
  }
  expect(rig.controller.live().ledger!.waitingFacts).toBeGreaterThanOrEqual(1000);
  const tried: number[] = [];
  const append = rig.ledger.append.bind(rig.ledger);
  rig.ledger.append = (facts) => {
    tried.push(facts.length);
    return append(facts);
  };
  await rig.run(3);
  expect(tried.length).toBeGreaterThan(0);
  expect(Math.max(...tried)).toBeLessThanOrEqual(200);
  rig.ledger.refuse = undefined;
  await rig.run(2);
  expect(rig.controller.live().ledger).toBeUndefined();
  expect(rig.ledger.facts.filter(({ type }) => type === "clock-stepped")).toHaveLength(1000);
});

test("more than can wait: the oldest facts are given up and counted, what is left has no gap", () => {
  const backlog = new Backlog(initialState());
  const facts = foretoldFacts(1, 5600);
  for (let at = 0; at < facts.length; at += 7) backlog.keep(facts.slice(at, at + 7));
  expect(backlog.length + backlog.dropped).toBe(5600);
  expect(backlog.length).toBeLessThanOrEqual(5000);
  expect(backlog.dropped).toBeGreaterThanOrEqual(600);
  const waiting = backlog.first(6000);
  expect(waiting.map(({ seq }) => seq)).toEqual(waiting.map((_, index) => index + 1));
  expect(waiting.at(-1)!.key).toBe(facts.at(-1)!.key);
  expect(backlog.state).toEqual(waiting.reduce(evolve, initialState()));
  expect(backlog.findByKey(facts[0]!.key!)).toBeUndefined();
});

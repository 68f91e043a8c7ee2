/** Transactions of two EVSEs, told in any order. */
import { describe, expect, it } from "vitest";
import fc from "../../../test/fast-check.ts";
import type { ChargePointInput } from "../charge-point-input.ts";
import { Books, chargePoint, homeConfiguration } from "../site/site.test-kit.ts";
import type { ConnectorStatus } from "../state/charge-points.ts";
import { later, MINUTE_MS, openIds } from "./lifecycle.test-kit.ts";

describe("whatever two EVSEs of a charge point tell, in whatever order", () => {
  const at = fc.record({
    connector: fc.integer({ min: 0, max: 2 }),
    minute: fc.constantFrom(0, 0, 0, 1, 5, 60, 180),
    id: fc.integer({ min: -1, max: 6 }),
    remote: fc.option(fc.constantFrom("x", "y", "z"), { nil: undefined }),
    wh: fc.constantFrom(undefined, 0, 1000, 9000, 50_000),
    late: fc.boolean(),
    word: fc.constantFrom<ConnectorStatus>("available", "charging", "suspended-ev", "faulted", "finishing"),
  });
  const kind = fc.constantFrom("start", "start", "end", "end", "metered", "metered", "status", "heartbeat", "signed");
  type Told = readonly [string, typeof at extends fc.Arbitrary<infer T> ? T : never];

  function inputOf(books: Books, [what, { connector, minute, id, remote, wh, late, word }]: Told): ChargePointInput {
    const atMs = books.nowMs - minute * MINUTE_MS;
    const own = remote === undefined ? {} : { remoteId: remote };
    const both = { ...own, ...(remote === undefined && id > 0 ? { transactionId: id } : {}) };
    const of = { chargePointId: "garage", connector };
    const register = <K extends string>(key: K) => (wh === undefined ? {} : { [key]: wh });
    if (what === "start")
      return {
        type: "transaction-started",
        ...of,
        ...own,
        ...register("meterStartWh"),
        token: "A",
        atMs,
        replayed: late,
      };
    if (what === "end") {
      const { connector: there, ...whole } = of;
      const where = there > 0 ? { connector: there } : {};
      return {
        ...{ type: "transaction-ended", ...whole, ...where, ...both, ...register("meterStopWh") },
        ...{ atMs, reason: "Local", replayed: late },
      };
    }
    if (what === "metered")
      return {
        type: "metered",
        ...of,
        ...both,
        samples: [{ atMs, powerW: 4000, ...register("energyWh") }],
        replayed: late,
      };
    if (what === "status") return { type: "status", ...of, ...own, status: word };
    if (what === "signed") {
      const value = { atMs, timestamp: "t", atEdge: late, sampledValue: String(wh) };
      return { type: "signed-metered", ...of, ...both, values: [value] };
    }
    return { type: "heartbeat", chargePointId: "garage" };
  }

  it("each transaction is begun and ended once, and none is open that ended", () => {
    const told = fc.array(fc.tuple(kind, at, fc.integer({ min: 0, max: 40 })), { maxLength: 60 });
    fc.assert(
      fc.property(told, (messages) => {
        const twins = chargePoint("garage");
        twins.evses.push({ ...twins.evses[0]!, id: "right", connector: 2 });
        const books = later(new Books(homeConfiguration({ chargePoints: [twins] })), 600);
        for (const [what, of, waitMinutes] of messages) {
          later(books, waitMinutes);
          const { answer } = books.tell(inputOf(books, [what, of]));
          if (what === "start") expect(answer.transactionId).toBeGreaterThan(0);
        }
        const ids = (type: string) =>
          books.facts
            .filter((fact) => fact.type === type)
            .map((fact) => (fact.data as { transactionId: number }).transactionId);
        const [begun, ended] = [ids("transaction-started"), ids("transaction-ended")];
        expect(new Set(begun).size).toBe(begun.length);
        expect(new Set(ended).size).toBe(ended.length);
        expect(ended.filter((id) => !begun.includes(id))).toEqual([]);
        expect(openIds(books).map(Number).sort()).toEqual(begun.filter((id) => !ended.includes(id)).sort());
      }),
      { numRuns: Number(process.env.RUNS ?? 300) },
    );
  });
});

/** Transactions that go another way than the book's: ends out of order, unheard, of another controller. */

import { describe, expect, it } from "vitest";
import fc from "../../../test/fast-check.ts";
import type { ChargePointInput, EvseSample } from "../charge-point-input.ts";
import { Books, chargePoint, homeConfiguration, NOON_MS } from "../site/site.test-kit.ts";
import type { ConnectorStatus } from "../state/charge-points.ts";

type Started = Extract<ChargePointInput, { type: "transaction-started" }>;
type Ended = Extract<ChargePointInput, { type: "transaction-ended" }>;
type Metered = Extract<ChargePointInput, { type: "metered" }>;
const MINUTE_MS = 60_000;
const from = { chargePointId: "garage", connector: 1 } as const;

function start(changes: Partial<Started> = {}): Started {
  const base = { ...from, token: "CAFE", meterStartWh: 1000, atMs: NOON_MS, replayed: false };
  return { type: "transaction-started", ...base, ...changes };
}

function end(changes: Partial<Ended> = {}): Ended {
  const base = { meterStopWh: 9000, atMs: NOON_MS + 60 * MINUTE_MS, reason: "Local", replayed: false };
  return { type: "transaction-ended", chargePointId: "garage", ...base, ...changes };
}

function later(books: Books, minutes: number): Books {
  books.nowMs += minutes * MINUTE_MS;
  return books;
}

function values(books: Books, sample: Omit<EvseSample, "atMs">, changes: Partial<Metered> = {}) {
  return books.tell({ type: "metered", ...from, samples: [{ atMs: books.nowMs, ...sample }], ...changes });
}

function status(books: Books, word: ConnectorStatus) {
  return books.tell({ type: "status", ...from, status: word });
}

const types = (facts: readonly { readonly type: string }[]) => facts.map(({ type }) => type);
const openIds = (books: Books) => Object.keys(books.state.sessions.open);

describe("a message that comes again after the clock was understood", () => {
  it("is the same start, because it was written the same", () => {
    const books = new Books();
    const writtenMs = NOON_MS - 120 * MINUTE_MS;
    books.tell(start({ atMs: writtenMs, writtenMs }));
    expect(books.tell(start({ atMs: NOON_MS, writtenMs })).facts).toEqual([]);
    expect(openIds(books)).toEqual(["1"]);
  });

  it("is the same end without an id, when its corrected time differs by seconds", () => {
    const books = new Books();
    books.tell(start());
    later(books, 61).tell(end({ connector: 1 }));
    books.tell(start({ meterStartWh: 9000, atMs: NOON_MS + 30 * MINUTE_MS }));
    expect(books.tell(end({ connector: 1, atMs: NOON_MS + 60 * MINUTE_MS + 3000 })).facts).toEqual([]);
    expect(openIds(books)).toEqual(["2"]);
  });
});

describe("an end without an id", () => {
  it("does not end a transaction that began after it: it belongs to one that nobody heard of", () => {
    const books = later(new Books(), 120);
    books.tell(start({ atMs: books.nowMs }));
    expect(types(books.tell(end({ connector: 1 })).facts)).toEqual(["unknown-transaction-reported"]);
    expect(openIds(books)).toEqual(["1"]);
  });
});

describe("a 2.0.1 station that sends its queue out of order", () => {
  it("ends the transaction whose end came before its start, with register and reason", () => {
    const books = later(new Books(), 120);
    books.tell(end({ remoteId: "tx", reason: "EVDisconnected", replayed: true }));
    const late = books.tell(start({ remoteId: "tx", replayed: true }));
    expect(types(late.facts)).toEqual(["transaction-started", "transaction-ended"]);
    expect(openIds(books)).toEqual([]);
    expect(books.state.sessions.ended[0]).toMatchObject({ energyWh: 8000, stopReason: "EVDisconnected" });
    expect(books.tell(end({ remoteId: "tx", replayed: true })).facts).toEqual([]);
    expect(books.tell(start({ remoteId: "tx", replayed: true })).facts).toEqual([]);
  });
});

describe("a transaction that is found running", () => {
  const flowing = { currentA: [16, 16, 16] as const, energyWh: 5000 };

  it("of another controller is taken over, and ends by the id that it has there", () => {
    const books = new Books();
    const { facts, readings } = values(books, flowing, { transactionId: 1_745_408_128 });
    const adopted = { transactionId: 1, remoteId: "1745408128", adopted: true, meterStartWh: 5000 };
    expect(facts[0]!.data).toMatchObject(adopted);
    expect(readings).toHaveLength(1);
    expect(values(books, flowing, { transactionId: 1_745_408_128 }).facts).toEqual([]);
    later(books, 60).tell(end({ transactionId: 1_745_408_128 }));
    expect(books.state.sessions.ended[0]).toMatchObject({ transactionId: 1, energyWh: 4000 });
    expect(books.tell(end({ transactionId: 1_745_408_128 })).facts).toEqual([]);
    expect(books.tell(start({ atMs: books.nowMs })).answer.transactionId).toBe(2);
  });

  it("in OCPP 2.0.1 gets an id of ours; a start that is heard after all keeps its register", () => {
    const books = new Books();
    values(books, flowing, { remoteId: "tx" });
    expect(books.state.sessions.open[1]).toMatchObject({ remoteId: "tx", meterStartWh: 5000 });
    const late = books.tell(start({ remoteId: "tx", replayed: true }));
    expect(late.answer.transactionId).toBe(1);
    expect(late.facts[0]!.data).toMatchObject({ kind: "start-after-adoption", meterWh: 1000 });
    expect(books.tell(start({ remoteId: "tx", replayed: true })).facts).toEqual([]);
    expect(books.tell(start({ atMs: NOON_MS + 1 })).answer.transactionId).toBe(2);
  });

  it.each([
    [
      "its end is on record",
      (books: Books) => [start(), end({ transactionId: 1 })].map((input) => books.tell(input)),
      {},
    ],
    ["another car charges there", (books: Books) => books.tell(start()), { transactionId: 77 }],
    [
      "nothing flows: the last values after an end",
      () => undefined,
      { transactionId: 77, samples: [{ atMs: NOON_MS, powerW: 0 }] },
    ],
    ["it is history", () => undefined, { transactionId: 77, samples: [{ atMs: NOON_MS - 600_000, powerW: 900 }] }],
    ["the station says that it is late", () => undefined, { remoteId: "tx", replayed: true }],
    ["its id is none", () => undefined, { transactionId: 0 }],
  ] as const)("is left alone when %s", (_, before, changes) => {
    const books = new Books();
    before(books);
    const known = books.facts.length;
    values(books, flowing, { transactionId: 1, ...(changes as Partial<Metered>) });
    expect(types(books.facts.slice(known)).filter((type) => type !== "message-violated")).toEqual([]);
  });

  it("keeps its id to itself: no start at its charge point is given the same, and other charge points may have it too", () => {
    const twins = chargePoint("garage");
    twins.evses.push({ ...twins.evses[0]!, id: "right", connector: 2 });
    const books = new Books(homeConfiguration({ chargePoints: [twins, chargePoint("yard")] }));
    values(books, flowing, { transactionId: 2 });
    values(books, flowing, { transactionId: 2, chargePointId: "yard" });
    expect(openIds(books)).toEqual(["1", "2"]);
    expect(books.tell(start({ connector: 2 })).answer.transactionId).toBe(3);
    later(books, 60).tell(end({ transactionId: 2, meterStopWh: 6000 }));
    expect(openIds(books)).toEqual(["2", "3"]);
    books.tell(end({ transactionId: 2, chargePointId: "yard", meterStopWh: 7000 }));
    expect(books.state.sessions.ended.map(({ chargePointId, energyWh }) => [chargePointId, energyWh])).toEqual([
      ["garage", 1000],
      ["yard", 2000],
    ]);
    expect(openIds(books)).toEqual(["3"]);
  });

  it("never makes a later transaction of ours share its id", () => {
    const books = new Books();
    values(books, flowing, { transactionId: 1 });
    later(books, 60).tell(end({ transactionId: 1 }));
    const ours = books.tell(start({ atMs: books.nowMs }));
    expect(ours.answer.transactionId).toBe(2);
    later(books, 60).tell(end({ transactionId: 2, atMs: books.nowMs }));
    expect(openIds(books)).toEqual([]);
  });
});

describe("a car that is gone without a word", () => {
  function unplugged(): Books {
    const books = new Books();
    status(books, "charging");
    books.tell(start());
    later(books, 60);
    status(books, "available");
    return books;
  }
  const heartbeat = (books: Books) => books.tell({ type: "heartbeat", chargePointId: "garage" }).facts;
  function metered(books: Books, energyWh: number) {
    const slotStartMs = Math.floor(books.nowMs / 900_000) * 900_000 - 900_000;
    const data = { transactionId: 1, evseId: "garage-evse", slotStartMs, energyWh, costEur: 0, maxPowerW: 0 };
    books.record([{ type: "transaction-metered", source: "metering", data: { ...data, limitedBySeconds: {} } }]);
  }

  it("ends when its connector has been free for long, and its late end keeps the register", () => {
    const books = unplugged();
    later(books, 30);
    expect(heartbeat(books)).toEqual([]);
    later(books, 10);
    const [fact] = heartbeat(books);
    expect(fact).toMatchObject({ type: "transaction-ended", data: { reason: "unplugged-unheard" } });
    expect((fact!.data as { atMs: number }).atMs).toBe(NOON_MS + 60 * MINUTE_MS);
    expect(heartbeat(books)).toEqual([]);
    expect(books.tell(end({ transactionId: 1 })).facts[0]!.data).toMatchObject({ meterWh: 9000 });
  });

  it("is not gone while energy flows, whatever the status says", () => {
    const books = unplugged();
    for (let quarter = 0; quarter < 8; quarter++) {
      later(books, 15);
      metered(books, 500);
      expect(heartbeat(books)).toEqual([]);
    }
  });

  it("is not gone while it waits for its turn", () => {
    const books = unplugged();
    const limit = {
      evseId: "garage-evse",
      phases: 3,
      safeCurrentA: 6,
      expiresAtMs: 0,
      reason: { kind: "plan" as const },
    };
    books.record([{ type: "limit-changed", source: "guard", data: { ...limit, currentA: 0 } }]);
    later(books, 600);
    expect(heartbeat(books)).toEqual([]);
    books.record([{ type: "limit-changed", source: "guard", data: { ...limit, currentA: 16 } }]);
    expect(heartbeat(books)).toEqual([]);
  });

  it("is not gone because the charge point never told that the connector is taken", () => {
    const books = new Books();
    status(books, "available");
    books.tell(start());
    later(books, 600);
    expect(heartbeat(books)).toEqual([]);
  });
});

describe("a remote start", () => {
  const closed = { ...homeConfiguration().charging, acceptUnknownTokens: false, tokens: [] };
  const asked = { chargePointId: "garage", connectorId: 1, token: "wattledger", by: "api" };

  it("is welcome where only known tokens are, for as long as a charge point waits for the car, and may end it", () => {
    const books = new Books(homeConfiguration({ charging: closed }));
    const authorize = () => books.tell({ type: "authorize", chargePointId: "garage", token: "WattLedger" }).answer;
    expect(authorize()).toEqual({ tokenStatus: "unknown" });
    books.record([{ type: "remote-start-requested", source: "test", data: asked }]);
    later(books, 2);
    expect(authorize()).toEqual({ tokenStatus: "accepted" });
    expect(books.tell(start({ token: "wattledger", atMs: books.nowMs })).answer.tokenStatus).toBe("accepted");
    later(books, 60);
    expect(authorize()).toEqual({ tokenStatus: "unknown" });
    expect(books.tell(end({ transactionId: 1, token: "wattledger" })).answer.tokenStatus).toBe("accepted");
  });

  it("is welcome at the charge point that was asked, also when its start is heard hours later", () => {
    const books = new Books(
      homeConfiguration({ chargePoints: [chargePoint("garage"), chargePoint("yard")], charging: closed }),
    );
    books.record([{ type: "remote-start-requested", source: "test", data: asked }]);
    later(books, 300);
    const late = { token: "wattledger", atMs: NOON_MS + MINUTE_MS, replayed: true };
    expect(books.tell(start({ ...late, chargePointId: "yard" })).answer.tokenStatus).toBe("unknown");
    expect(books.tell(start(late)).answer.tokenStatus).toBe("accepted");
  });
});

describe("a message of a known transaction that does not say where", () => {
  it("is of the EVSE at which that transaction runs", () => {
    const twins = chargePoint("garage");
    twins.evses.push({ ...twins.evses[0]!, id: "right", connector: 2 });
    const books = new Books(homeConfiguration({ chargePoints: [twins] }));
    books.tell(start({ remoteId: "tx", connector: 2 }));
    const told = values(books, { powerW: 5000 }, { connector: 0, remoteId: "tx" });
    expect(told.readings).toMatchObject([{ evseId: "right" }]);
    const { facts } = books.tell({ type: "status", ...from, connector: 0, remoteId: "tx", status: "suspended-ev" });
    expect(facts[0]!.data).toMatchObject({ evseId: "right", status: "suspended-ev" });
  });
});

describe("a fault of the whole charge point", () => {
  it("is told, with its words, and so is its end, each once", () => {
    const books = new Books();
    const whole = (word: ConnectorStatus, info?: string) =>
      books.tell({
        ...{ type: "status" as const, chargePointId: "garage", connector: 0, status: word },
        ...(info === undefined ? {} : { info, errorCode: "OtherError" }),
      }).facts;
    expect(whole("available")).toEqual([]);
    expect(whole("faulted", "meter lost, at most 14 A")[0]!.data).toMatchObject({ info: "meter lost, at most 14 A" });
    expect(whole("faulted", "meter lost, at most 14 A")).toEqual([]);
    expect(types(whole("available"))).toEqual(["charge-point-status-changed"]);
    expect(whole("available")).toEqual([]);
    expect(books.state.chargePoints.byId.garage).toMatchObject({ status: "available" });
    expect(books.state.chargePoints.byId.garage).not.toHaveProperty("errorCode");
  });
});

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

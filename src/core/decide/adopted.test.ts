/** Transactions that are found running. */
import { describe, expect, it } from "vitest";
import { Books, chargePoint, homeConfiguration, NOON_MS } from "../site/site.test-kit.ts";
import { end, later, type Metered, openIds, start, types, values } from "./lifecycle.test-kit.ts";

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

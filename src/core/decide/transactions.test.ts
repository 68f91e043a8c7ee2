import { describe, expect, it } from "vitest";
import fc from "../../../test/fast-check.ts";
import type { ChargePointInput } from "../charge-point-input.ts";
import { Books, chargePoint, homeConfiguration, NOON_MS } from "../site/site.test-kit.ts";

type Started = Extract<ChargePointInput, { type: "transaction-started" }>;
type Ended = Extract<ChargePointInput, { type: "transaction-ended" }>;
const MINUTE_MS = 60_000;

function start(changes: Partial<Started> = {}): Started {
  return {
    type: "transaction-started",
    chargePointId: "garage",
    connector: 1,
    token: "CAFE0001",
    meterStartWh: 1000,
    atMs: NOON_MS,
    replayed: false,
    ...changes,
  };
}

function end(changes: Partial<Ended> = {}): Ended {
  return {
    type: "transaction-ended",
    chargePointId: "garage",
    meterStopWh: 9000,
    atMs: NOON_MS + 60 * MINUTE_MS,
    reason: "Local",
    replayed: false,
    ...changes,
  };
}

function types(facts: readonly { readonly type: string }[]): string[] {
  return facts.map((fact) => fact.type);
}

function anHourLater(books: Books): Books {
  books.nowMs += 60 * MINUTE_MS;
  return books;
}

describe("a transaction starts once", () => {
  it("is answered with the same id when the charge point sends the start again", () => {
    const books = new Books();
    const first = books.tell(start());
    const second = books.tell(start());
    expect(first.answer).toEqual({ transactionId: 1, tokenStatus: "accepted" });
    expect(second.answer).toEqual(first.answer);
    expect(types(books.facts)).toEqual(["transaction-started"]);
  });

  it("is answered with the old id even when the transaction has ended long ago", () => {
    const books = new Books();
    books.tell(start());
    anHourLater(books).tell(end({ transactionId: 1 }));
    expect(books.tell(start()).answer.transactionId).toBe(1);
    expect(types(books.facts)).toEqual(["transaction-started", "transaction-ended"]);
  });

  it("is known by the charge point's own id in OCPP 2.0.1, whatever else changed", () => {
    const books = new Books();
    const first = books.tell(start({ remoteId: "tx-77" }));
    const again = books.tell(start({ remoteId: "tx-77", atMs: NOON_MS + 5, replayed: true }));
    expect(again.answer.transactionId).toBe(first.answer.transactionId);
    expect(books.facts).toHaveLength(1);
  });

  it("is the same start when a charge point without a clock sends it twice and each is stamped anew", () => {
    const books = new Books();
    books.tell(start());
    const again = books.tell(start({ atMs: NOON_MS + MINUTE_MS }));
    expect(again.answer.transactionId).toBe(1);
    expect(again.facts).toEqual([]);
  });

  it("gives each transaction an id of its own, and goes round at the 31 bits of OCPP 1.6", () => {
    const books = new Books(homeConfiguration({ chargePoints: [chargePoint("garage"), chargePoint("yard")] }));
    books.tell(start({ chargePointId: "yard" }));
    const { sessions } = books.state;
    books.state = { ...books.state, sessions: { ...sessions, nextTransactionId: 2_147_483_647 } };
    expect(books.tell(start()).answer.transactionId).toBe(2_147_483_647);
    books.nowMs += MINUTE_MS;
    // 1 is still open at the yard.
    const next = books.tell(start({ meterStartWh: 2000, atMs: books.nowMs }));
    expect(next.answer.transactionId).toBe(2);
    expect(Object.keys(books.state.sessions.open)).toEqual(["1", "2"]);
  });
});

describe("the next car", () => {
  it("ends the transaction before it, whose end was never heard", () => {
    const books = new Books();
    books.tell(start());
    books.nowMs += 30 * MINUTE_MS;
    const next = books.tell(start({ token: "CAFE0002", meterStartWh: 5000, atMs: books.nowMs }));
    expect(types(next.facts)).toEqual(["transaction-ended", "transaction-started"]);
    expect(next.facts[0]!.data).toMatchObject({ transactionId: 1, reason: "superseded" });
    expect(next.facts[0]!.data).not.toHaveProperty("meterStopWh");
    expect(next.answer.transactionId).toBe(2);
  });

  it("is left alone by a replayed start from before it", () => {
    const books = new Books();
    books.nowMs += 60 * MINUTE_MS;
    books.tell(start({ token: "NOW", meterStartWh: 8000, atMs: books.nowMs }));
    const old = books.tell(start({ token: "OLD", replayed: true }));
    expect(types(old.facts)).toEqual(["transaction-started"]);
    expect(
      books.tell(end({ transactionId: old.answer.transactionId!, meterStopWh: 8000 })).facts[0]!.data,
    ).toMatchObject({ transactionId: 2, meterStopWh: 8000 });
    expect(Object.values(books.state.sessions.open).map((session) => session.token)).toEqual(["NOW"]);
  });

  it("keeps its wish when an older transaction of the same EVSE ends late", () => {
    const books = new Books();
    books.nowMs += 60 * MINUTE_MS;
    books.tell(start({ token: "NOW", meterStartWh: 8000, atMs: books.nowMs }));
    const wish = { evseId: "garage-evse", energyWh: 12_000, by: "driver" };
    books.record([{ type: "wish-stated", source: "api", data: wish }]);
    const old = books.tell(start({ token: "OLD", replayed: true }));
    books.tell(end({ transactionId: old.answer.transactionId! }));
    expect(books.state.sessions.wishes["garage-evse"]?.energyWh).toBe(12_000);
  });

  it("does not lose the register of the transaction that it superseded", () => {
    const books = new Books();
    books.tell(start());
    anHourLater(books).tell(start({ meterStartWh: 9000, atMs: books.nowMs }));
    const late = books.tell(end({ transactionId: 1 }));
    expect(types(late.facts)).toEqual(["unknown-transaction-reported"]);
    expect(late.facts[0]!.data).toMatchObject({ reportedId: "1", meterWh: 9000, kind: "end-after-superseded" });
    expect(books.tell(end({ transactionId: 1 })).facts).toEqual([]);
  });
});

describe("a transaction ends once", () => {
  it("is answered again, and is no news, when the end is sent again", () => {
    const books = new Books();
    books.tell(start());
    anHourLater(books);
    expect(types(books.tell(end({ transactionId: 1 })).facts)).toEqual(["transaction-ended"]);
    const again = books.tell(end({ transactionId: 1, atMs: NOON_MS + 61 * MINUTE_MS }));
    expect(again.facts).toEqual([]);
    expect(again.answer.tokenStatus).toBe("accepted");
    expect(books.state.sessions.ended[0]).toMatchObject({ energyWh: 8000, stopReason: "Local" });
  });

  it("is known by the charge point's own id in OCPP 2.0.1", () => {
    const books = new Books();
    books.tell(start({ remoteId: "tx-1" }));
    anHourLater(books);
    expect(books.tell(end({ remoteId: "tx-1" })).facts[0]!.data).toMatchObject({ transactionId: 1 });
    expect(books.tell(end({ remoteId: "tx-1" })).facts).toEqual([]);
  });

  it("says that nothing flows any more, when it ends now", () => {
    const books = new Books();
    books.tell(start());
    expect(anHourLater(books).tell(end({ transactionId: 1 })).readings).toEqual([
      { evseId: "garage-evse", currentA: [0, 0, 0], powerW: 0 },
    ]);
  });

  it.each([
    ["in a queue", { replayed: true }],
    ["minutes ago", { atMs: NOON_MS + 55 * MINUTE_MS }],
  ])("says nothing of now, when it ended %s", (_, changes) => {
    const books = new Books();
    books.tell(start());
    expect(anHourLater(books).tell(end({ transactionId: 1, ...changes })).readings).toEqual([]);
  });

  it("is found at the connector when the charge point lost the id, and not found twice", () => {
    const books = new Books();
    books.tell(start());
    anHourLater(books);
    const lost = end({ transactionId: -1, connector: 1 });
    expect(types(books.tell(lost).facts)).toEqual(["transaction-ended"]);
    books.tell(start({ meterStartWh: 9000, atMs: books.nowMs }));
    expect(books.tell(lost).facts).toEqual([]);
    expect(Object.keys(books.state.sessions.open)).toEqual(["2"]);
  });

  it("is not guessed when two transactions could be meant", () => {
    const twins = chargePoint("garage");
    twins.evses.push({ ...twins.evses[0]!, id: "right", connector: 2 });
    const books = new Books(homeConfiguration({ chargePoints: [twins] }));
    books.tell(start());
    books.tell(start({ connector: 2 }));
    anHourLater(books);
    expect(types(books.tell(end({ transactionId: 0 })).facts)).toEqual(["unknown-transaction-reported"]);
    expect(Object.keys(books.state.sessions.open)).toEqual(["1", "2"]);
  });

  it("is kept with its register when nobody saw it start", () => {
    const books = anHourLater(new Books());
    const unknown = books.tell(end({ transactionId: 4711 }));
    expect(unknown.answer.tokenStatus).toBe("accepted");
    expect(unknown.facts[0]!.data).toMatchObject({ reportedId: "4711", meterWh: 9000, kind: "end" });
    expect(books.tell(end({ transactionId: 4711 })).facts).toEqual([]);
  });

  it("cannot be ended by another charge point", () => {
    const books = new Books(homeConfiguration({ chargePoints: [chargePoint("garage"), chargePoint("yard")] }));
    books.tell(start());
    anHourLater(books);
    expect(types(books.tell(end({ chargePointId: "yard", transactionId: 1 })).facts)).toEqual([
      "unknown-transaction-reported",
    ]);
    books.tell(end({ transactionId: 1 }));
    expect(types(books.tell(end({ chargePointId: "yard", transactionId: 1, atMs: NOON_MS })).facts)).toEqual([
      "unknown-transaction-reported",
    ]);
  });

  it("goes on over a reboot of the charge point", () => {
    const books = new Books();
    books.tell(start());
    books.tell({ type: "booted", chargePointId: "garage", vendor: "Acme", model: "One" });
    expect(Object.keys(books.state.sessions.open)).toEqual(["1"]);
  });
});

describe("a stop register that cannot be true", () => {
  it.each([
    ["counts kWh where the start was in Wh", 1_000_000, 1008],
    ["lies below the start", 1_000_000, 400],
    ["tells the meter's whole life", 0, 12_345_678],
  ])("is noted and not billed when it %s", (_, meterStartWh, meterStopWh) => {
    const books = new Books();
    books.tell(start({ meterStartWh }));
    anHourLater(books);
    const stop = books.tell(end({ transactionId: 1, meterStopWh }));
    expect(types(stop.facts)).toEqual(["transaction-ended", "message-violated"]);
    expect(stop.facts[0]!.data).not.toHaveProperty("meterStopWh");
    expect(books.state.sessions.ended[0]!.energyWh).toBe(0);
  });

  it("does not mean that a night replayed without a clock is thrown away", () => {
    const books = new Books();
    books.tell(start({ replayed: true }));
    books.nowMs += 1000;
    books.tell(end({ transactionId: 1, meterStopWh: 61_000, atMs: books.nowMs, replayed: true }));
    expect(books.state.sessions.ended[0]!.energyWh).toBe(60_000);
  });
});

describe("a connector that is not in site.yaml", () => {
  it("is answered, booked under its own name, and told once an hour", () => {
    const books = new Books();
    const first = books.tell(start({ connector: 3 }));
    expect(first.answer.transactionId).toBe(1);
    expect(types(first.facts)).toEqual(["transaction-started", "message-violated"]);
    expect(first.facts[0]!.data).toMatchObject({ evseId: "garage:3" });
    const end3 = books.tell(end({ transactionId: 1 }));
    expect(types(end3.facts)).toEqual(["transaction-ended"]);
  });
});

describe("whatever a charge point sends", () => {
  const message = fc.oneof(
    fc.record({
      kind: fc.constant("start" as const),
      connector: fc.integer({ min: 1, max: 2 }),
      token: fc.constantFrom("A", "B"),
      meterStartWh: fc.constantFrom(0, 1000, 2000),
      minute: fc.integer({ min: 0, max: 5 }),
      replayed: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant("end" as const),
      transactionId: fc.integer({ min: -1, max: 5 }),
      minute: fc.integer({ min: 0, max: 5 }),
    }),
  );

  it("the books stay in order: ids once, ends once, nothing ends that did not start", () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), (messages) => {
        const twins = chargePoint("garage");
        twins.evses.push({ ...twins.evses[0]!, id: "right", connector: 2 });
        const books = new Books(homeConfiguration({ chargePoints: [twins] }));
        for (const sent of messages) {
          books.nowMs += 1000;
          const atMs = NOON_MS - sent.minute * MINUTE_MS;
          const { answer } =
            sent.kind === "start"
              ? books.tell(start({ ...sent, atMs }))
              : books.tell(end({ transactionId: sent.transactionId, atMs }));
          expect(answer.tokenStatus).toBeDefined();
        }
        const ids = (type: string) =>
          books.facts.flatMap((fact) =>
            fact.type === type ? [(fact.data as { transactionId: number }).transactionId] : [],
          );
        const [begun, ended] = [ids("transaction-started"), ids("transaction-ended")];
        expect(new Set(begun).size).toBe(begun.length);
        expect(new Set(ended).size).toBe(ended.length);
        expect(ended.every((id) => begun.includes(id))).toBe(true);
        expect(Object.keys(books.state.sessions.open)).toHaveLength(begun.length - ended.length);
      }),
    );
  });
});

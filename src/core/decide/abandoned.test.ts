/** Transactions whose car is gone without a word. */
import { describe, expect, it } from "vitest";
import { Books, NOON_MS } from "../site/site.test-kit.ts";
import { end, later, MINUTE_MS, start, status } from "./lifecycle.test-kit.ts";

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

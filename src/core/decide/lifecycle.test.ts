/** Transactions that go another way than the book's: told twice, ends out of order, starts from afar. */
import { describe, expect, it } from "vitest";
import { Books, chargePoint, homeConfiguration, NOON_MS } from "../site/site.test-kit.ts";
import type { ConnectorStatus } from "../state/charge-points.ts";
import { end, from, later, MINUTE_MS, openIds, start, types, values } from "./lifecycle.test-kit.ts";

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

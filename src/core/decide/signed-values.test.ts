import { describe, expect, it } from "vitest";
import type { SignedValue } from "../charge-point-input.ts";
import { Books, NOON_MS } from "../site/site.test-kit.ts";

const OCMF = 'OCMF|{"FV":"1.0","RD":[{"TX":"B","RV":1.10}]}|{"SA":"ECDSA-secp256r1-SHA256","SD":"30440220"}';

function signed(atMs: number, changes: Partial<SignedValue> = {}): SignedValue {
  const sampledValue = JSON.stringify({ value: OCMF, format: "SignedData", context: "Transaction.Begin" });
  return { atMs, timestamp: new Date(atMs).toISOString(), atEdge: true, sampledValue, ...changes };
}

function charging(remoteId?: string): Books {
  const books = new Books();
  const start = { chargePointId: "garage", connector: 1, meterStartWh: 1000, atMs: NOON_MS, replayed: false };
  books.tell({ type: "transaction-started", ...start, ...(remoteId === undefined ? {} : { remoteId }) });
  return books;
}

const from = { type: "signed-metered", chargePointId: "garage", connector: 1 } as const;

describe("a signed meter value", () => {
  it("is kept untouched with its transaction, once", () => {
    const books = charging();
    const tell = () => books.tell({ ...from, transactionId: 1, values: [signed(NOON_MS), signed(NOON_MS)] }).facts;
    const [fact, ...more] = tell();
    expect(more).toEqual([]);
    expect(fact).toMatchObject({ type: "signed-value-reported", data: { transactionId: 1, evseId: "garage-evse" } });
    expect(JSON.parse((fact!.data as { sampledValue: string }).sampledValue).value).toBe(OCMF);
    expect(tell()).toEqual([]);
  });

  it("finds its transaction by the station's own id, also after the end, or by its connector", () => {
    const station = charging("tx-9");
    station.tell({
      ...{ type: "transaction-ended", chargePointId: "garage", remoteId: "tx-9" },
      ...{ atMs: NOON_MS, reason: "Local", replayed: false },
    });
    expect(station.tell({ ...from, remoteId: "tx-9", values: [signed(NOON_MS)] }).facts[0]!.data).toMatchObject({
      transactionId: 1,
      remoteId: "tx-9",
    });
    const lost = charging().tell({ ...from, values: [signed(NOON_MS)] });
    expect(lost.facts[0]!.data).toMatchObject({ transactionId: 1 });
  });

  it("is kept although nobody saw the transaction start", () => {
    const { facts } = new Books().tell({ ...from, remoteId: "unheard", values: [signed(NOON_MS)] });
    expect(facts[0]!.data).toMatchObject({ remoteId: "unheard" });
    expect(facts[0]!.data).not.toHaveProperty("transactionId");
  });

  it("of every ten seconds in between is kept once a quarter-hour", () => {
    const books = charging();
    for (let second = 0; second < 3600; second += 10) {
      const value = signed(NOON_MS + second * 1000, { atEdge: false, sampledValue: `{"value":"${second}"}` });
      books.tell({ ...from, transactionId: 1, values: [value] });
    }
    expect(books.facts.filter(({ type }) => type === "signed-value-reported")).toHaveLength(4);
  });

  it("that is longer than any is told and not kept", () => {
    const { facts } = charging().tell({ ...from, values: [signed(NOON_MS, { sampledValue: "x".repeat(20_000) })] });
    expect(facts.map(({ type }) => type)).toEqual(["message-violated"]);
  });
});

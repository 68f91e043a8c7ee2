/** A full disk, and charge points that repeat what it refuses: the log says it once. */
import { describe, expect, it } from "vitest";
import { chargePoint, Station, siteOfTest } from "./station.test-kit.ts";

describe("what the ledger refuses of a charger", () => {
  it("is said once in the log, however often the charger repeats, and again when that comes back", async () => {
    const said: string[] = [];
    let full = true;
    const { server } = await siteOfTest([chargePoint("cp")], {
      log: { debug() {}, info() {}, warn() {}, error: (message) => void said.push(message) },
      answer: (input) => {
        if (full && input.type === "transaction-ended") throw new Error("disk full");
        return {};
      },
    });
    const station = await Station.open(server.port, "/ocpp/cp", ["ocpp1.6"]);
    const stop = { transactionId: -1, meterStop: 5, timestamp: new Date().toISOString() };
    const told: unknown[] = [];
    for (full of [true, true, true, false, true]) {
      station.received.length = 0;
      const answer = await station.call("StopTransaction", { ...stop, meterStop: 5 + told.length }, `s${told.length}`);
      told.push([answer[0], said.length]);
    }
    expect(told).toEqual([
      [4, 1],
      [4, 1],
      [4, 1],
      [3, 1],
      [4, 2],
    ]);
  });

  it("is said no more often because the meter values of a transaction that it refuses are taken", async () => {
    const said: string[] = [];
    const { server, inputs } = await siteOfTest([chargePoint("cp")], {
      log: { debug() {}, info() {}, warn() {}, error: (message) => void said.push(message) },
      answer: (input) => {
        if (input.type === "transaction-started") throw new Error("disk full");
        return {};
      },
    });
    const station = await Station.open(server.port, "/ocpp/cp", ["ocpp2.0.1"]);
    const sampled = { value: 1000, measurand: "Power.Active.Import" };
    const event = (eventType: string, seqNo: number) => ({
      ...{ eventType, seqNo, timestamp: new Date().toISOString(), evse: { id: 1 } },
      ...{ triggerReason: "MeterValuePeriodic", transactionInfo: { transactionId: "tx" } },
      ...(eventType === "Updated"
        ? { meterValue: [{ timestamp: new Date().toISOString(), sampledValue: [sampled] }] }
        : {}),
    });
    for (const id of ["1", "2", "3"]) {
      station.received.length = 0;
      expect((await station.call("TransactionEvent", event("Started", 0), `s${id}`))[0]).toBe(4);
      expect((await station.call("TransactionEvent", event("Updated", 1), `u${id}`))[0]).toBe(3);
    }
    expect(inputs.some(({ type }) => type === "metered")).toBe(true);
    expect(said).toHaveLength(1);
  });
});

import { describe, expect, it } from "vitest";
import type { ChargePointInput } from "../core/charge-point-input.ts";
import type { ConnectorStatus } from "../core/state/charge-points.ts";
import { Intake } from "./intake.ts";
import { TestClock } from "./station.test-kit.ts";

const HOUR_MS = 3_600_000;
const from = { chargePointId: "cp" } as const;
const status = (word: ConnectorStatus, connector = 1): ChargePointInput => ({
  ...{ type: "status", ...from, connector, status: word },
});

function intake(tell?: (input: ChargePointInput) => void) {
  const clock = new TestClock();
  const told: ChargePointInput[] = [];
  const problems: string[] = [];
  const of = new Intake({
    clock,
    tell: async (input) => {
      tell?.(input);
      told.push(input);
      return { tokenStatus: "accepted" };
    },
    flooded: (action, problem) => void problems.push(`${action}: ${problem}`),
  });
  return { clock, told, problems, of };
}

describe("a charge point that does not stop", () => {
  it("sending notifications fills no more than its share of the books, and that is said", async () => {
    const { clock, told, problems, of } = intake();
    for (let second = 0; second < 24 * 3600; second += 5) {
      await of.take("DataTransfer", {
        type: "notified",
        ...from,
        kind: "data-transfer",
        action: "DataTransfer",
        payload: "{}",
      });
      clock.advance(5_000);
    }
    expect(told.length).toBeGreaterThan(700);
    expect(told.length).toBeLessThan(60 + 24 * 30 + 2);
    expect(new Set(problems).size).toBe(1);
  });

  it("changing its status keeps its last word, and other connectors and the same word go through", async () => {
    const { clock, told, of } = intake();
    for (let n = 0; n < 5000; n++) await of.take("StatusNotification", status(n % 2 ? "charging" : "suspended-ev"));
    await of.take("StatusNotification", status("faulted"));
    const words = told.map((input) => (input as { status: string }).status);
    expect(words.filter((word, index) => word !== words[index - 1]).length).toBeLessThanOrEqual(60);
    clock.advance(60_000);
    await Promise.resolve();
    expect(told.at(-1)).toMatchObject({ status: "faulted" });
    const before = told.length;
    for (let n = 0; n < 100; n++) await of.take("StatusNotification", status("faulted"));
    expect(told.length).toBe(before + 100);
    clock.advance(HOUR_MS);
    await of.take("StatusNotification", status("available", 2));
    expect(told.at(-1)).toMatchObject({ connector: 2 });
  });

  it("does not lose a last word that the ledger refused", async () => {
    let full = false;
    const { clock, told, of } = intake(() => {
      if (full) throw new Error("disk full");
    });
    for (let n = 0; n < 61; n++) await of.take("StatusNotification", status(n % 2 ? "charging" : "suspended-ev"));
    full = true;
    clock.advance(60_000);
    await new Promise(setImmediate);
    full = false;
    clock.advance(60_000);
    await new Promise(setImmediate);
    expect(told.at(-1)).toMatchObject({ status: "suspended-ev" });
  });

  it("asking about tokens is answered, and kept up to a bound", async () => {
    const { told, of } = intake();
    for (let n = 0; n < 500; n++)
      expect(await of.take("Authorize", { type: "authorize", ...from, token: `T${n}` })).toEqual({
        tokenStatus: "accepted",
      });
    expect(told.filter((input) => input.type === "authorize" && !input.unrecorded)).toHaveLength(60);
  });

  it("starting transactions has to repeat them", async () => {
    const { told, problems, of } = intake();
    const start = { type: "transaction-started", ...from, connector: 1, replayed: true } as const;
    for (let n = 0; n < 400; n++) await of.take("StartTransaction", { ...start, atMs: n });
    await expect(of.take("StartTransaction", { ...start, atMs: 400 })).rejects.toThrow();
    expect(told).toHaveLength(400);
    expect(problems).toHaveLength(1);
  });
});

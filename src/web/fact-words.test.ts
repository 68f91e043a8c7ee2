import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Envelope } from "../core/facts/fact.ts";
import { factLine } from "./page/fact-words.ts";

const fixtures = readFileSync(new URL("../ledger/fixtures/facts.jsonl", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line.trim() !== "")
  .map((line) => JSON.parse(line) as Envelope);

const line = (type: string, data: object) => factLine({ type, data } as Envelope);

describe("a fact on the page", () => {
  it.each(
    [...new Map(fixtures.map((fact) => [fact.type, fact])).values()].map((fact) => [fact.type, fact] as const),
  )("%s has words of its own, without holes", (type, fact) => {
    expect(factLine(fact)).not.toBe(type);
    expect(factLine(fact)).not.toMatch(/undefined|NaN|\[object/);
  });

  it("says what a charge point reports in plain words, and adds what is wrong", () => {
    expect(line("evse-status-changed", { evseId: "stall-1", status: "suspended-ev", errorCode: "NoError" })).toBe(
      "stall-1 has a car that takes nothing",
    );
    const fault = { chargePointId: "yard", status: "faulted", errorCode: "GroundFailure", info: "RCD tripped" };
    expect(line("charge-point-status-changed", fault)).toBe(
      "Charge point yard has a fault: GroundFailure, RCD tripped",
    );
    expect(line("transaction-ended", { evseId: "stall-1", reason: "EVDisconnected" })).toBe(
      "stall-1: charging ended: the car was unplugged",
    );
  });

  it("names the fuse as the reasons of the cards do, and tells a battery's direction", () => {
    const shed = { circuitId: "grid", phase: 1, readingA: 86.7, limitA: 63, shedA: 26, evseIds: ["stall-1"] };
    expect(line("guard-intervened", shed)).toBe("Building fuse L2 at 86.7 of 63 A: 26 A taken from stall-1");
    const told = (powerW?: number) => line("battery-setpoint-changed", { deviceId: "roof", powerW });
    expect([told(2000), told(-1500), told(0), told()]).toEqual([
      "Battery roof is to charge with 2.0 kW",
      "Battery roof is to give 1.5 kW",
      "Battery roof is to rest",
      "Battery roof runs by itself",
    ]);
  });

  it("says what a driver said", () => {
    expect(line("wish-stated", { evseId: "stall-1", energyWh: 51_200, preference: "fast" })).toBe(
      "stall-1: the driver needs 51.2 kWh, prefers fast",
    );
  });
});

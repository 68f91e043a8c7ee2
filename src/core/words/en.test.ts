import { describe, expect, it } from "vitest";
import type { Reason } from "../reason.ts";
import { en } from "./en.ts";
import type { EvseWords } from "./words.ts";

function evse(reason: Reason, changes: Partial<EvseWords> = {}): EvseWords {
  return { limitA: 6, reason, status: "charging", online: true, charging: true, session: true, ...changes };
}

describe("why an EVSE gets what it gets", () => {
  const cases: [string, EvseWords][] = [
    [
      "6 A: building fuse L2 at 62 of 63 A, raises when other loads stop",
      evse({ kind: "circuit", circuitId: "grid", phase: 1, readingA: 62.4, limitA: 63 }),
    ],
    [
      "10.5 A: fuse garage at its limit of 22.0 kW, raises when other loads stop",
      evse({ kind: "circuit", circuitId: "garage", limitW: 22_000 }, { limitA: 10.46 }),
    ],
    [
      "waiting: cheaper from 01:15 (8.0 ct instead of 31.0 ct per kWh), ready by 06:40",
      evse(
        { kind: "plan", untilMs: 1, priceEurPerKwh: 0.31, laterEurPerKwh: 0.08 },
        { limitA: 0, until: "01:15", ready: "06:40" },
      ),
    ],
    [
      "waiting: planned from 01:15",
      evse({ kind: "plan", untilMs: 1, priceEurPerKwh: 0.171, laterEurPerKwh: 0.17 }, { limitA: 0, until: "01:15" }),
    ],
    [
      "waiting: the sun is sold now (30.0 ct per kWh), cheaper from 13:00, ready by 15:00",
      evse({ kind: "plan", untilMs: 1, soldEurPerKwh: 0.3 }, { limitA: 0, until: "13:00", ready: "15:00" }),
    ],
    [
      "6 A: goes on a moment, as cars are not switched too often; planned from 16:30, ready by 19:00",
      evse({ kind: "plan", limitA: 6 }, { resumes: "16:30", ready: "19:00" }),
    ],
    ["16 A: as planned, charges until 16:45", evse({ kind: "plan" }, { limitA: 16, ready: "16:45", isShort: true })],
    [
      "the plan has no more for this car: no more fits before it leaves",
      evse({ kind: "plan" }, { limitA: 0, isShort: true }),
    ],
    ["waiting: planned from 01:15", evse({ kind: "plan", untilMs: 1 }, { limitA: 0, until: "01:15" })],
    ["the plan has no more for this car: what was asked for is delivered", evse({ kind: "plan" }, { limitA: 0 })],
    [
      "begins in a moment, as planned, ready by 19:00",
      evse({ kind: "plan", limitA: 16 }, { limitA: 0, ready: "19:00" }),
    ],
    [
      "13 A: as planned; the charge point refuses its safe current: without the controller nothing would limit it",
      evse({ kind: "plan" }, { limitA: 13, withoutDefault: true }),
    ],
    [
      "13 A: as planned, until 22:15 if it stays so long",
      evse({ kind: "plan" }, { limitA: 13, ready: "22:15", isIfStays: true }),
    ],
    ["13 A: as planned, ready by Thu 06:40", evse({ kind: "plan" }, { limitA: 13, ready: "Thu 06:40" })],
    [
      "safe current 6 A: no reading from grid-meter for 12 s; power returns slowly when it answers",
      evse({ kind: "safe-mode", deviceId: "grid-meter" }, { readingAgeS: 12 }),
    ],
    [
      "safe current 0 A: no reading from grid-meter yet; power returns slowly when it answers",
      evse({ kind: "safe-mode", deviceId: "grid-meter" }, { limitA: 0 }),
    ],
    [
      "8 A: grid-meter answers again, power returns slowly",
      evse({ kind: "safe-mode", deviceId: "grid-meter" }, { limitA: 8, readingAgeS: 1 }),
    ],
    [
      "0 A: paused, building fuse L2 at 38 of 63 A has room again; power comes back to one car after another",
      evse({ kind: "paused", circuitId: "grid", phase: 1, limitA: 63, readingA: 38 }, { limitA: 0 }),
    ],
    [
      "0 A: paused a moment ago, goes on at 13:42: cars are not switched too often",
      evse({ kind: "paused", untilMs: 1 }, { limitA: 0, until: "13:42" }),
    ],
    [
      "6 A: the grid operator allows 4.2 kW (MQTT) until 18:00",
      evse({ kind: "grid-operator", limitW: 4200, by: "mqtt", untilMs: 1 }, { until: "18:00" }),
    ],
    [
      "6 A: the grid operator is silent (contact box): its fail-safe limit of 4.2 kW holds",
      evse({ kind: "grid-operator", limitW: 4200, by: "input:box", failSafe: true }),
    ],
    [
      "0 A: paused, the grid operator's 4.2 kW (API) leave less than the car's minimum",
      evse({ kind: "paused", limitW: 4200, by: "api:token" }, { limitA: 0 }),
    ],
    [
      "0 A: paused, a budget of 6.0 kW for all cars (API) leaves less than the car's minimum",
      evse({ kind: "paused", limitW: 6000, by: "api:token", budget: true }, { limitA: 0 }),
    ],
    [
      "0 A: paused, a partner's limit of 6.0 kW for the site (scsp) leaves less than the car's minimum",
      evse({ kind: "paused", limitW: 6000, by: "partner:scsp" }, { limitA: 0 }),
    ],
    ["16 A: full power until unplugged", evse({ kind: "override" }, { limitA: 16 })],
    [
      "16 A: nothing limits but the EVSE; not measured: 16 A a phase are assumed",
      evse({ kind: "maximum" }, { limitA: 16, assumedA: 16 }),
    ],
    ["no car", evse({ kind: "no-transaction" }, { session: false, status: "available" })],
  ];
  it.each(cases)("%s", (text, words) => {
    expect(en.because(words)).toBe(text);
  });

  it("is said for every reason, without holes", () => {
    const kinds: Reason["kind"][] = [
      "circuit",
      "unbalance",
      "safe-mode",
      "offline",
      "not-obeyed",
      "grid-operator",
      "raising",
      "override",
      "contract",
      "paused",
      "plan",
      "solar",
      "fair-share",
      "vehicle",
      "maximum",
      "no-transaction",
    ];
    for (const kind of kinds) {
      const text = en.because(evse({ kind }));
      expect(text.length).toBeGreaterThan(5);
      expect(text).not.toMatch(/undefined|NaN|null/);
    }
  });
});

describe("what the car is doing", () => {
  it.each<[string, Partial<EvseWords>]>([
    ["Charging with 11.0 kW, ready 06:40", { powerW: 11_040, ready: "06:40" }],
    ["Charging with 3.7 kW, until 22:15", { powerW: 3680, ready: "22:15", isIfStays: true }],
    ["Charging with 3.7 kW, until 16:45", { powerW: 3680, ready: "16:45", isShort: true }],
    ["Waiting until 01:15", { charging: false, limitA: 0, until: "01:15" }],
    ["Paused", { charging: false, limitA: 0 }],
    ["The car does not draw: full, or it waits", { charging: false, status: "suspended-ev" }],
    ["Plugged in, about to charge", { charging: false, powerW: 0 }],
    ["Charging, by the word of the charge point: how much is not measured", { charging: false, assumedA: 16 }],
    ["Perhaps a car charges that is not on record", { charging: false, session: false, assumedA: 6 }],
    ["Free", { session: false, charging: false, status: "available" }],
    ["Fault at the charge point", { session: false, charging: false, status: "faulted" }],
    ["Offline", { online: false, session: false }],
    ["Charging as far as we know: the charge point is offline", { online: false }],
  ])("%s", (text, changes) => {
    expect(en.sentence(evse({ kind: "plan" }, changes))).toBe(text);
  });
});

it("says of a disk that refuses how much waits in memory, where something does", () => {
  const about = { since: "13:05", reason: "The disk is full", lostFacts: 0 };
  const text = (waitingFacts: number) => en.ledger({ ...about, waitingFacts });
  expect(text(0)).toMatch(/^Nothing is recorded since 13:05: The disk is full\..*when the disk takes them\.$/);
  expect(text(1)).toMatch(/One fact waits in memory: do not switch off\.$/);
  expect(text(7)).toMatch(/7 facts wait in memory: do not switch off\.$/);
});

it("says of a damaged ledger what goes on, and what to do", () => {
  const text = en.ledgerDamage({ found: "13:05", reason: "fact 7 does not fit its checksum" });
  expect(text).toMatch(
    /^The ledger is damaged, found 13:05: fact 7 does not fit .*recording goes on.*wattledger restore/,
  );
});

describe("a plan that cannot be followed", () => {
  it("says that charging goes on, and where to look", () => {
    expect(en.planTrouble({ since: "13:05", where: "input.importEurPerKwh[3]" })).toBe(
      "No plan is made since 13:05: a price is no number (input.importEurPerKwh[3]). Fuses stay protected and charging goes on, by the last plan while it lasts, then in fair shares. Look at the tariff in site.yaml, and at what the price source sends.",
    );
    const where = ["input.buildingW[0]", "input.pvW[9]", "input.batteries[0].energyWh", "input.evses[2].minPowerW"];
    const advice = where.map((path) => en.planTrouble({ since: "13:05", where: path }).split(". ").at(-1));
    expect(advice.join(" ")).toMatch(/meters and .* inverter and .* battery under .* energy and departure/);
    expect(en.planTrouble({ since: "13:05", where: "result.evses[0].powerW[1]" })).toContain(
      "a value in the plan itself is no number",
    );
    expect(en.planTrouble({ since: "13:05" })).toMatch(/planning fails.*Restart wattledger/);
  });
});

describe("the site's word", () => {
  it("says why, since when, and what ends it", () => {
    const since = "13:05";
    expect(en.mode({ word: "normal", since })).toBe("Nothing limits the site.");
    expect(en.mode({ word: "normal", since, rising: 1 })).toBe(
      "Nothing limits the site; one car comes up step by step.",
    );
    expect(en.mode({ word: "normal", since, rising: 7 })).toContain("7 cars come up");
    expect(en.mode({ word: "safe", since, kind: "meter-absent", deviceId: "grid-meter", detail: "timed out" })).toBe(
      "No reading from grid-meter since 13:05 (timed out): every EVSE behind it is at its safe current. It ends when the meter answers; power then returns slowly.",
    );
    expect(en.mode({ word: "safe", since, kind: "meter-recovering" })).toBe(
      "Safe currents since 13:05, until the meter has answered for some seconds.",
    );
    expect(en.mode({ word: "limited", since, kind: "circuit", circuitId: "garage" })).toBe(
      "The fuse of garage limits charging since 13:05; it ends when other loads stop.",
    );
    expect(en.mode({ word: "limited", since, kind: "unbalance" })).toContain("between the phases");
    expect(en.mode({ word: "limited", since, kind: "grid-operator" })).toContain("grid operator");
  });
});

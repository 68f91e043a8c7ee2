import { describe, expect, it } from "vitest";
import { NOON_MS } from "../site/site.test-kit.ts";
import type { Stay } from "../state/stays.ts";
import { expectedHabit, leftByChance, likelyEnergyWh, silentEnergyWh } from "./outlook.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const visit = { evseId: "left", token: "ANNA", startedMs: NOON_MS };
const silent = { visit, departureKnown: false };

function stay(part: Partial<Stay> = {}): Stay {
  const startedMs = NOON_MS - 7 * DAY_MS;
  return { evseId: "right", startedMs, stayMs: 8 * HOUR_MS, energyWh: 10_000, cutShort: false, ...part };
}

const times = (count: number, part: Partial<Stay>) => Array.from({ length: count }, () => stay(part));

function chanceAt(
  stays: readonly Stay[],
  hours: number,
  nowHours = 0,
  saidHours?: number,
  more: { vouched?: boolean } = {},
): number {
  const said =
    saidHours === undefined ? {} : { said: { departureMs: NOON_MS + saidHours * HOUR_MS, statedMs: NOON_MS } };
  const nowMs = NOON_MS + nowHours * HOUR_MS;
  const question = { stays, visit, nowMs, assumedStayMs: 8 * HOUR_MS, timeZone: "UTC", ...said, ...more };
  return leftByChance(question)(NOON_MS + hours * HOUR_MS);
}

describe("when a car has left", () => {
  it("is by the word of a driver who is not known as often early as measured elsewhere", () => {
    expect(chanceAt([], 1.75, 0, 5)).toBeCloseTo(0.05);
    expect(chanceAt([], 2.75, 0, 5)).toBeCloseTo(0.1);
    expect(chanceAt([], 5, 0, 5)).toBeCloseTo(0.3);
  });

  it("is never before what was said where the owner vouches for it, until it was seen not to hold", () => {
    const vouched = { vouched: true };
    expect(chanceAt([], 4.9, 0, 5, vouched)).toBe(0);
    expect(chanceAt([], 5, 0, 5, vouched)).toBe(1);
    const early = times(10, { token: "ANNA", saidMs: 8 * HOUR_MS, keptMs: 4 * HOUR_MS });
    expect(chanceAt(early, 4.1, 0, 8, vouched)).toBeGreaterThan(0.4);
  });

  it("is small in the night for who said the next morning: who is there at midnight leaves when people get up", () => {
    // Noon until eight o'clock of the next day.
    const [midnight, five, eight] = [12, 17, 20].map((hours) => chanceAt([], hours, 0, 20));
    // Twelve of twenty hours; five in the morning is no 17 of twenty.
    expect(midnight).toBeCloseTo(0.119, 2);
    expect(five).toBeLessThan(0.21);
    expect(eight! - five!).toBeGreaterThan(0.09);
    expect(eight).toBeCloseTo(0.3);
  });

  it("is ever likelier, and never likely now, when the car is seen to be here", () => {
    const chances = [4, 5, 6, 8, 10].map((hours) => chanceAt([], hours, 4, 10));
    expect(chances[0]).toBe(0);
    expect([...chances].sort((a, b) => a - b)).toEqual(chances);
    // Half an hour later, the half-hour that passed is no danger any more.
    expect(chanceAt([], 8, 7.5, 10)).toBeLessThan(chanceAt([], 8, 4, 10));
  });

  it("is learned: a driver who always leaves at half of what was said is expected to", () => {
    const anna = times(10, { token: "ANNA", saidMs: 8 * HOUR_MS, keptMs: 4 * HOUR_MS });
    expect(chanceAt(anna, 2, 0, 8)).toBeLessThan(0.1);
    expect(chanceAt(anna, 4, 0, 8)).toBeCloseTo(0.5);
    expect(chanceAt(anna, 6, 0, 8)).toBeGreaterThan(0.9);
    // Of ten hours half of them, or four hours less: nobody knows which.
    expect(chanceAt(anna, 5, 0, 10)).toBeCloseTo(0.375, 1);
    expect(chanceAt(anna, 6, 0, 10)).toBeGreaterThan(0.5);
    expect(chanceAt(anna, 8.1, 0, 10)).toBeGreaterThan(0.9);
  });

  it("is as likely an hour before as an hour after the time at which somebody left who had said another: nothing is safe until then", () => {
    const early = times(3, { saidMs: 10 * HOUR_MS, keptMs: 6 * HOUR_MS });
    expect(chanceAt(early, 5.9, 0, 10)).toBeGreaterThan(0.3);
    expect(chanceAt(early, 6.1, 0, 10)).toBeLessThan(0.5);
    // What was kept is known to the quarter-hour.
    const kept = times(3, { saidMs: 10 * HOUR_MS, keptMs: 9.9 * HOUR_MS });
    expect(chanceAt(kept, 9.8, 0, 10)).toBeLessThan(0.1);
  });

  it("is learned from those who said as much: that short words are broken says little of long ones", () => {
    const short = times(40, { saidMs: HOUR_MS, keptMs: HOUR_MS / 2 });
    const long = times(10, { saidMs: 9 * HOUR_MS, keptMs: 9 * HOUR_MS });
    expect(chanceAt([...short, ...long], 0.6, 0, 1)).toBeGreaterThan(0.6);
    expect(chanceAt([...short, ...long], 9.7, 0, 10)).toBeLessThan(0.45);
  });

  it("costs little once words prove right: after a day of kept ones the risk is half of a stranger's, after a week a third", () => {
    const kept = { saidMs: 8 * HOUR_MS, keptMs: 8 * HOUR_MS };
    const before = chanceAt([], 9.9, 0, 10);
    expect(chanceAt(times(4, kept), 9.9, 0, 10)).toBeLessThan(before / 2);
    expect(chanceAt(times(25, kept), 9.9, 0, 10)).toBeLessThan(before / 3);
    expect(chanceAt(times(2, { ...kept, token: "ANNA" }), 9.9, 0, 10)).toBeLessThan(before / 2.5);
  });

  it("is what others do only in part: one known driver outweighs ten strangers", () => {
    const strangers = times(10, { saidMs: 8 * HOUR_MS, keptMs: 2 * HOUR_MS, startedMs: NOON_MS - 2.3 * DAY_MS });
    const anna = times(5, { token: "ANNA", saidMs: 8 * HOUR_MS, keptMs: 8 * HOUR_MS });
    expect(chanceAt([...strangers, ...anna], 9, 0, 10)).toBeLessThan(0.25);
  });

  it("follows the stays of the site where nothing was said", () => {
    expect(chanceAt(times(30, { stayMs: 2 * HOUR_MS }), 2.5)).toBeGreaterThan(0.75);
    expect(chanceAt(times(30, { stayMs: 9 * HOUR_MS }), 2.5)).toBeLessThan(0.1);
    // Who says nothing does as others who said nothing.
    const spoke = times(20, { stayMs: 9 * HOUR_MS, saidMs: 9 * HOUR_MS, keptMs: 9 * HOUR_MS });
    expect(chanceAt([...spoke, ...times(10, { stayMs: HOUR_MS })], 1.5)).toBeGreaterThan(0.4);
  });
});

describe("where nothing was said", () => {
  it("three of ten are expected to leave in the first third of what the site assumes", () => {
    expect(chanceAt([], 2.8)).toBeCloseTo(0.3);
    expect(chanceAt([], 8)).toBeCloseTo(0.6);
  });

  it("those who stayed over night are expected to leave by the clock, whenever they come", () => {
    // They came three hours earlier, and left when this one will have been here for thirteen hours.
    const overnight = times(40, { startedMs: NOON_MS - 7 * DAY_MS - 3 * HOUR_MS, stayMs: 16 * HOUR_MS });
    const soon = chanceAt(overnight, 12.9, 3);
    expect(chanceAt(overnight, 13.1, 3) - soon).toBeGreaterThan(0.2);
    expect(chanceAt(overnight, 15.9, 3) - chanceAt(overnight, 13.1, 3)).toBeLessThan(0.1);
  });

  it("at a home its driver is believed after two nights, unless others come, too", () => {
    const anna = times(2, { token: "ANNA", stayMs: 13 * HOUR_MS });
    const guests = times(3, { token: "GUEST", stayMs: 13 * HOUR_MS });
    expect(chanceAt(anna, 8)).toBeLessThan(0.2);
    expect(chanceAt([...anna, ...guests], 8)).toBeGreaterThan(chanceAt(anna, 8));
  });

  it("a resident who stays every night is believed, however many visitors a busy site has seen", () => {
    const visitors = times(400, { stayMs: HOUR_MS });
    const anna = times(6, { token: "ANNA", stayMs: 13 * HOUR_MS });
    expect(chanceAt(visitors, 8)).toBeGreaterThan(0.9);
    expect(chanceAt([...visitors, ...anna], 8)).toBeLessThan(0.3);
    expect(chanceAt([...visitors, ...anna], 14)).toBeGreaterThan(0.9);
  });

  it("those who came at another time of the day say little", () => {
    const atNight = times(20, { startedMs: NOON_MS - 7.5 * DAY_MS, stayMs: HOUR_MS });
    const alike = times(20, { stayMs: HOUR_MS });
    expect(chanceAt(atNight, 1.5)).toBeLessThan(chanceAt(alike, 1.5) / 2);
  });
});

describe("what a car takes", () => {
  it("is more than was asked for where drivers ask for too little, half as much again at most; not for a stranger's first time", () => {
    const question = { visit, askedWh: 10_000, deliveredWh: 0 };
    const half = { token: "ANNA", askedWh: 10_000, energyWh: 20_000 };
    expect(likelyEnergyWh({ ...question, stays: times(5, half) })).toBe(15_000);
    expect(likelyEnergyWh({ ...question, stays: times(5, { ...half, energyWh: 12_000 }) })).toBe(12_000);
    expect(likelyEnergyWh({ ...question, stays: times(1, { ...half, token: "BERT" }) })).toBeLessThan(10_000);
    // One of five who asks for too little is nothing that is planned for all.
    const right = times(16, { askedWh: 10_000, energyWh: 10_000 });
    expect(likelyEnergyWh({ ...question, stays: [...right, ...times(3, { ...half, token: "BERT" })] })).toBe(10_000);
  });

  it("is probably less than was asked where nobody was seen to take more", () => {
    const question = { stays: [], visit, askedWh: 40_000, deliveredWh: 0 };
    expect(likelyEnergyWh(question)).toBeGreaterThan(28_000);
    expect(likelyEnergyWh(question)).toBeLessThan(36_000);
    expect(likelyEnergyWh({ ...question, deliveredWh: 39_990 })).toBeLessThanOrEqual(40_000);
  });

  it("is what was asked for where the owner vouches for it", () => {
    const question = { stays: [], visit, askedWh: 40_000, deliveredWh: 0, vouched: true };
    expect(likelyEnergyWh(question)).toBe(40_000);
    const half = times(30, { token: "ANNA", askedWh: 40_000, energyWh: 20_000 });
    expect(likelyEnergyWh({ ...question, stays: half })).toBeLessThan(40_000);
  });

  it("moves on while the car goes on taking", () => {
    const likely = [0, 10_000, 20_000, 35_000].map((deliveredWh) =>
      likelyEnergyWh({ stays: [], visit, askedWh: 40_000, deliveredWh }),
    );
    expect([...likely].sort((a, b) => a - b)).toEqual(likely);
    expect(likely.at(-1)).toBeGreaterThan(38_000);
  });

  it("is all that was asked for by a driver who always takes it, and by those who left while charging", () => {
    const all = { token: "ANNA", askedWh: 20_000, energyWh: 20_000 };
    const cut = { ...all, energyWh: 5_000, cutShort: true };
    for (const part of [all, cut])
      expect(likelyEnergyWh({ stays: times(10, part), visit, askedWh: 40_000, deliveredWh: 0 })).toBe(40_000);
  });

  it("is, where nothing was asked for, what others took who had taken as much: a large battery is not planned by the small", () => {
    const small = times(60, { energyWh: 5_000 });
    const large = times(4, { energyWh: 40_000 });
    const likely = (deliveredWh: number) =>
      silentEnergyWh({ stays: [...small, ...large], ...silent, assumedWh: 12_000, deliveredWh });
    expect(likely(0)).toBe(5_000);
    expect(likely(12_000)).toBe(40_000);
    expect(likely(55_000)).toBeUndefined();
  });

  it("is rather much where nothing is known, and more where the departure is: after the cheapest hours nothing can be made up", () => {
    const question = { stays: [], ...silent, assumedWh: 12_000, deliveredWh: 0 };
    const likely = silentEnergyWh(question)!;
    expect(likely).toBeGreaterThan(12_000);
    expect(likely).toBeLessThan(20_000);
    expect(silentEnergyWh({ ...question, departureKnown: true })).toBeGreaterThan(likely * 1.2);
  });

  it("is, where the departure is known, more than the driver ever took: nobody takes the same twice", () => {
    const anna = times(25, { token: "ANNA", energyWh: 8_000 });
    const question = { stays: anna, ...silent, assumedWh: 12_000, deliveredWh: 0 };
    expect(silentEnergyWh({ ...question, departureKnown: true })).toBeCloseTo(10_400);
    expect(silentEnergyWh(question)).toBe(8_000);
  });

  it("is what the driver took before, not what a site full of large batteries takes", () => {
    const large = times(300, { energyWh: 45_000 });
    const anna = times(12, { token: "ANNA", energyWh: 8_000 });
    const question = { ...silent, assumedWh: 12_000, deliveredWh: 0 };
    expect(silentEnergyWh({ stays: [...large, ...times(25, { token: "ANNA", energyWh: 8_000 })], ...question })).toBe(
      8_000,
    );
    expect(silentEnergyWh({ stays: [...large, ...anna], ...question, deliveredWh: 9_000 })).toBe(45_000);
  });

  it("and how long it stays come from stays alike where nothing was said", () => {
    const assumed = { stayMs: 8 * HOUR_MS, energyWh: 20_000 };
    expect(expectedHabit([], visit, assumed)).toEqual(assumed);
    const anna = times(20, { token: "ANNA", stayMs: 3 * HOUR_MS, energyWh: 7_000 });
    expect(expectedHabit(anna, visit, assumed)).toEqual({ stayMs: 3 * HOUR_MS, energyWh: 7_000 });
  });
});

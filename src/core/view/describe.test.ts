import { Value } from "typebox/value";
import { describe, expect, it } from "vitest";
import type { ProcessImage } from "../image.ts";
import { Books, homeBattery, homeConfiguration, meter, NOON_MS } from "../site/site.test-kit.ts";
import { SLOT_MS } from "../time/slots.ts";
import { describeSite } from "./describe.ts";
import { LiveSiteSchema } from "./view.ts";

const MONO_MS = 500_000;
const battery = homeBattery;

interface Seen {
  readonly gridW?: number;
  readonly pvW?: number;
  readonly batteryW?: number;
  readonly evseA?: readonly [number, number, number];
  readonly registerWh?: number;
  readonly meterAgeMs?: number;
}

function image({ gridW, pvW, batteryW, evseA, registerWh, meterAgeMs = 0 }: Seen): ProcessImage {
  const at = { atMonoMs: MONO_MS };
  const one = <T>(key: string, value: T | undefined) => new Map(value === undefined ? [] : [[key, value]]);
  return {
    nowMs: NOON_MS + SLOT_MS,
    monoMs: MONO_MS,
    wallTrusted: true,
    importEurPerKwh: 0.3,
    meters: one(
      "grid-meter",
      gridW === undefined ? undefined : { deviceId: "grid-meter", atMonoMs: MONO_MS - meterAgeMs, powerW: gridW },
    ),
    pvs: one("roof", pvW === undefined ? undefined : { deviceId: "roof", ...at, powerW: pvW }),
    batteries: one(
      "roof",
      batteryW === undefined ? undefined : { deviceId: "roof", ...at, powerW: batteryW, socPercent: 61 },
    ),
    evses: one(
      "garage-evse",
      evseA && {
        evseId: "garage-evse",
        ...at,
        currentA: evseA,
        ...(registerWh === undefined ? {} : { energyWh: registerWh }),
      },
    ),
  };
}

function charging(configuration = homeConfiguration()): Books {
  const books = new Books(configuration);
  books.tell({ type: "connected", chargePointId: "garage", protocol: "ocpp1.6", remote: "192.0.2.7" });
  books.tell({ type: "status", chargePointId: "garage", connector: 1, status: "charging" });
  const start = { chargePointId: "garage", connector: 1, token: "CAFE0001", meterStartWh: 1000, replayed: false };
  books.tell({ type: "transaction-started", ...start, atMs: NOON_MS });
  return books;
}

function picture(books: Books, seen: Seen, reason: Parameters<typeof describeSite>[0]["decisions"][number]["reason"]) {
  const { site, state } = books;
  const decisions = [{ evseId: "garage-evse", currentA: 10, reason }];
  const live = describeSite({ site, state, image: image(seen), circuits: [], decisions, simulated: false });
  expect(Value.Check(LiveSiteSchema, live)).toBe(true);
  return live;
}

describe("the live picture", () => {
  it("shows a charging car with its energy, its cost and the reason of its limit", () => {
    const reason = { kind: "circuit", circuitId: "grid", phase: 0, readingA: 34.6, limitA: 35 } as const;
    const live = picture(charging(), { gridW: 9000, evseA: [10, 10, 0], registerWh: 2500 }, reason);
    expect(live.evses[0]).toMatchObject({
      status: "charging",
      online: true,
      tokenHint: "0001",
      energyWh: 1500,
      askedWh: 20_000,
      costEur: 0.45,
      powerW: 4600,
      phasesInUse: 2,
      limitA: 10,
      because: "10 A: building fuse L1 at 35 of 35 A, raises when other loads stop",
      sentence: "Charging with 4.6 kW",
    });
    expect(JSON.stringify(live)).not.toContain("CAFE0001");
  });

  it("puts the EVSE's currents on the phases of the grid", () => {
    const configuration = homeConfiguration();
    configuration.chargePoints[0]!.evses[0]!.phases = ["L3", "L1", "L2"];
    const live = picture(charging(configuration), { evseA: [10, 9, 8] }, { kind: "maximum" });
    expect(live.evses[0]!.currentA).toEqual([9, 8, 10]);
  });

  it("balances the flows", () => {
    const devices = [meter("grid-meter"), { ...meter("roof", 2), role: "hybrid" as const, battery }];
    const books = charging(homeConfiguration({ devices }));
    const { flow } = picture(books, { gridW: 1000, pvW: 6000, batteryW: -500, evseA: [10, 10, 0] }, { kind: "solar" });
    expect(flow).toEqual({
      gridW: 1000,
      pvW: 6000,
      batteryW: -500,
      batterySocPercent: 61,
      evsesW: 4600,
      buildingW: 2900,
    });
  });

  it("shows nothing rather than a guess where something does not answer", () => {
    const devices = [meter("grid-meter"), { ...meter("roof", 2), role: "hybrid" as const, battery }];
    const books = charging(homeConfiguration({ devices }));
    expect(picture(books, { gridW: 1000 }, { kind: "solar" }).flow).toEqual({ gridW: 1000 });
    expect(picture(charging(), { evseA: [6, 6, 6] }, { kind: "maximum" }).flow).toEqual({ evsesW: 4140 });
  });

  it("says that nothing limits the site, and how many cars still come up", () => {
    const books = charging();
    books.record([{ type: "site-mode-changed", source: "guard", data: { mode: "normal" } }]);
    const text = (reason: Parameters<typeof picture>[2]) => picture(books, { gridW: 0 }, reason).mode.text;
    expect(text({ kind: "maximum" })).toBe("Nothing limits the site.");
    const rising = "Nothing limits the site; one car comes up step by step.";
    expect(text({ kind: "raising", limitA: 16 })).toBe(rising);
    expect(text({ kind: "paused", untilMs: NOON_MS + 2 * SLOT_MS })).toBe(rising);
  });

  it("says that facts on the disk are not whole any more, and that no new plan is followed", () => {
    const { site, state } = charging();
    const now = image({});
    const damage = { foundMs: now.nowMs, reason: "fact 7 does not fit its checksum" };
    const ledger = { backlog: 0, dropped: 0, damage };
    const planTrouble = { sinceMs: now.nowMs, where: "input.pvW[0]" };
    const about = { site, state, image: now, circuits: [], decisions: [], simulated: false };
    const live = describeSite({ ...about, ledger, planTrouble });
    expect(Value.Check(LiveSiteSchema, live)).toBe(true);
    expect(live.ledgerDamage).toMatchObject({
      foundMs: now.nowMs,
      text: expect.stringContaining("fact 7 does not fit"),
    });
    expect(live.planTrouble).toMatchObject({ sinceMs: now.nowMs, text: expect.stringContaining("input.pvW[0]") });
    expect(live).not.toHaveProperty("ledger");
    const whole = describeSite({ ...about, ledger: { backlog: 0, dropped: 0 } });
    expect([whole.ledgerDamage, whole.planTrouble]).toEqual([undefined, undefined]);
  });

  it("says for how long the meter has been silent", () => {
    const reason = { kind: "safe-mode", deviceId: "grid-meter" } as const;
    const live = picture(charging(), { gridW: 9000, meterAgeMs: 12_000 }, reason);
    expect(live.evses[0]!.because).toContain("no reading from grid-meter for 12 s");
    expect(live.meter).toEqual({ deviceId: "grid-meter", quality: "absent", ageMs: 12_000 });
    expect(live.flow).not.toHaveProperty("gridW");
  });

  /** Half an hour of nothing, half an hour of 7 kW, by a plan that leaves so much out. */
  function planned(shortfallWh: number, evse: object = {}, powerW = [0, 0, 7000, 7000, 0, 0]): Books {
    const books = charging();
    const evses = [{ evseId: "garage-evse", transactionId: 1, powerW, shortfallWh }];
    const nothing = { batteryW: [], gridW: [], curtailedW: [] };
    const result = { status: "feasible", detail: "Not proven", costEur: 1, gap: 0.02, solveMs: 20, evses, ...nothing };
    const input = { startMs: NOON_MS, slots: 6, evses: [{ transactionId: 1, ...evse }] };
    const data = { trigger: "quarter-hour", input, result };
    books.record([{ type: "plan-made", source: "planner", data } as never]);
    return books;
  }

  it("tells by the plan until when the car charges and what will be missing, in local time", () => {
    const live = picture(planned(1200.4), { gridW: 0 }, { kind: "plan", untilMs: NOON_MS + 2 * SLOT_MS });
    expect(live.evses[0]).toMatchObject({ readyMs: NOON_MS + 4 * SLOT_MS, shortfallWh: 1200 });
    expect(live.evses[0]).not.toHaveProperty("shortfallUnsure");
    expect(live.plan).toMatchObject({ status: "feasible", detail: "Not proven", gap: 0.02, solveMs: 20 });
    // 13:00 UTC is 14:00 in Berlin; the plan begins at 13:30, the car has not been switched off yet.
    expect(live.evses[0]!.because).toBe(
      "10 A: goes on a moment, as cars are not switched too often; planned from 13:30, charges until 14:00",
    );
  });

  it("has no car ready after it leaves by its driver's word; where the leaving is guessed, only if it stays so long", () => {
    const departureMs = NOON_MS + 3.5 * SLOT_MS;
    const plan = { kind: "plan", limitA: 10 } as const;
    const said = planned(0);
    said.record([{ type: "wish-stated", source: "test", data: { evseId: "garage-evse", departureMs, by: "x" } }]);
    const [evse] = picture(said, { gridW: 0 }, plan).evses;
    expect(evse).toMatchObject({ readyMs: departureMs, departureMs });
    expect(evse!.because).toContain("ready by 13:52");
    const guessed = planned(0, {}, [0, 0, 7000, 7000, 0, 7000]);
    expect(picture(guessed, { gridW: 0 }, plan).evses[0]!.because).toContain("ready by 14:30");
    guessed.site.configuration.charging.defaultStayHours = 0.5;
    const [unsure] = picture(guessed, { gridW: 0 }, plan).evses;
    expect(unsure!.readyMs).toBe(NOON_MS + 6 * SLOT_MS);
    expect(unsure!.because).toContain("until 14:30 if it stays so long");
  });

  it("calls a car ready of which next to nothing is missing, and no loss sure of one that has not shown its power", () => {
    const near = picture(planned(30), { gridW: 0 }, { kind: "circuit" });
    expect(near.evses[0]).not.toHaveProperty("shortfallWh");
    const unshown = picture(planned(9000, { laterPowerW: 4140 }), { gridW: 0 }, { kind: "circuit" });
    expect(unshown.evses[0]).toMatchObject({ shortfallWh: 9000, shortfallUnsure: true });
  });

  it("does not know yet what will be missing where the car stays beyond the plan", () => {
    const stays = picture(planned(9000, { departureMs: NOON_MS + 7 * SLOT_MS }), { gridW: 0 }, { kind: "circuit" });
    expect(stays.evses[0]).not.toHaveProperty("shortfallWh");
    expect(stays.evses[0]).not.toHaveProperty("readyMs");
  });

  it("calls no car short of more than is asked for it", () => {
    const [evse] = picture(planned(90_000), { gridW: 0 }, { kind: "circuit" }).evses;
    expect(evse!.askedWh).toBeLessThan(60_000);
    expect(evse!.shortfallWh).toBe(evse!.askedWh);
  });

  it("calls no driver short of what nobody asked for, though such drivers usually take it", () => {
    const more = picture(planned(3000, { notAskedWh: 3000 }), { gridW: 0 }, { kind: "circuit" });
    expect(more.evses[0]).not.toHaveProperty("shortfallWh");
    const both = picture(planned(4000, { notAskedWh: 3000 }), { gridW: 0 }, { kind: "circuit" });
    expect(both.evses[0]).toMatchObject({ shortfallWh: 1000 });
  });

  it("shows an EVSE that was never heard of as what it is", () => {
    const { site, state } = new Books();
    const live = describeSite({ site, state, image: image({}), circuits: [], decisions: [], simulated: true });
    expect(live.evses[0]).toMatchObject({ online: false, status: "unknown", limitA: 6, sentence: "Offline" });
    expect(live.mode).toMatchObject({ word: "safe" });
    expect(live.site).toMatchObject({ name: "home", simulated: true });
  });
});

import { describe, expect, it } from "vitest";
import type { ProcessImage } from "../../core/image.ts";
import type { PerPhase } from "../../core/quantity.ts";
import { homeBattery } from "../../core/site/site.test-kit.ts";
import type { SiteConfiguration } from "../../core/site/site.ts";
import { type SiteModel, siteModel } from "../../core/site/site-model.ts";
import { initialState, type SiteState } from "../../core/state/state.ts";
import { SLOT_MS } from "../../core/time/slots.ts";
import { START_MS } from "../plan-input.test-kit.ts";
import { ruleBasedPlan } from "../rules/rules.ts";
import { verifyPlan } from "../verify/verify.ts";
import { binarySlots, buildPlanInput } from "./input.ts";
import { exportCapW, firstUnsoundInput, importCapW, mostPowerW } from "./limits.ts";

const NOW_MS = START_MS + 60_000;

function evse(id: string, circuit: string) {
  const phases = ["L2", "L3", "L1"] as const;
  return {
    id,
    connector: 1,
    circuit,
    phases: [...phases],
    minCurrentA: 6,
    maxCurrentA: 16,
    safeCurrentA: 6,
    priority: 5,
  };
}

const configuration = {
  site: { id: "home", name: "", timeZone: "Europe/Berlin", country: "DE" },
  gridConnection: {
    phases: 3,
    nominalVoltageV: 230,
    mainFuseA: 35,
    protection: "gG",
    meter: "meter",
    worstBuildingLoadA: 20,
    importLimitW: 20_000,
  },
  circuits: [{ id: "garage", parent: "grid", fuseA: 25, protection: "B", worstBuildingLoadA: 2 }],
  chargePoints: [
    { id: "cp", rateUnit: "A", leaseSeconds: 180, quirks: [], evses: [evse("left", "garage"), evse("right", "grid")] },
  ],
  devices: [
    {
      id: "meter",
      role: "meter",
      profile: "x",
      unitId: 1,
      connection: { tcp: { host: "h", port: 502, framing: "tcp" } },
      pollMs: 1000,
      invert: false,
    },
  ],
  tariff: { import: { kind: "fixed", eurPerKwh: 0.3 }, opportunityEurPerHour: 1.5 },
  charging: {
    defaultEnergyWh: 20_000,
    defaultStayHours: 8,
    missedEurPerKwh: 0.5,
    acceptUnknownTokens: true,
    tokens: [],
  },
} as unknown as SiteConfiguration;

const site = siteModel(configuration);
const always = { steps: [], windows: [], otherwise: { weight: 1, contractedKw: 0 } };
const capacity = [{ name: "peak", intervalMinutes: 15, peaks: 1, eurPerKwMonth: 4, floorKw: 0, ...always }];
/** The same site where a month's peak costs. */
const flemish = siteModel({ ...configuration, tariff: { ...configuration.tariff, capacity } } as SiteConfiguration);

const QUARTER_HOUR = {
  slotStartMs: START_MS - SLOT_MS,
  energyWh: 2000,
  costEur: 0,
  maxPowerW: 0,
  limitedBySeconds: {},
};

function stateWithCar(): SiteState {
  const state = initialState();
  const session = {
    transactionId: 7,
    chargePointId: "cp",
    evseId: "left",
    connectorId: 1,
    startedMs: START_MS - 4 * SLOT_MS,
    meterStartWh: 100_000,
    energyWh: 0,
    costEur: 0,
    quarterHours: [],
  };
  return { ...state, sessions: { ...state.sessions, open: { "7": session } } };
}

function image(evseCurrentA: readonly [number, number, number] = [10, 0, 0]): ProcessImage {
  return {
    nowMs: NOW_MS,
    monoMs: 50_000,
    wallTrusted: true,
    meters: new Map([["meter", { deviceId: "meter", atMonoMs: 49_500, powerW: 3680, currentA: [2, 12, 2] }]]),
    pvs: new Map(),
    batteries: new Map(),
    evses: new Map([
      ["left", { evseId: "left", atMonoMs: 45_000, currentA: evseCurrentA, powerW: 2300, energyWh: 105_000 }],
    ]),
  };
}

function inputOf(state: SiteState, picture: ProcessImage, at = site) {
  const prices = { importEurPerKwh: () => undefined, exportEurPerKwh: () => undefined };
  return buildPlanInput({ site: at, state, image: picture, nowMs: NOW_MS, slots: 96, ...prices });
}

describe("the input of a plan", () => {
  const input = inputOf(stateWithCar(), image());

  it("begins with the running slot and has a number for everything", () => {
    expect(input.startMs).toBe(START_MS);
    expect(firstUnsoundInput(input)).toBeUndefined();
    expect([input.importEurPerKwh.length, input.importEurPerKwh[0]]).toEqual([96, 0.3]);
  });

  it("says from when on its prices are only expected: before the auction tomorrow is like today", () => {
    const tomorrowMs = START_MS + 40 * SLOT_MS;
    const told = (untilMs: number) => ({
      importEurPerKwh: (slotMs: number) => (slotMs < untilMs ? 0.2 : undefined),
      exportEurPerKwh: () => 0.08,
    });
    const question = { site, state: stateWithCar(), image: image(), nowMs: NOW_MS, slots: 96 };
    const before = buildPlanInput({ ...question, ...told(tomorrowMs) });
    expect(before).toMatchObject({ pricesKnownSlots: 40 });
    expect(before.importEurPerKwh[95]).toBe(0.2);
    expect(buildPlanInput({ ...question, ...told(Number.POSITIVE_INFINITY) }).pricesKnownSlots).toBeUndefined();
    expect(input.pricesKnownSlots).toBe(0);
  });

  it("knows the car by the grid phases that it loads and by what the register says it still needs", () => {
    expect(input.evses).toHaveLength(1);
    expect(input.evses[0]).toMatchObject({
      evseId: "left",
      transactionId: 7,
      circuitId: "garage",
      phases: [1],
      minPowerW: 1380,
      maxPowerW: 3680,
      energyNeededWh: 25_400,
      chargingNow: true,
      preference: "regular",
    });
  });

  it("takes all phases of a car that has not drawn anything yet", () => {
    const waiting = inputOf(stateWithCar(), image([0, 0, 0]));
    expect(waiting.evses[0]).toMatchObject({ phases: [1, 2, 0], minPowerW: 4140, maxPowerW: 11_040 });
  });

  it("relies for later on no more than one phase gives, until the car has shown that it takes all", () => {
    const state = stateWithCar();
    const [session] = Object.values(state.sessions.open);
    const open = { "7": { ...session!, quarterHours: [{ ...QUARTER_HOUR, maxPowerW: 10_900 }] } };
    const shown = { ...state, sessions: { ...state.sessions, open } };
    const paused = { evseId: "left", atMonoMs: 45_000, currentA: [0, 0, 0] as const, powerW: 0, energyWh: 105_000 };
    const laterOf = (of: SiteState) => inputOf(of, { ...image(), evses: new Map([["left", paused]]) }).evses[0]!;
    expect([0, 1].map((slot) => mostPowerW(laterOf(state), slot))).toEqual([11_040, 4140]);
    expect([0, 1].map((slot) => mostPowerW(laterOf(shown), slot))).toEqual([11_040, 11_040]);
    // One that is seen to load one phase is known.
    expect(inputOf(state, image()).evses[0]?.laterPowerW).toBeUndefined();
  });

  it("plans a car that is told one phase with all that it has, and the choice between them", () => {
    const evses = site.evses.map((of) => ({ ...of, phaseSwitching: true }));
    const switched = { ...site, evses, evseById: new Map(evses.map((of) => [of.id, of])) };
    const state = stateWithCar();
    const limit = {
      currentA: 8,
      phases: 1,
      safeCurrentA: 6,
      expiresAtMs: NOW_MS,
      setAtMs: NOW_MS,
      obeyed: true,
      writes: 1,
    };
    const byEvse = { left: { ...limit, onePhase: true, reason: { kind: "plan" as const } } };
    const told = inputOf({ ...state, limits: { ...state.limits, byEvse } }, image(), switched);
    const onePhase = { phase: 1, minPowerW: 1380, maxPowerW: 3680 };
    expect(told.evses[0]).toMatchObject({ phases: [1, 2, 0], minPowerW: 4140, onePhase });
    // One that shows a single phase of all that it is given has no choice.
    expect(inputOf(state, image(), switched).evses[0]!.onePhase).toBeUndefined();
    // Nor has one whose meter values do not say which it loads.
    const powerAlone = { ...image(), evses: new Map([["left", { evseId: "left", atMonoMs: 45_000, powerW: 6900 }]]) };
    expect(inputOf(state, powerAlone, switched).evses[0]!.onePhase).toBeUndefined();
  });

  it("spreads the building as the meter's phases do, without the car", () => {
    expect(input.buildingW[0]).toBe(1380);
    const [grid, garage] = input.circuits;
    // The garage's other loads are counted at their worst, and not a second time at the connection.
    expect(garage?.loadW?.map((series) => series[0])).toEqual([460, 460, 460]);
    expect(grid?.loadW?.map((series) => series[0])).toEqual([0, 0, 0]);
    expect(input.importLimitW).toBe(20_000);
  });

  it("spreads the building over a day's phases as it was over a day, whatever is switched on now, in the sun, too", () => {
    const gridW = (phasesA: PerPhase | undefined, picture: ProcessImage, at = site) => {
      const prices = { importEurPerKwh: () => undefined, exportEurPerKwh: () => undefined };
      const question = { site: at, state: stateWithCar(), nowMs: NOW_MS, slots: 96, buildingW: 6900, ...prices };
      const { circuits } = buildPlanInput({ ...question, image: picture, phasesA });
      return circuits[0]!.loadW!.map((series) => series[95]);
    };
    // The others on the connection draw 2, 5 and 2 A now. Of 6.9 kW 1.38 are the garage's.
    const uneven = image([7, 0, 0]);
    const usual = [920, 1610, 2990];
    expect(gridW(undefined, uneven)).toEqual([1073, 3373, 1073]);
    expect(gridW([6, 9, 15], uneven)).toEqual(usual);
    const sunny = siteModel({
      ...configuration,
      devices: [...configuration.devices, { ...configuration.devices[0]!, id: "roof", role: "pv" as const }],
    });
    const shining = { ...uneven, pvs: new Map([["roof", { deviceId: "roof", atMonoMs: 49_500, powerW: 1 }]]) };
    expect(gridW([6, 9, 15], shining, sunny)).toEqual(usual);
    expect(gridW(undefined, shining, sunny)).toEqual([1840, 1840, 1840]);
    // A battery may be on any phase.
    const battery = { deviceId: "battery", atMonoMs: 49_500, powerW: -2000 };
    const works = { ...uneven, batteries: new Map([["battery", battery]]) };
    expect(gridW(undefined, works)).toEqual([1840, 1840, 1840]);
  });

  it("holds a limit of the grid operator while it lasts", () => {
    const state = stateWithCar();
    const limited = (untilMs: number) => ({
      ...state,
      site: { ...state.site, gridLimits: { dso: { limitW: 4200, by: "dso", untilMs } } },
    });
    const planned = inputOf(limited(NOW_MS + 1), image());
    expect(planned.gridLimit).toEqual({ limitW: 4200, untilMs: NOW_MS + 1, appliesTo: "site" });
    expect([importCapW(planned, 0), importCapW(planned, 1)]).toEqual([4200, 20_000]);
    expect(inputOf(limited(NOW_MS), image()).gridLimit).toBeUndefined();
    const exporting = {
      ...state,
      site: { ...state.site, gridLimits: { dso: { exportLimitW: 500, by: "dso", untilMs: NOW_MS + 1 } } },
    };
    const held = inputOf(exporting, image());
    expect([exportCapW(held, 0), exportCapW(held, 1)]).toEqual([500, Number.POSITIVE_INFINITY]);
  });

  it("goes on after what was asked for, behind all others, until the car is full", () => {
    const state = stateWithCar();
    const wish = { energyWh: 5000, by: "driver", statedMs: START_MS - 4 * SLOT_MS, seq: 1 };
    const asked = (energyWh: number) => {
      const wishes = { left: { ...wish, energyWh } };
      return inputOf({ ...state, sessions: { ...state.sessions, wishes } }, image()).evses[0];
    };
    // A quarter-hour at its least current shows whether it takes more; who took more is not full.
    expect(asked(5000)).toMatchObject({ energyNeededWh: 345, beyondWish: true });
    expect(asked(4900)).toMatchObject({ energyNeededWh: 5000, beyondWish: true });
    const more = asked(30_000);
    expect(more?.beyondWish).toBeUndefined();
    expect([more?.needAssumed, inputOf(state, image()).evses[0]?.needAssumed]).toEqual([undefined, true]);
    expect(more?.energyNeededWh).toBeLessThanOrEqual(25_000);
  });

  it("keeps time for more than was asked for, where this driver has always taken more, unless it would raise a month's peak", () => {
    const state = stateWithCar();
    const wishes = { left: { energyWh: 20_000, by: "driver", statedMs: START_MS - 4 * SLOT_MS, seq: 1 } };
    const { token } = state.sessions.open["7"]!;
    const stay = {
      evseId: "left",
      ...(token ? { token } : {}),
      startedMs: START_MS - 200 * SLOT_MS,
      stayMs: 40 * SLOT_MS,
    };
    const planned = (energyWh: number, at = site) => {
      const ended = Array.from({ length: 5 }, () => ({ ...stay, askedWh: 20_000, energyWh, cutShort: false }));
      const seen = { ...state, stays: { ended }, sessions: { ...state.sessions, wishes } };
      return inputOf(seen, image(), at).evses[0]!;
    };
    const asked = planned(20_000);
    expect(asked).not.toHaveProperty("notAskedWh");
    expect(planned(26_000)).toMatchObject({ energyNeededWh: asked.energyNeededWh + 6000, notAskedWh: 6000 });
    expect(planned(26_000, flemish).energyNeededWh).toBe(asked.energyNeededWh);
  });

  it("keeps no time for what cars lost that gave energy back: they take no more than was asked for", () => {
    const state = stateWithCar();
    const wishes = { left: { energyWh: 20_000, by: "driver", statedMs: START_MS - 4 * SLOT_MS, seq: 1 } };
    const stay = { evseId: "right", startedMs: START_MS - 200 * SLOT_MS, stayMs: 40 * SLOT_MS, cutShort: false };
    const [point] = configuration.chargePoints;
    const discharge = { by: "negative-limit" as const, maxPowerW: 5000, efficiencyPercent: 80 };
    const v2g = { ...discharge, capacityWh: 60_000, minSocPercent: 30, wearEurPerKwh: 0.05 };
    const evses = point!.evses.map((one) => (one.id === "right" ? { ...one, discharge: v2g } : one));
    const giving = siteModel({ ...configuration, chargePoints: [{ ...point!, evses }] } as SiteConfiguration);
    const gave = { ...stay, askedWh: 20_000, energyWh: 26_000, givenWh: 24_000 };
    const seen = { ...state, stays: { ended: Array.from({ length: 20 }, () => gave) } };
    const planned = inputOf({ ...seen, sessions: { ...state.sessions, wishes } }, image(), giving).evses[0]!;
    expect(planned).not.toHaveProperty("notAskedWh");
  });

  it("knows what of an assumed need only every second such car takes, where the driver said when he leaves and a peak costs", () => {
    const state = stateWithCar();
    const planned = (said: { departureMs?: number; energyWh?: number }, at: SiteModel) => {
      const wishes = { left: { ...said, by: "driver", statedMs: START_MS - 4 * SLOT_MS, seq: 1 } };
      return inputOf({ ...state, sessions: { ...state.sessions, wishes } }, image(), at).evses[0]!;
    };
    const departure = { departureMs: START_MS + 24 * SLOT_MS };
    const car = planned(departure, flemish);
    expect(car).toMatchObject({ energyNeededWh: planned(departure, site).energyNeededWh, needAssumed: true });
    // Of ten such cars nine take less than three times what every second takes.
    expect(car.notAskedWh! / car.energyNeededWh).toBeGreaterThan(0.5);
    expect(car.energyNeededWh - car.notAskedWh!).toBeGreaterThan(345);
    for (const [said, at] of [
      [departure, site],
      [{}, flemish],
      [{ ...departure, energyWh: 20_000 }, flemish],
    ] as const)
      expect(planned(said, at)).not.toHaveProperty("notAskedWh");
  });

  it("never plans less than a quarter-hour for a car that does not have what was asked for: the rest would come last", () => {
    const state = stateWithCar();
    const neededWh = (deliveredWh: number) => {
      const wishes = { left: { energyWh: 20_000, by: "driver", statedMs: START_MS - 4 * SLOT_MS, seq: 1 } };
      const open = { "7": { ...state.sessions.open["7"]!, meterStartWh: 105_000 - deliveredWh } };
      return inputOf({ ...state, sessions: { ...state.sessions, wishes, open } }, image()).evses[0]!.energyNeededWh;
    };
    // A quarter-hour at the least current, 345 Wh, as long as it does not have all of it.
    for (let deliveredWh = 0; deliveredWh <= 19_900; deliveredWh += 50)
      expect(neededWh(deliveredWh)).toBeGreaterThanOrEqual(345);
  });

  it("charges a car whose word is over as long as others stayed on, not within the next hour", () => {
    const state = stateWithCar();
    const said = (departureMs: number) => {
      const wishes = { left: { departureMs, by: "driver", statedMs: START_MS - 16 * SLOT_MS, seq: 1 } };
      const sessions = { ...state.sessions, wishes };
      const open = { "7": { ...state.sessions.open["7"]!, startedMs: START_MS - 16 * SLOT_MS } };
      return inputOf({ ...state, sessions: { ...sessions, open } }, image()).evses[0]!;
    };
    expect(said(NOW_MS + 3 * SLOT_MS).departureMs).toBeLessThanOrEqual(NOW_MS + 3 * SLOT_MS);
    // Four hours were said; of those that are here after them half go on for one more at least.
    const overdue = said(NOW_MS - 60_000);
    expect(overdue.departureMs).toBeGreaterThanOrEqual(NOW_MS + 4 * SLOT_MS);
    expect(overdue.leftBy?.at(-1)).toBeLessThanOrEqual(0.55);
    expect(overdue.leftBy?.at(-1)).toBeGreaterThan(0.3);
  });

  it("counts on holding back only the sun of inverters that may be held back", () => {
    const inverter = (id: string, peakW: number, control: boolean) => {
      return { ...configuration.devices[0]!, id, role: "pv" as const, pv: { peakW, control } };
    };
    const fixedPart = (...inverters: SiteConfiguration["devices"]) => {
      const roof = siteModel({ ...configuration, devices: [...configuration.devices, ...inverters] });
      return inputOf(stateWithCar(), image(), roof).sunFixedPart;
    };
    expect(fixedPart()).toBeUndefined();
    expect(fixedPart(inverter("roof", 9000, false))).toBe(1);
    expect(fixedPart(inverter("roof", 9000, true))).toBe(0);
    expect(fixedPart(inverter("roof", 9000, true), inverter("shed", 3000, false))).toBe(0.25);
  });

  it("has a car ready some minutes before it leaves, for what a slow rise or a kettle may cost", () => {
    const state = stateWithCar();
    const said = (departureMs: number) => {
      const wishes = { left: { departureMs, energyWh: 20_000, by: "driver", statedMs: START_MS, seq: 1 } };
      return inputOf({ ...state, sessions: { ...state.sessions, wishes } }, image()).evses[0]!.departureMs;
    };
    const spareMs = NOW_MS + 12 * SLOT_MS - said(NOW_MS + 12 * SLOT_MS);
    expect(spareMs).toBeGreaterThan(3 * 60_000);
    expect(spareMs).toBeLessThan(8 * 60_000);
    // Just before it leaves, each minute counts.
    expect(said(NOW_MS + 3 * 60_000)).toBe(NOW_MS + 3 * 60_000);
  });

  it("decides by yes-or-no for four hours in a home, for two at ten EVSEs, and for a slot at least", () => {
    expect([0, 1, 5, 6, 10, 20, 40, 250].map((evses) => binarySlots(evses, 96))).toEqual([0, 16, 16, 13, 8, 8, 4, 1]);
    expect(binarySlots(1, 3)).toBe(3);
  });

  it("counts only what is left of the running slot", () => {
    expect(input.elapsed).toBe(0.067);
  });

  it("plans with a battery while its state of charge is not old", () => {
    const battery = { ...homeBattery, control: true };
    const device = { ...configuration.devices[0]!, id: "store", role: "battery" as const, battery };
    const withBattery = siteModel({ ...configuration, devices: [...configuration.devices, device] });
    const at = (atMonoMs: number) => {
      const reading = { deviceId: "store", atMonoMs, powerW: 0, socPercent: 50 };
      const picture = { ...image(), monoMs: 1_000_000, batteries: new Map([["store", reading]]) };
      const prices = { importEurPerKwh: () => undefined, exportEurPerKwh: () => undefined };
      return buildPlanInput({
        site: withBattery,
        state: stateWithCar(),
        image: picture,
        nowMs: NOW_MS,
        slots: 96,
        ...prices,
      });
    };
    expect(at(900_000).batteries).toMatchObject([{ deviceId: "store", energyWh: 5000 }]);
    expect(at(600_000).batteries).toEqual([]);
  });

  it("gives a plan by rules that holds, with readings or without any", () => {
    const silent = { ...image(), meters: new Map(), evses: new Map() };
    for (const picture of [image(), silent]) {
      const some = inputOf(stateWithCar(), picture);
      expect(verifyPlan(some, ruleBasedPlan(some, "test"))).toEqual([]);
    }
  });
});

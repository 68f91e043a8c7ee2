import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EvseDecision } from "../control/control.ts";
import type { BatteryReading, EvseReading, MeterReading, ProcessImage, PvReading } from "../image.ts";
import { Books, chargePoint, homeBattery, homeConfiguration, meter, NOON_MS } from "../site/site.test-kit.ts";
import type { SiteConfiguration } from "../site/site.ts";
import { SLOT_MS, slotStartMs } from "../slots.ts";
import type { QuarterHour } from "../state/site-slice.ts";
import { initialMeteringMemory, type MeteringMemory, meterTick } from "./metering.ts";

const MINUTE_MS = 60_000;
type Values<T> = Omit<T, "atMonoMs" | "deviceId" | "evseId">;

/** A site whose devices say what the test says, second by second. */
class MeteredSite extends Books {
  memory: MeteringMemory = initialMeteringMemory();
  monoMs = 1000;
  wallTrusted = true;
  importEurPerKwh: number | undefined = 0.3;
  grid: Values<MeterReading> | undefined = { powerW: 0 };
  pv: Values<PvReading> | undefined;
  battery: Values<BatteryReading> | undefined;
  evse: Values<EvseReading> | undefined;
  decisions: EvseDecision[] = [];
  readonly #meters = new Map<string, MeterReading>();
  readonly #pvs = new Map<string, PvReading>();
  readonly #batteries = new Map<string, BatteryReading>();
  readonly #evses = new Map<string, EvseReading>();

  #image(): ProcessImage {
    const at = { atMonoMs: this.monoMs };
    if (this.grid) this.#meters.set("grid-meter", { deviceId: "grid-meter", ...at, ...this.grid });
    if (this.pv) this.#pvs.set("roof", { deviceId: "roof", ...at, ...this.pv });
    if (this.battery) this.#batteries.set("roof", { deviceId: "roof", ...at, ...this.battery });
    if (this.evse) this.#evses.set("garage-evse", { evseId: "garage-evse", ...at, ...this.evse });
    const { nowMs, monoMs, wallTrusted } = this;
    const price = this.importEurPerKwh === undefined ? {} : { importEurPerKwh: this.importEurPerKwh };
    const maps = { meters: this.#meters, pvs: this.#pvs, batteries: this.#batteries, evses: this.#evses };
    return { nowMs, monoMs, wallTrusted, ...price, ...maps };
  }

  tick(elapsedMs = 1000): void {
    this.nowMs += elapsedMs;
    this.monoMs += elapsedMs;
    const { site, state, decisions } = this;
    const { memory, drafts } = meterTick(this.memory, { site, state, image: this.#image(), decisions });
    this.memory = memory;
    this.record(drafts);
  }

  run(durationMs: number, stepMs = 1000): void {
    for (let passed = 0; passed < durationMs; passed += stepMs) this.tick(stepMs);
  }

  /** The controller stops and starts again: only what is in the ledger survives. */
  restart(): void {
    this.memory = initialMeteringMemory();
    this.monoMs = 500;
  }

  plugIn(meterStartWh: number | undefined = 1000): void {
    const register = meterStartWh === undefined ? {} : { meterStartWh };
    const start = { chargePointId: "garage", connector: 1, token: "CAFE", atMs: this.nowMs, replayed: false };
    this.tell({ type: "transaction-started", ...start, ...register });
  }

  unplug(meterStopWh?: number): void {
    const register = meterStopWh === undefined ? {} : { meterStopWh };
    const end = { chargePointId: "garage", connector: 1, atMs: this.nowMs, reason: "Local", replayed: false };
    this.tell({ type: "transaction-ended", ...end, ...register });
  }

  get quarterHours(): readonly QuarterHour[] {
    return this.state.site.quarterHours;
  }

  get session() {
    return this.state.sessions.ended[0] ?? Object.values(this.state.sessions.open)[0]!;
  }
}

const battery = homeBattery;

function withRoof(): SiteConfiguration {
  return homeConfiguration({ devices: [meter("grid-meter"), { ...meter("roof", 2), role: "hybrid", battery }] });
}

/** Starts in the last minute of a slot, so that the slot under test is whole. */
function atSlotStart(configuration = homeConfiguration()): MeteredSite {
  const site = new MeteredSite(configuration);
  site.nowMs = NOON_MS - MINUTE_MS;
  return site;
}

describe("quarter-hours of the site", () => {
  it("are the differences of the meter's registers", () => {
    const site = atSlotStart();
    for (let second = 0; second < 16 * 60; second++) {
      site.grid = { powerW: 4000, importWh: 50_000 + second, exportWh: 70 };
      site.tick();
    }
    expect(site.quarterHours[0]).toMatchObject({ slotStartMs: NOON_MS - SLOT_MS, complete: false });
    expect(site.quarterHours[1]).toMatchObject({ slotStartMs: NOON_MS, complete: true, importWh: 900, exportWh: 0 });
    expect(site.quarterHours[1]).toMatchObject({ importEurPerKwh: 0.3, buildingWh: 900 });
  });

  it("are the integral of the power where the meter has no registers, and keep the highest currents", () => {
    const site = atSlotStart();
    site.grid = { powerW: 4000, currentA: [10, 2, 3] };
    site.run(MINUTE_MS + 5 * MINUTE_MS);
    site.grid = { powerW: -2000, currentA: [-3, -3, 4] };
    site.run(10 * MINUTE_MS);
    expect(site.quarterHours[1]).toMatchObject({ importWh: 333, exportWh: 333, maxCurrentA: [10, 2, 4] });
  });

  it("do not believe a register that falls or jumps: the meter was replaced", () => {
    for (const replacedBy of [5, 9_000_000]) {
      const site = atSlotStart();
      site.grid = { powerW: 4000, importWh: 50_000, exportWh: 0 };
      site.run(6 * MINUTE_MS);
      site.grid = { powerW: 4000, importWh: replacedBy, exportWh: 0 };
      site.run(10 * MINUTE_MS);
      expect(site.quarterHours[1]).toMatchObject({ importWh: 1000 });
    }
  });

  it("know the building as what remains of grid, sun, battery and EVSEs", () => {
    const site = atSlotStart(withRoof());
    site.plugIn();
    site.grid = { powerW: 2000 };
    site.pv = { powerW: 8000 };
    site.battery = { powerW: 3000 };
    site.evse = { currentA: [10, 10, 0] };
    site.run(16 * MINUTE_MS);
    // 2000 + 8000 - 3000 - 4600 W for a quarter of an hour
    expect(site.quarterHours[1]).toMatchObject({ pvWh: 2000, batteryChargeWh: 750, buildingWh: 600 });
  });

  it("leave out what was not measured, and the building with it", () => {
    const site = atSlotStart(withRoof());
    site.pv = { powerW: 8000 };
    site.battery = { powerW: 0 };
    site.run(6 * MINUTE_MS);
    site.pv = undefined;
    site.run(10 * MINUTE_MS);
    expect(site.quarterHours[1]).toMatchObject({ complete: true, importWh: 0, batteryChargeWh: 0 });
    expect(site.quarterHours[1]).not.toHaveProperty("pvWh");
    expect(site.quarterHours[1]).not.toHaveProperty("buildingWh");
  });

  it("know that an inverter that fell asleep produces nothing", () => {
    const site = atSlotStart(withRoof());
    site.grid = { powerW: 400 };
    site.battery = { powerW: 0 };
    site.pv = { powerW: 3 };
    site.tick();
    site.pv = undefined;
    site.run(16 * MINUTE_MS);
    expect(site.quarterHours[1]).toMatchObject({ pvWh: 0, buildingWh: 100 });
  });

  it("do not know the building while a charging car is not metered", () => {
    const site = atSlotStart();
    site.plugIn();
    site.run(16 * MINUTE_MS);
    expect(site.quarterHours[1]).not.toHaveProperty("buildingWh");
  });

  it("are not complete when the meter was away for more than half a minute", () => {
    for (const [awayS, complete] of [
      [35, true],
      [60, false],
    ] as const) {
      const site = atSlotStart();
      site.run(3 * MINUTE_MS);
      site.grid = undefined;
      site.run(awayS * 1000);
      site.grid = { powerW: 0 };
      site.run(13 * MINUTE_MS);
      expect(site.quarterHours[1]).toMatchObject({ complete });
    }
  });

  it("are not complete while the wall clock cannot be believed", () => {
    const site = atSlotStart();
    site.wallTrusted = false;
    site.run(6 * MINUTE_MS);
    site.wallTrusted = true;
    site.run(10 * MINUTE_MS);
    expect(site.quarterHours[1]).toMatchObject({ complete: false });
  });

  it("are not complete when the clock was set, and hold no energy twice", () => {
    const site = atSlotStart();
    site.grid = { powerW: 3600 };
    site.run(6 * MINUTE_MS);
    site.nowMs -= 20 * MINUTE_MS;
    site.run(30 * MINUTE_MS);
    site.nowMs += 40 * MINUTE_MS;
    site.run(2 * MINUTE_MS);
    const running = site.memory.site.sums.importWh ?? 0;
    const booked = site.quarterHours.reduce((sum, quarterHour) => sum + quarterHour.importWh!, running);
    expect(booked).toBeCloseTo(38 * 60 - 1, -1);
    // The cut 12:00, then a whole 11:45 and a whole 12:00, then what is left of the hour that was jumped over.
    const ofNoon = site.quarterHours.map(({ slotStartMs: at, complete }) => [(at - NOON_MS) / MINUTE_MS, complete]);
    expect(ofNoon).toEqual([
      [-15, false],
      [0, false],
      [-15, true],
      [0, true],
      [15, false],
    ]);
  });

  it("are not begun again when the clock is set back by seconds just after the turn", () => {
    const site = atSlotStart();
    site.run(MINUTE_MS + 2000);
    site.nowMs -= 5000;
    site.run(15 * MINUTE_MS + 5000);
    expect(site.quarterHours.map(({ slotStartMs }) => slotStartMs)).toEqual([NOON_MS - SLOT_MS, NOON_MS]);
    expect(site.quarterHours[1]).toMatchObject({ complete: true });
  });

  it("invent nothing for an hour in which the process did not run", () => {
    const site = atSlotStart();
    site.grid = { powerW: 10_000 };
    site.run(2 * MINUTE_MS);
    site.tick(60 * MINUTE_MS);
    expect(site.quarterHours[1]).toMatchObject({ complete: false, importWh: 167 });
  });
});

describe("quarter-hours of a transaction", () => {
  it("tell energy, cost, power and what limited it", () => {
    const site = atSlotStart();
    site.run(MINUTE_MS);
    site.plugIn(1000);
    site.importEurPerKwh = 0.25;
    for (let second = 0; second < 900; second++) {
      site.evse = { powerW: second < 600 ? 7200 : 3600, energyWh: 1000 + second };
      const kind = second < 600 ? "maximum" : "circuit";
      site.decisions = [{ evseId: "garage-evse", currentA: 16, reason: { kind } }];
      site.tick();
    }
    expect(site.session.quarterHours).toEqual([
      {
        slotStartMs: NOON_MS,
        energyWh: 899,
        costEur: 0.22475,
        maxPowerW: 7200,
        limitedBySeconds: { maximum: 600, circuit: 300 },
      },
    ]);
  });

  it("cost what the quarter-hour cost, not what the next one does", () => {
    const site = atSlotStart();
    site.run(MINUTE_MS);
    site.plugIn(1000);
    for (let second = 1; second <= 20 * 60; second++) {
      site.importEurPerKwh = slotStartMs(site.nowMs + 1000) === NOON_MS ? 0.1 : 0.5;
      site.evse = { powerW: 3600, energyWh: 1000 + second };
      site.tick();
    }
    expect(site.session.quarterHours).toMatchObject([{ slotStartMs: NOON_MS, energyWh: 900, costEur: 0.09 }]);
    expect(site.quarterHours[1]).toMatchObject({ slotStartMs: NOON_MS, importEurPerKwh: 0.1 });
  });

  it("do not pass energy of an unknown price off as free", () => {
    const site = atSlotStart();
    site.run(MINUTE_MS);
    site.plugIn(1000);
    site.importEurPerKwh = undefined;
    for (let second = 1; second <= 1800; second++) {
      if (second === 901) site.importEurPerKwh = 0.2;
      site.evse = { powerW: 3600, energyWh: 1000 + second };
      site.tick();
    }
    expect(site.session.quarterHours[0]).toMatchObject({
      costEur: 0,
      unpricedWh: site.session.quarterHours[0]!.energyWh,
    });
    expect(site.session.quarterHours[1]).not.toHaveProperty("unpricedWh");
    expect(site.session).toMatchObject({ unpricedWh: site.session.quarterHours[0]!.energyWh });
    expect(site.session.costEur).toBeCloseTo((site.session.quarterHours[1]!.energyWh * 0.2) / 1000, 6);
  });

  it("of months are kept as a week of them and a sum, and still add up", () => {
    const site = atSlotStart();
    site.plugIn(0);
    site.decisions = [{ evseId: "garage-evse", currentA: 6, reason: { kind: "plan" } }];
    let registerWh = 0;
    for (let slot = 0; slot < 800; slot++) {
      registerWh += 100;
      site.evse = { powerW: 400, energyWh: registerWh };
      site.run(SLOT_MS, SLOT_MS);
    }
    site.unplug(registerWh + 50);
    site.run(2000);
    const { quarterHours, olderWh, energyWh } = site.session;
    expect(quarterHours).toHaveLength(672);
    expect(olderWh! + quarterHours.reduce((sum, quarterHour) => sum + quarterHour.energyWh, 0)).toBe(energyWh);
    expect(energyWh).toBe(80_050);
  });

  it("are the integral of the power where the EVSE has no register", () => {
    const site = atSlotStart();
    site.tick();
    site.nowMs -= 1000;
    site.plugIn(undefined);
    site.evse = { powerW: 3600 };
    site.run(6 * MINUTE_MS);
    site.unplug();
    site.tick();
    expect(site.session.energyWh).toBe(360);
    expect(site.session.quarterHours.map(({ energyWh }) => energyWh)).toEqual([60, 300]);
  });

  it("count no energy twice when the register is silent for a quarter-hour", () => {
    const site = atSlotStart();
    site.run(MINUTE_MS);
    site.plugIn(1000);
    site.evse = { powerW: 3600, energyWh: 1000 };
    site.run(20 * MINUTE_MS);
    site.evse = { powerW: 3600 };
    site.run(30 * MINUTE_MS);
    // The quarter-hour from 12:30 was booked by its power.
    expect(site.session.energyWh).toBe(900);
    site.evse = { powerW: 3600, energyWh: 3400 };
    site.run(10 * MINUTE_MS);
    expect(site.session.energyWh).toBe(2400);
  });

  it("go on after a restart of the controller where they were, while the car charges", () => {
    const site = atSlotStart();
    site.run(MINUTE_MS);
    site.plugIn(1000);
    site.evse = { powerW: 3600, energyWh: 1900 };
    site.run(16 * MINUTE_MS);
    site.restart();
    site.evse = { powerW: 3600, energyWh: 4000 };
    site.run(15 * MINUTE_MS);
    expect(site.session.quarterHours.map(({ energyWh }) => energyWh)).toEqual([900, 2100]);
  });

  it("invent nothing for an hour in which the process did not run", () => {
    const site = atSlotStart();
    site.run(MINUTE_MS);
    site.plugIn(undefined);
    site.evse = { powerW: 3600 };
    site.run(10 * MINUTE_MS);
    site.tick(60 * MINUTE_MS);
    expect(site.session.energyWh).toBeLessThan(620);
  });

  it("do not take the energy of the car that is there for an older transaction that never ended", () => {
    const site = atSlotStart();
    site.run(MINUTE_MS);
    site.plugIn(5000);
    const old = { chargePointId: "garage", connector: 1, token: "OLD", meterStartWh: 1000, replayed: true };
    site.tell({ type: "transaction-started", ...old, atMs: site.nowMs - 5 * MINUTE_MS });
    site.evse = { powerW: 3600, energyWh: 5300 };
    site.run(15 * MINUTE_MS);
    const energies = Object.values(site.state.sessions.open).map(({ token, energyWh }) => [token, energyWh]);
    expect(energies).toEqual([
      ["CAFE", 300],
      ["OLD", 0],
    ]);
  });

  it("hold a whole night that the charge point replays, and are booked once", () => {
    const site = atSlotStart();
    site.tick();
    site.plugIn(1000);
    site.unplug(31_000);
    site.run(5000);
    site.restart();
    site.run(5000);
    expect(site.session).toMatchObject({ energyWh: 30_000, costEur: 9 });
    expect(site.session.quarterHours).toHaveLength(1);
  });

  it("are closed after a crash between the end and its booking", () => {
    const site = atSlotStart();
    site.run(MINUTE_MS);
    site.plugIn(1000);
    site.evse = { powerW: 3600, energyWh: 1500 };
    site.run(16 * MINUTE_MS);
    site.unplug(2000);
    site.restart();
    site.run(3000);
    expect(site.session.quarterHours.map(({ energyWh }) => energyWh)).toEqual([500, 500]);
  });
});

describe("whatever happens to clocks, registers and the controller", () => {
  const event = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant("charge" as const), seconds: fc.integer({ min: 1, max: 1200 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("restart" as const), seconds: fc.integer({ min: 0, max: 7200 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("clock" as const), seconds: fc.integer({ min: -4000, max: 4000 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("silent" as const), seconds: fc.integer({ min: 1, max: 1200 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("pause" as const), seconds: fc.integer({ min: 11, max: 4000 }) }),
    },
  );

  it("the quarter-hours of a transaction add up to the difference of its registers", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), fc.integer({ min: 0, max: 11_000 }), (events, powerW) => {
        const site = new MeteredSite(homeConfiguration({ chargePoints: [chargePoint("garage")] }));
        site.plugIn(1000);
        let drawnWh = 0;
        let registerWh = 1000;
        const charge = (seconds: number, answers: boolean) => {
          drawnWh += (powerW * seconds) / 3600;
          registerWh = 1000 + Math.floor(drawnWh * 10) / 10;
          site.evse = answers ? { powerW, energyWh: registerWh } : { powerW };
        };
        for (const { kind, seconds } of events) {
          if (kind === "clock") site.nowMs += seconds * 1000;
          else if (kind === "restart") {
            charge(seconds, true);
            site.nowMs += seconds * 1000;
            site.restart();
          } else if (kind === "pause") {
            charge(seconds, true);
            site.tick(seconds * 1000);
          } else {
            for (let passed = 0; passed < seconds; passed += 10) {
              charge(10, kind === "charge");
              site.tick(10_000);
            }
          }
        }
        site.nowMs = Math.max(site.nowMs, NOON_MS);
        site.unplug(registerWh);
        site.run(3000);
        const { energyWh, quarterHours, meterStopWh } = site.session;
        expect(meterStopWh).toBe(registerWh);
        expect(energyWh).toBeCloseTo(registerWh - 1000, 6);
        expect(quarterHours.reduce((sum, quarterHour) => sum + quarterHour.energyWh, 0)).toBeCloseTo(energyWh, 2);
        // Rounding may be taken back at the end, a watt-hour for each quarter-hour; energy that was counted twice not.
        for (const quarterHour of quarterHours)
          expect(quarterHour.energyWh).toBeGreaterThanOrEqual(-quarterHours.length);
        expect(quarterHours.every(({ slotStartMs: at }) => at === slotStartMs(at))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

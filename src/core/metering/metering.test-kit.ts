/** A site whose quarter-hours are metered, second by second. */
import type { EvseDecision } from "../control/control.ts";
import type { BatteryReading, EvseReading, MeterReading, ProcessImage, PvReading } from "../image.ts";
import { Books, homeBattery, homeConfiguration, meter, NOON_MS } from "../site/site.test-kit.ts";
import type { SiteConfiguration } from "../site/site.ts";
import type { QuarterHour } from "../state/site-slice.ts";
import { initialMeteringMemory, type MeteringMemory, meterTick } from "./metering.ts";

export const MINUTE_MS = 60_000;
type Values<T> = Omit<T, "atMonoMs" | "deviceId" | "evseId">;

/** A site whose devices say what the test says, second by second. */
export class MeteredSite extends Books {
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
export const battery = homeBattery;

/** A home with a hybrid inverter on its roof. */
export function withRoof(): SiteConfiguration {
  return homeConfiguration({ devices: [meter("grid-meter"), { ...meter("roof", 2), role: "hybrid", battery }] });
}

/** Starts in the last minute of a slot, so that the slot under test is whole. */
export function atSlotStart(configuration = homeConfiguration()): MeteredSite {
  const site = new MeteredSite(configuration);
  site.nowMs = NOON_MS - MINUTE_MS;
  return site;
}

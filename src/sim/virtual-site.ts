/** A scenario behind the core's ports, in virtual time and without a socket. */
import type { ChargePointCommand, ChargePointInput, CommandResult, LimitSchedule } from "../core/charge-point-input.ts";
import type { ChargePointHandler, ChargePoints, Clock, DeviceSink, Devices } from "../core/ports.ts";
import type { PerPhase } from "../core/quantity.ts";
import type { Scenario, ScenarioSession } from "./scenario.ts";
import { type Present, ScenarioSite } from "./scenario-site.ts";

/** Ids of the devices of every scenario, and of the charge point of an EVSE. */
export const GRID_METER_ID = "grid-meter";
export const PV_ID = "roof";
export const BATTERY_ID = "battery";
const PREFIX = "cp-";
export const chargePointIdOf = (evseId: string) => `${PREFIX}${evseId}`;

export interface VirtualSiteOptions {
  readonly scenario: Scenario;
  readonly clock: Clock;
  readonly sink: DeviceSink;
  readonly handle: ChargePointHandler;
  /** What the driver says once the car is plugged in and the controller knows of it. */
  readonly onArrival: (session: ScenarioSession) => void | Promise<void>;
  readonly sampleEveryS?: number;
}

type Status = Extract<ChargePointInput, { type: "status" }>["status"];

interface VirtualEvse {
  transactionId?: number;
  safeCurrentA: number;
  schedule?: LimitSchedule;
  lastSampleMs: number;
  status: Status;
}

export interface VirtualSite {
  readonly chargePoints: ChargePoints;
  readonly devices: Devices;
  readonly site: ScenarioSite;
  /** Limits sent so far. */
  limitsSent(): number;
  /** Connects all charge points. */
  connect(): Promise<void>;
  /** Some seconds of the site, ending now. */
  step(seconds: number): Promise<void>;
}

const ACCEPTED: CommandResult = { status: "accepted", detail: "" };
const tenth = (value: number) => Math.round(value * 10) / 10;
const tenths = ([a, b, c]: PerPhase): PerPhase => [tenth(a), tenth(b), tenth(c)];

/** On how many phases a schedule has its car at a time. */
function scheduledPhases(schedule: LimitSchedule, atMs: number): number {
  const elapsedS = (atMs - schedule.startMs) / 1000;
  if (elapsedS >= schedule.durationS) return schedule.phases;
  return schedule.periods.findLast((period) => period.offsetS <= elapsedS)?.phases ?? schedule.phases;
}

/** The current of a schedule at a time, A; `undefined` once it has ended. */
function scheduledA(schedule: LimitSchedule, atMs: number): number | undefined {
  const elapsedS = (atMs - schedule.startMs) / 1000;
  if (elapsedS < 0 || elapsedS >= schedule.durationS) return undefined;
  const { halfway } = schedule;
  const mostA = halfway && elapsedS >= halfway.offsetS ? halfway.currentA : Number.POSITIVE_INFINITY;
  const currentA = schedule.periods.findLast((period) => period.offsetS <= elapsedS)?.currentA;
  return currentA === undefined ? undefined : Math.min(currentA, mostA);
}

export function createVirtualSite(options: VirtualSiteOptions): VirtualSite {
  const { scenario, clock, sink, handle } = options;
  const sampleEveryMs = 1000 * (options.sampleEveryS ?? 15);
  const evses = new Map<string, VirtualEvse>(
    scenario.evses.map(({ id }) => [id, { safeCurrentA: 0, lastSampleMs: 0, status: "available" }]),
  );
  const waiting: ChargePointInput[] = [];
  const speaking: ScenarioSession[] = [];
  let limits = 0;

  const offeredA = (evseId: string, atMs: number) => {
    const evse = evses.get(evseId)!;
    return (evse.schedule && scheduledA(evse.schedule, atMs)) ?? evse.safeCurrentA;
  };
  const switching = new Set(scenario.evses.flatMap(({ id, phaseSwitching }) => (phaseSwitching ? [id] : [])));
  const offeredPhases = (evseId: string, atMs: number) => {
    const { schedule } = evses.get(evseId)!;
    return schedule && switching.has(evseId) ? scheduledPhases(schedule, atMs) : 3;
  };
  const from = (evseId: string) => ({ chargePointId: chargePointIdOf(evseId), connector: 1 });
  const evseAt = (chargePointId: string) => evses.get(chargePointId.slice(PREFIX.length))!;
  const register = (evseId: string) => Math.round(site.wired.registerWh(evseId));

  function become(evseId: string, status: Status): void {
    const evse = evses.get(evseId)!;
    if (evse.status === status) return;
    evse.status = status;
    waiting.push({ type: "status", ...from(evseId), status });
  }

  function arrived(session: ScenarioSession): void {
    const { evseId, token } = session;
    become(evseId, "preparing");
    waiting.push({
      type: "transaction-started",
      ...from(evseId),
      ...(token === undefined ? {} : { token }),
      meterStartWh: register(evseId),
      atMs: clock.wallMs(),
      replayed: false,
    });
    speaking.push(session);
  }

  function left({ evseId }: ScenarioSession): void {
    const evse = evses.get(evseId)!;
    const { transactionId } = evse;
    delete evse.schedule;
    delete evse.transactionId;
    waiting.push({
      type: "transaction-ended",
      ...from(evseId),
      meterStopWh: register(evseId),
      atMs: clock.wallMs(),
      reason: "EVDisconnected",
      replayed: false,
      ...(transactionId === undefined ? {} : { transactionId }),
    });
    become(evseId, "available");
  }

  const site = new ScenarioSite(scenario, offeredA, { arrived, left, offeredPhases });

  function apply(command: ChargePointCommand): CommandResult {
    const evse = evseAt(command.chargePointId);
    if (command.type === "set-limit") {
      evse.schedule = command.schedule;
      limits++;
    } else if (command.type === "install-safe-default") {
      evse.safeCurrentA = command.currentA;
    } else if (command.type === "clear-limits") {
      delete evse.schedule;
    } else return { status: "not-supported", detail: command.type };
    return ACCEPTED;
  }

  async function deliver(): Promise<void> {
    for (const input of waiting.splice(0)) {
      const answer = await handle(input);
      if (input.type === "transaction-started" && answer.transactionId !== undefined)
        evseAt(input.chargePointId).transactionId = answer.transactionId;
    }
    // A word that came before the last car is gone would go with it.
    for (const session of speaking.splice(0)) await options.onArrival(session);
  }

  function watch(evseId: string, { car }: Present): void {
    const evse = evses.get(evseId)!;
    const paused = offeredA(evseId, clock.wallMs()) < 6;
    become(evseId, car.currentA !== 0 ? "charging" : paused ? "suspended-evse" : "suspended-ev");
    const nowMs = clock.wallMs();
    if (nowMs - evse.lastSampleMs < sampleEveryMs) return;
    evse.lastSampleMs = nowMs;
    const currentA = site.wired.evseCurrentA(evseId);
    const powerW = Math.round((currentA[0] + currentA[1] + currentA[2]) * scenario.voltageV);
    const { gives } = car.options;
    const back = gives ? { exportWh: Math.round(site.wired.exportWh(evseId)), socPercent: tenth(car.socPercent) } : {};
    const sample = { atMs: nowMs, currentA: tenths(currentA), powerW, energyWh: register(evseId), ...back };
    waiting.push({ type: "metered", ...from(evseId), samples: [sample] });
  }

  function push(): void {
    const atMonoMs = clock.monoMs();
    const meter = site.wired.meter("grid");
    sink.meter({
      deviceId: GRID_METER_ID,
      atMonoMs,
      powerW: Math.round(meter.powerW[0] + meter.powerW[1] + meter.powerW[2]),
      currentA: tenths(meter.currentA),
      importWh: Math.round(meter.importWh),
      exportWh: Math.round(meter.exportWh),
    });
    if (scenario.pvPeakW > 0) sink.pv({ deviceId: PV_ID, atMonoMs, powerW: Math.round(site.wired.pvW) });
    if (!site.battery) return;
    const { powerW, socPercent } = site.battery;
    sink.battery({ deviceId: BATTERY_ID, atMonoMs, powerW: Math.round(powerW), socPercent: tenth(socPercent) });
  }

  return {
    site,
    limitsSent: () => limits,
    chargePoints: { send: async (command) => apply(command), close: async () => {} },
    devices: {
      async setBattery(_deviceId, powerW, expiresInMs) {
        if (!site.battery) return { status: "not-supported", detail: "no battery" };
        site.battery.command(powerW, expiresInMs / 1000);
        return ACCEPTED;
      },
      async limitPv(_deviceId, limitW, expiresInMs) {
        site.wired.limitPv(limitW, clock.wallMs() + expiresInMs);
        return ACCEPTED;
      },
      close: async () => {},
    },
    async connect() {
      for (const { id } of scenario.evses) {
        waiting.push({ type: "connected", chargePointId: chargePointIdOf(id), protocol: "virtual", remote: "" });
        waiting.push({ type: "status", ...from(id), status: "available" });
      }
      await deliver();
    },
    async step(seconds) {
      site.step(clock.wallMs(), seconds);
      for (const [evseId, present] of site.present()) watch(evseId, present);
      await deliver();
      push();
    },
  };
}

/** A scenario behind the core's ports, in virtual time and without a socket. */
import type { ChargePointCommand, ChargePointInput, CommandResult, LimitSchedule } from "../core/charge-point-input.ts";
import type { ChargePointHandler, ChargePoints, Clock, DeviceSink, Devices } from "../core/ports.ts";
import type { Scenario } from "./scenario.ts";
import { type ScenarioSession, ScenarioSite } from "./scenario-site.ts";

export interface VirtualSiteOptions {
  readonly scenario: Scenario;
  readonly clock: Clock;
  readonly sink: DeviceSink;
  readonly handle: ChargePointHandler;
  /** What the driver says when the car is plugged in. */
  readonly onArrival: (session: ScenarioSession) => void;
  readonly sampleEveryS?: number;
}

interface VirtualEvse {
  transactionId?: number;
  safeCurrentA: number;
  schedule?: LimitSchedule;
  lastSampleS: number;
}

export interface VirtualSite {
  readonly chargePoints: ChargePoints;
  readonly devices: Devices;
  readonly site: ScenarioSite;
  /** Limits sent so far. */
  limitsSent(): number;
  /** Connects all charge points. */
  connect(): Promise<void>;
  /** One second of the site, ending now. */
  step(): Promise<void>;
}

const ACCEPTED: CommandResult = { status: "accepted", detail: "" };

/** The current of a schedule at a time, A; `undefined` once it has ended. */
function scheduledA(schedule: LimitSchedule, atMs: number): number | undefined {
  const elapsedS = (atMs - schedule.startMs) / 1000;
  if (elapsedS < 0 || elapsedS >= schedule.durationS) return undefined;
  return schedule.periods.findLast((period) => period.offsetS <= elapsedS)?.currentA;
}

export function createVirtualSite(options: VirtualSiteOptions): VirtualSite {
  const { scenario, clock, sink, handle } = options;
  const sampleEveryS = options.sampleEveryS ?? 15;
  const evses = new Map<string, VirtualEvse>(scenario.evses.map(({ id }) => [id, { safeCurrentA: 0, lastSampleS: 0 }]));
  const waiting: ChargePointInput[] = [];
  let limits = 0;
  let second = 0;

  const offeredA = (evseId: string, atMs: number) => {
    const evse = evses.get(evseId)!;
    return (evse.schedule && scheduledA(evse.schedule, atMs)) ?? evse.safeCurrentA;
  };
  const from = (evseId: string) => ({ chargePointId: `cp-${evseId}`, connector: 1 });
  const register = (evseId: string) => Math.round(site.wired.registerWh(evseId));

  const site = new ScenarioSite(scenario, offeredA, {
    arrived: (session) => {
      const { evseId } = session;
      waiting.push({ type: "status", ...from(evseId), status: "charging" });
      waiting.push({
        type: "transaction-started",
        ...from(evseId),
        token: `driver-${evseId}`,
        meterStartWh: register(evseId),
        atMs: clock.wallMs(),
        replayed: false,
      });
      options.onArrival(session);
    },
    left: ({ evseId }) => {
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
      waiting.push({ type: "status", ...from(evseId), status: "available" });
    },
  });

  function apply(command: ChargePointCommand): CommandResult {
    if (command.type === "set-limit") {
      evses.get(command.evseId)!.schedule = command.schedule;
      limits++;
    } else if (command.type === "install-safe-default") {
      evses.get(command.chargePointId.slice(3))!.safeCurrentA = command.currentA;
    } else if (command.type === "clear-limits") {
      delete evses.get(command.chargePointId.slice(3))!.schedule;
    } else return { status: "not-supported", detail: command.type };
    return ACCEPTED;
  }

  async function deliver(): Promise<void> {
    for (const input of waiting.splice(0)) {
      const answer = await handle(input);
      if (input.type === "transaction-started" && answer.transactionId !== undefined)
        evses.get(input.chargePointId.slice(3))!.transactionId = answer.transactionId;
    }
  }

  function sample(evseId: string, evse: VirtualEvse): void {
    if (second - evse.lastSampleS < sampleEveryS) return;
    evse.lastSampleS = second;
    const currentA = site.wired.evseCurrentA(evseId);
    const rounded = [Math.round(currentA[0] * 10) / 10, 0, 0] as const;
    const powerW = Math.round(currentA[0] * scenario.voltageV);
    waiting.push({
      type: "metered",
      ...from(evseId),
      samples: [{ atMs: clock.wallMs(), currentA: rounded, powerW, energyWh: register(evseId) }],
    });
  }

  function push(): void {
    const atMonoMs = clock.monoMs();
    const meter = site.wired.meter("grid");
    const tenth = (value: number) => Math.round(value * 10) / 10;
    const [a, b, c] = meter.currentA;
    sink.meter({
      deviceId: "grid-meter",
      atMonoMs,
      powerW: Math.round(meter.powerW[0] + meter.powerW[1] + meter.powerW[2]),
      currentA: [tenth(a), tenth(b), tenth(c)],
      importWh: Math.round(meter.importWh),
      exportWh: Math.round(meter.exportWh),
    });
    sink.pv({ deviceId: "roof", atMonoMs, powerW: Math.round(site.wired.pvW) });
  }

  return {
    site,
    limitsSent: () => limits,
    chargePoints: { send: async (command) => apply(command), close: async () => {} },
    devices: { setBattery: async () => ({ status: "not-supported", detail: "no battery" }), close: async () => {} },
    async connect() {
      for (const { id } of scenario.evses) {
        waiting.push({ type: "connected", chargePointId: `cp-${id}`, protocol: "virtual", remote: "" });
        waiting.push({ type: "status", ...from(id), status: "available" });
      }
      await deliver();
    },
    async step() {
      second++;
      site.step(clock.wallMs(), 1);
      for (const evseId of site.present().keys()) sample(evseId, evses.get(evseId)!);
      await deliver();
      push();
    },
  };
}

/** Collects readings as they come and freezes them into the process image of a tick. */

import type { BatteryReading, EvseReading, MeterReading, ProcessImage, PvReading } from "../../core/image.ts";
import { inputSource } from "../../core/limits/grid-limit.ts";
import { impossibleReading } from "../../core/plausibility/impossible.ts";
import { believed, type MeterWatch, watchMeter } from "../../core/plausibility/standstill.ts";
import type { Clock, DeviceSink, Prices } from "../../core/ports.ts";
import type { SiteModel } from "../../core/site/site-model.ts";
import { slotStartMs } from "../../core/time/slots.ts";

export interface ImageStore extends DeviceSink {
  evse(reading: EvseReading): void;
  /** Another car is there than before: its state of charge is not known yet. */
  newCar(evseId: string): void;
  /** A car may draw at an EVSE without anybody having been told, or that is over. */
  untoldCar(evseId: string, isThere: boolean): void;
  /** A source of the grid operator's limits gave a sign of life. */
  heard(source: string): void;
  /** A digital input was read. */
  input(id: string, closed: boolean): void;
  freeze(): ProcessImage;
  /** The last word on why a device is in trouble, by device id. */
  readonly troubles: ReadonlyMap<string, string>;
}

const STANDS_STILL = "it answers, but its values stand still while power flows: restart the meter or its gateway";

/** The reading of an EVSE where a car may have begun to draw since: its registers stay known, what flows does not. */
function withoutFlow({ powerW: _, currentA: __, offeredA: ___, ...registers }: EvseReading): EvseReading {
  return registers;
}

/** `onMeter` is called after each meter reading: the guard runs at the pace of the meters. */
export function createImageStore(
  { circuits }: Pick<SiteModel, "circuits">,
  clock: Clock,
  prices: Prices,
  onMeter: (deviceId: string) => void,
): ImageStore {
  // Of several circuits with the same meter the one that is above the others.
  const circuitOf = new Map(
    circuits.toReversed().flatMap((circuit) => (circuit.meterId ? [[circuit.meterId, circuit] as const] : [])),
  );
  const meters = new Map<string, MeterReading>();
  const watches = new Map<string, MeterWatch>();
  const pvs = new Map<string, PvReading>();
  const batteries = new Map<string, BatteryReading>();
  const evses = new Map<string, EvseReading>();
  const untoldCars = new Map<string, number>();
  const troubles = new Map<string, string>();
  const sinceMonoMs = clock.monoMs();
  const heardMonoMs = new Map<string, number>();
  const inputs = new Map<string, { readonly closed: boolean; readonly sinceMonoMs: number }>();

  function measured(reading: EvseReading): EvseReading {
    const untoldSinceMonoMs = untoldCars.get(reading.evseId) ?? Number.NEGATIVE_INFINITY;
    return reading.atMonoMs < untoldSinceMonoMs ? withoutFlow(reading) : reading;
  }

  /** What is no number is not known: such a device is one that does not answer. */
  function isNumeric(reading: PvReading | BatteryReading): boolean {
    const none = Object.entries(reading).find(([, value]) => typeof value === "number" && !Number.isFinite(value));
    if (none) troubles.set(reading.deviceId, `It says ${none[1]} for ${none[0]}, which is no number`);
    else troubles.delete(reading.deviceId);
    return none === undefined;
  }

  return {
    troubles,
    meter(reading) {
      const { deviceId } = reading;
      const circuit = circuitOf.get(deviceId);
      const impossible = circuit && impossibleReading(reading, circuit.limitA);
      if (impossible !== undefined) {
        troubles.set(deviceId, impossible);
        return;
      }
      const below = (circuit?.evseIds ?? []).flatMap((id) => evses.get(id) ?? []).map(measured);
      const watch = watchMeter(watches.get(deviceId), reading, below);
      watches.set(deviceId, watch);
      meters.set(deviceId, believed(watch, reading));
      if (watch.standsStill) troubles.set(deviceId, STANDS_STILL);
      else troubles.delete(deviceId);
      onMeter(deviceId);
    },
    pv(reading) {
      if (isNumeric(reading)) pvs.set(reading.deviceId, reading);
    },
    battery(reading) {
      if (isNumeric(reading)) batteries.set(reading.deviceId, reading);
    },
    trouble(deviceId, detail) {
      troubles.set(deviceId, detail.slice(0, 200));
    },
    evse(reading) {
      const before = evses.get(reading.evseId);
      if (before && before.atMonoMs > reading.atMonoMs) return;
      // Chargers send the register, the current and the state of charge in turns: the last known energy stays known.
      const energyWh = reading.energyWh ?? before?.energyWh;
      const exportWh = reading.exportWh ?? before?.exportWh;
      const socPercent = reading.socPercent ?? before?.socPercent;
      evses.set(reading.evseId, {
        ...reading,
        ...(energyWh === undefined ? {} : { energyWh }),
        ...(exportWh === undefined ? {} : { exportWh }),
        ...(socPercent === undefined ? {} : { socPercent }),
      });
    },
    newCar(evseId) {
      const { socPercent: _, ...reading } = evses.get(evseId) ?? {};
      if ("evseId" in reading) evses.set(evseId, reading);
    },
    untoldCar(evseId, isThere) {
      if (isThere) untoldCars.set(evseId, clock.monoMs());
      else untoldCars.delete(evseId);
    },
    heard(source) {
      heardMonoMs.set(source, clock.monoMs());
    },
    input(id, closed) {
      heardMonoMs.set(inputSource(id), clock.monoMs());
      if (inputs.get(id)?.closed !== closed) inputs.set(id, { closed, sinceMonoMs: clock.monoMs() });
    },
    freeze() {
      const nowMs = clock.wallMs();
      const slot = slotStartMs(nowMs);
      const importEurPerKwh = prices.importEurPerKwh(slot);
      const exportEurPerKwh = prices.exportEurPerKwh(slot);
      return {
        nowMs,
        monoMs: clock.monoMs(),
        wallTrusted: clock.wallTrusted(),
        meters: new Map(meters),
        pvs: new Map(pvs),
        batteries: new Map(batteries),
        evses: new Map([...evses].map(([evseId, reading]) => [evseId, measured(reading)])),
        untoldCars: new Map(untoldCars),
        gridLinks: { sinceMonoMs, heardMonoMs: new Map(heardMonoMs), inputs: new Map(inputs) },
        ...(importEurPerKwh === undefined ? {} : { importEurPerKwh }),
        ...(exportEurPerKwh === undefined ? {} : { exportEurPerKwh }),
      };
    },
  };
}

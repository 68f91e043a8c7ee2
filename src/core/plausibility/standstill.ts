/**
 * A meter that answers for ever with the same values (a hung gateway, an inverter that lost its meter) is as good as
 * one that does not answer: from the last value that moved on, its readings grow old.
 */
import type { EvseReading, MeterReading } from "../image.ts";

/** Registers count in steps of up to 10 Wh (SDM630 in float kWh); after so much energy one of them has to have moved. */
const MOVES_AFTER_WH = 30;
/** So much more or less in a car shows in every meter above it, A, ... */
const MOVES_WITH_CAR_A = 3;
/** ... unless what the car's own meter tells is what was before the values stood still. */
const EVSE_METER_LAGS_MS = 5_000;

export interface MeterWatch {
  /** The first of a series of the same readings; its age is the age of what is known. */
  readonly reading: MeterReading;
  /** What each car drew when its meter first reported in this series, A. */
  readonly carsA: ReadonlyMap<string, number>;
  /** The values should have moved since, and did not. */
  readonly standsStill: boolean;
}

const VALUES = ["powerW", "importWh", "exportWh"] as const;
const PHASE_VALUES = ["currentA", "voltageV"] as const;

function isSame(a: MeterReading, b: MeterReading): boolean {
  return (
    VALUES.every((name) => a[name] === b[name]) &&
    PHASE_VALUES.every((name) => [0, 1, 2].every((phase) => a[name]?.[phase] === b[name]?.[phase]))
  );
}

/** A meter without registers may well say the same for a while: it is watched by the cars alone. */
function owesEnergy(first: MeterReading, latest: MeterReading): boolean {
  if (latest.importWh === undefined && latest.exportWh === undefined) return false;
  const hours = (latest.atMonoMs - first.atMonoMs) / 3_600_000;
  return Math.abs(latest.powerW) * hours >= MOVES_AFTER_WH;
}

function drawn({ currentA }: EvseReading): number {
  return currentA ? Math.max(...currentA) : 0;
}

/** Watches one meter, and the own meters of the EVSEs below it. */
export function watchMeter(
  before: MeterWatch | undefined,
  reading: MeterReading,
  below: readonly EvseReading[],
): MeterWatch {
  if (!before || !isSame(before.reading, reading)) return { reading, carsA: new Map(), standsStill: false };
  const inSeries = below.filter(({ atMonoMs }) => atMonoMs - before.reading.atMonoMs >= EVSE_METER_LAGS_MS);
  const unknown = inSeries.filter(({ evseId }) => !before.carsA.has(evseId));
  const carMoved = inSeries.some(
    (evse) => Math.abs(drawn(evse) - (before.carsA.get(evse.evseId) ?? drawn(evse))) >= MOVES_WITH_CAR_A,
  );
  const standsStill = before.standsStill || owesEnergy(before.reading, reading) || carMoved;
  if (unknown.length === 0) return { ...before, standsStill };
  return {
    ...before,
    standsStill,
    carsA: new Map([...before.carsA, ...unknown.map((evse) => [evse.evseId, drawn(evse)] as const)]),
  };
}

/** The reading as far as it may be believed: one that stands still has the age of its values. */
export function believed({ standsStill, reading: first }: MeterWatch, latest: MeterReading): MeterReading {
  return standsStill ? first : latest;
}

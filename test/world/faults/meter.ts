/** Meters that stop, freeze or lie. */
import { type Fault, type FaultFamily, type FaultKind, pickOf } from "../fault.ts";
import type { Distortion, MeterValues } from "../meter.ts";
import type { World } from "../world.ts";

function distorting(story: string, seconds: FaultKind["seconds"], make: (world: World) => Distortion): FaultKind {
  const meterOf = (world: World, fault: Fault) => pickOf(world.meters, fault);
  return {
    story,
    seconds,
    begin: (world, fault) => meterOf(world, fault).distortions.set(fault, make(world)),
    end: (world, fault) => void meterOf(world, fault).distortions.delete(fault),
  };
}

const LONG = [5, 300] as const;
/** Longer than a world. */
const WHOLE = [2000, 2000] as const;

const flakyOf = (world: World): Distortion => {
  return (values) => (world.draw.chance(0.4) ? undefined : values);
};

/** Answers with what was true some seconds ago. */
const lateOf = (): Distortion => {
  const queue: MeterValues[] = [];
  return (values) => {
    queue.push(values);
    return queue.length > 3 ? queue.shift() : undefined;
  };
};

/** Answers for ever what was true at first. */
const frozenOf = (): Distortion => {
  let first: MeterValues | undefined;
  return (values) => {
    first ??= values;
    return first;
  };
};

const negative = (values: readonly (number | undefined)[] | undefined) => values?.map((value) => -(value ?? 0));

/** As one that was mounted the wrong way round: a CT clamp that somebody turned. */
const turned: Distortion = (values) => ({
  ...values,
  powerW: -(values.powerW ?? 0),
  phasePowerW: negative(values.phasePowerW) ?? [],
});

/** As with a wrong CT ratio. */
const tenth: Distortion = (values) => {
  const part = (list: readonly (number | undefined)[] | undefined) => list?.map((value) => (value ?? 0) / 10) ?? [];
  return {
    ...values,
    powerW: (values.powerW ?? 0) / 10,
    phasePowerW: part(values.phasePowerW),
    currentA: part(values.currentA),
  };
};

const rotated = <T>(list: readonly T[] | undefined): T[] => [list![1]!, list![2]!, list![0]!];

/** As one whose phases were swapped. */
const swapped: Distortion = (values) => ({
  ...values,
  phasePowerW: rotated(values.phasePowerW),
  currentA: rotated(values.currentA),
});

const jumpsOf = (world: World): Distortion => {
  return (values) => {
    if (!world.draw.chance(0.15)) return values;
    const scale = world.draw.one([0.01, 30]);
    const scaled = (list: readonly (number | undefined)[] | undefined) => list?.map((value) => (value ?? 0) * scale);
    return {
      ...values,
      powerW: (values.powerW ?? 0) * scale,
      phasePowerW: scaled(values.phasePowerW) ?? [],
      currentA: scaled(values.currentA) ?? [],
    };
  };
};

export const METER_FAULTS: FaultFamily = {
  stops: distorting("does not answer", LONG, () => () => undefined),
  flaky: distorting("answers only now and then", LONG, flakyOf),
  late: distorting("answers with what was true three seconds ago", LONG, lateOf),
  "not-a-number": distorting("answers NaN in all registers", LONG, () => (values) => ({
    ...values,
    powerW: undefined,
    currentA: [undefined, undefined, undefined],
  })),
  "no-currents": distorting("leaves the currents out", LONG, () => (values) => ({ ...values, currentA: [] })),
  sentinel: distorting("answers 0x8000 in all registers", LONG, () => () => ({
    powerW: -2_147_483_648,
    phasePowerW: [-2_147_483_648, -2_147_483_648, -2_147_483_648],
    currentA: [-32_768, -32_768, -32_768],
    voltageV: [-32_768, -32_768, -32_768],
  })),
  frozen: distorting("answers for ever what was true at first", LONG, frozenOf),
  jumps: distorting("jumps to a thirtyfold, or a hundredth, of the truth now and then", LONG, jumpsOf),
};

/** Mistakes of the installer, there from the first second: only the cars give them away, one change after the other. */
export const METER_LIES: FaultFamily = {
  turned: { ...distorting("shows import as export", WHOLE, () => turned), fromTheStart: true },
  tenth: { ...distorting("shows a tenth of the truth", WHOLE, () => tenth), fromTheStart: true },
  swapped: { ...distorting("has its phases swapped", WHOLE, () => swapped), fromTheStart: true },
};

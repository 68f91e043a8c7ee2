/**
 * Sun that is held back because no more may be exported. No meter shows it: so a battery takes a little more than is there
 * and sees whether the inverter makes up for it. The battery goes first, so nothing is exported for it.
 */
import { isFresh } from "../../device-quality.ts";
import type { ControlInput } from "../control.ts";
import type { HeldSunMemory } from "../memory.ts";
import { PV_FOLLOWS_MS, PV_NO_MORE_MS, PV_PROBE_W } from "../thresholds.ts";
import { exportCap } from "./curtail.ts";

/** Less sun than this is night, W. */
const SHINES_W = 100;
/**
 * So near the most that may be exported the meter stands at it, W, or so much of what the inverters have at their peak: smaller
 * changes of a limit are not sent. What is tried is twice that.
 */
const AT_CAP_W = PV_PROBE_W / 2;
const AT_CAP_PART = 0.015;

/** Whether the inverters give something: at night there is nothing that could be held back. */
function shines({ site, image }: ControlInput): boolean {
  return site.pvIds.some((id) => {
    const reading = image.pvs.get(id);
    return isFresh(reading, image) && reading.powerW >= SHINES_W;
  });
}

/** Whether our limit holds inverters within what may be exported: a battery that runs by itself sees no sun to take then. */
export function holdsSun(input: ControlInput): boolean {
  return Object.keys(input.state.limits.pvs ?? {}).length > 0 && exportCap(input) !== undefined && shines(input);
}

function atCapW({ site }: ControlInput): number {
  const peaksW = site.configuration.devices.map(({ pv }) => (pv?.control ? pv.peakW : 0));
  return Math.max(AT_CAP_W, AT_CAP_PART * peaksW.reduce((sum, peakW) => sum + peakW, 0));
}

export interface HeldSun {
  /** With which the battery takes all sun that may not be exported, W charging +; missing where nothing can be held back. */
  readonly powerW?: number;
  readonly memory?: HeldSunMemory;
}

/** What a battery that does `nowW` takes of sun that may not be exported, by the power at the grid connection, W. */
export function heldSun(
  input: ControlInput,
  { gridW, nowW }: { readonly gridW: number; readonly nowW: number },
  before: HeldSunMemory = {},
): HeldSun {
  const capW = exportCap(input)?.capW;
  if (capW === undefined || !shines(input)) return {};
  const { monoMs } = input.image;
  const within = (sinceMonoMs: number | undefined, ms: number) =>
    sinceMonoMs !== undefined && monoMs - sinceMonoMs < ms;
  const aboveW = gridW + capW;
  const nearW = atCapW(input);
  const probeW = 2 * nearW;
  const isAtCap = aboveW <= nearW;
  const mayCome = within(before.triedMonoMs, PV_FOLLOWS_MS) && aboveW <= probeW + nearW;
  if (!isAtCap && mayCome) return { powerW: nowW, memory: before };
  const noMore = isAtCap ? before.noMoreMonoMs : monoMs;
  const tries = isAtCap && !within(noMore, PV_NO_MORE_MS);
  return {
    powerW: nowW - aboveW + (tries ? probeW : 0),
    memory: {
      ...(tries ? { triedMonoMs: monoMs } : {}),
      ...(noMore === undefined ? {} : { noMoreMonoMs: noMore }),
    },
  };
}

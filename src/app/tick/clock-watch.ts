/** The wall clock against the monotonic one: a jump explains prices and bills, and moves what was to last for a time. */
import type { ProcessImage } from "../../core/image.ts";
import type { ClockStep } from "../../core/state/clock-step.ts";

const CLOCK_STEP_MS = 2_000;

export class ClockWatch {
  #wallMinusMonoMs: number | undefined;
  #wasTrusted = false;

  /** The jump since the last look; missing where there was none. Called each tick. */
  look({ nowMs, monoMs, wallTrusted }: ProcessImage): ClockStep | undefined {
    const wasTrusted = this.#wasTrusted;
    this.#wasTrusted = wallTrusted;
    const difference = nowMs - monoMs;
    const before = this.#wallMinusMonoMs ?? difference;
    const byMs = Math.round(difference - before);
    if (this.#wallMinusMonoMs !== undefined && Math.abs(byMs) < CLOCK_STEP_MS) return undefined;
    this.#wallMinusMonoMs = difference;
    if (byMs === 0) return undefined;
    return { byMs, ...(wasTrusted ? {} : { set: true }) };
  }
}

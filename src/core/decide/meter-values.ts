/** Meter values of an EVSE on their way into the process image: only live and plausible ones. */
import type { ChargePointInput, EvseSample } from "../charge-point-input.ts";
import type { EvseReading } from "../image.ts";
import { type DecideContext, evseAt } from "./context.ts";

type Metered = Extract<ChargePointInput, { type: "metered" }>;

/** Samples older than this were queued while the charge point was offline: history, not a reading of now. */
const LIVE_WITHIN_MS = 120_000;
/** No EVSE of a site like ours draws more; a reading above it has a wrong unit. */
const HIGHEST_PLAUSIBLE_A = 1_000;

function isPlausible(sample: EvseSample): boolean {
  const currents = sample.currentA ?? [];
  const numbers = [...currents, sample.powerW ?? 0, sample.energyWh ?? 0, sample.offeredA ?? 0];
  return (
    numbers.every(Number.isFinite) &&
    currents.every((currentA) => Math.abs(currentA) <= HIGHEST_PLAUSIBLE_A) &&
    (sample.energyWh ?? 0) >= 0
  );
}

/** Readings for the image, oldest first. A charge point whose clock is far off is still believed when it is live. */
export function meterReadings(context: DecideContext, input: Metered): Omit<EvseReading, "atMonoMs">[] {
  const evse = evseAt(context.site, input.chargePointId, input.connector);
  if (!evse) return [];
  return input.samples
    .filter((sample) => context.nowMs - sample.atMs < LIVE_WITHIN_MS && isPlausible(sample))
    .map(({ atMs: _, ...values }) => ({ evseId: evse.id, ...values }));
}

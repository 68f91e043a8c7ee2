/** Meter values of an EVSE on their way into the process image: only live and plausible ones. */
import type { ChargePointInput, EvseSample } from "../charge-point-input.ts";
import type { SiteDraft } from "../facts/index.ts";
import type { EvseReading } from "../image.ts";
import type { EvseModel } from "../site/site-model.ts";
import { openSessionAt } from "../state/sessions.ts";
import { type DecideContext, evseAt } from "./context.ts";
import { registerProblem } from "./registers.ts";
import { unknownConnector, type Violation, violationDrafts } from "./violations.ts";

type Metered = Extract<ChargePointInput, { type: "metered" }>;
type Reading = Omit<EvseReading, "atMonoMs">;

/** Samples older than this were queued while the charge point was offline: history, not a reading of now. */
export const LIVE_WITHIN_MS = 120_000;
/** No EVSE draws more; a value above has a wrong unit. */
const HIGHEST_PLAUSIBLE_A = 1_000;
const HIGHEST_PLAUSIBLE_W = 1_200_000;

/** What is wrong with current or power; a bidirectional EVSE may report negative ones. */
function valueProblem(sample: EvseSample): string | undefined {
  const currents = [...(sample.currentA ?? []), sample.offeredA ?? 0];
  if (!currents.every((currentA) => Math.abs(currentA) <= HIGHEST_PLAUSIBLE_A))
    return "an impossible current, not used";
  if (!(Math.abs(sample.powerW ?? 0) <= HIGHEST_PLAUSIBLE_W)) return "an impossible power, not used";
  if (!((sample.exportWh ?? 0) >= 0)) return "an impossible register of what was given back, not used";
  const socPercent = sample.socPercent ?? 0;
  return socPercent >= 0 && socPercent <= 100 ? undefined : "an impossible state of charge, not used";
}

interface Judged {
  readonly reading?: Reading;
  readonly problem?: string;
}

function judge(context: DecideContext, evse: EvseModel, sample: EvseSample): Judged {
  const problem = valueProblem(sample);
  if (problem !== undefined) return { problem };
  const { atMs, energyWh, ...values } = sample;
  const reading: Reading = { evseId: evse.id, ...values };
  if (energyWh === undefined) return { reading };
  const session = openSessionAt(context.state.sessions, evse.id);
  const wrong = registerProblem(energyWh, evse, session, { atMs: context.nowMs, voltageV: context.site.voltageV });
  // Without its register a sample still tells current and power: the guard needs those.
  return wrong === undefined ? { reading: { ...reading, energyWh } } : { reading, problem: wrong };
}

/** Readings for the image, oldest first, and facts on samples that cannot be true. */
export function meterReadings(context: DecideContext, input: Metered): { readings: Reading[]; drafts: SiteDraft[] } {
  const evse = evseAt(context.site, input.chargePointId, input.connector);
  if (!evse) {
    // Connector 0 is the main meter of the charge point itself: nothing to control.
    return { readings: [], drafts: input.connector === 0 ? [] : unknownConnector(context, input, "MeterValues") };
  }
  const readings: Reading[] = [];
  const violations: Violation[] = [];
  for (const sample of input.samples) {
    if (context.nowMs - sample.atMs >= LIVE_WITHIN_MS) continue;
    const { reading, problem } = judge(context, evse, sample);
    if (reading) readings.push(reading);
    if (problem === undefined) continue;
    const { chargePointId } = input;
    violations.push({ chargePointId, action: "MeterValues", problem, payload: JSON.stringify(sample) });
  }
  return { readings, drafts: violationDrafts(context, violations) };
}

/**
 * Books energy: quarter-hours of the site and of each transaction, as facts in one batch at the end of each slot. The
 * quarter-hours of a transaction always add up to the difference of the EVSE's register, over restarts too: what was
 * booked before is in the state, so the next booking starts from `meter start + energy booked`.
 */
import type { SiteDraft } from "../facts/index.ts";
import { evsePowerW } from "../site/site-powers.ts";
import { openSessionAt, type Session } from "../state/sessions.ts";
import { slotStartMs } from "../time/slots.ts";
import type { MeteringInput } from "./input.ts";
import { initialSiteMeter, meterSite, resumedSiteMeter, type SiteMeter, siteQuarterHourDraft } from "./site-meter.ts";
import {
  initialTransactionMeter,
  meterTransaction,
  nextTransactionMeter,
  runningWh,
  type TransactionMeter,
  transactionMeteredDraft,
  unbookedWh,
} from "./transaction-meter.ts";

export interface MeteringMemory {
  readonly slotStartMs?: number;
  readonly lastMonoMs?: number;
  readonly site: SiteMeter;
  readonly transactions: ReadonlyMap<number, TransactionMeter>;
  /** The list of ended sessions that was looked through last. */
  readonly endedSeen?: readonly Session[];
}

/** A clock that is set back by less than this at the turn of a slot does not begin the last slot again. */
const SMALL_STEP_BACK_MS = 60_000;

/** Nothing metered yet: the first slot after a boot is not complete. */
export function initialMeteringMemory(): MeteringMemory {
  return { site: initialSiteMeter(false), transactions: new Map() };
}

/** Whether the books of an ended session are still open: it was metered until now, or its registers know more. */
function isUnbooked(session: Session, memory: MeteringMemory): boolean {
  return memory.transactions.has(session.transactionId) || (unbookedWh(session) ?? 0) !== 0;
}

/**
 * Closes the books of sessions that ended since the last look: also of those that began and ended while nobody
 * metered, such as a night that a charge point replays, or an end just before a crash of ours.
 */
function closeEnded(memory: MeteringMemory, input: MeteringInput, slotMs: number): SiteDraft[] {
  const { ended } = input.state.sessions;
  if (ended === memory.endedSeen) return [];
  const { importEurPerKwh } = input.image;
  const price = importEurPerKwh === undefined ? {} : { importEurPerKwh };
  return ended
    .filter((session) => isUnbooked(session, memory))
    .flatMap((session) => {
      const meter = memory.transactions.get(session.transactionId) ?? { ...initialTransactionMeter(session), ...price };
      return transactionMeteredDraft(session, meter, slotMs) ?? [];
    });
}

function advance(memory: MeteringMemory, input: MeteringInput, elapsedMs: number): Map<number, TransactionMeter> {
  const { site, state, image } = input;
  const byEvse = new Map(input.decisions.map((decision) => [decision.evseId, decision]));
  const next = new Map<number, TransactionMeter>();
  for (const key in state.sessions.open) {
    const session = state.sessions.open[key]!;
    const meter = memory.transactions.get(session.transactionId) ?? initialTransactionMeter(session);
    // Of several open transactions at one EVSE only the youngest can be the car that is there.
    const isThere = openSessionAt(state.sessions, session.evseId) === session;
    const reading = isThere ? image.evses.get(session.evseId) : undefined;
    const tick = {
      elapsedMs,
      powerW: evsePowerW(reading, image.monoMs, site.voltageV),
      registerWh: reading?.energyWh,
      exportWh: reading?.exportWh,
      reason: isThere ? byEvse.get(session.evseId)?.reason.kind : undefined,
      importEurPerKwh: image.importEurPerKwh,
    };
    next.set(session.transactionId, meterTransaction(meter, tick));
  }
  return next;
}

function slotOf({ slotStartMs: running }: MeteringMemory, nowMs: number): number {
  const slotMs = slotStartMs(nowMs);
  if (running === undefined) return slotMs;
  return slotMs < running && running - nowMs < SMALL_STEP_BACK_MS ? running : slotMs;
}

/** Books the time since the last tick. Drafts come at slot ends and at the end of a transaction, else none. */
export function meterTick(
  memory: MeteringMemory,
  input: MeteringInput,
): { readonly memory: MeteringMemory; readonly drafts: readonly SiteDraft[] } {
  const { image, state } = input;
  const slotMs = slotOf(memory, image.nowMs);
  const elapsedMs = memory.lastMonoMs === undefined ? 0 : Math.max(0, image.monoMs - memory.lastMonoMs);
  const begun =
    memory.slotStartMs === undefined && image.wallTrusted
      ? resumedSiteMeter(memory.site, state.site.quarterHours.at(-1), slotMs, image.nowMs)
      : memory.site;
  const site = meterSite(begun, input, elapsedMs);
  const currentSlotMs = memory.slotStartMs ?? slotMs;
  const drafts = closeEnded(memory, input, currentSlotMs);
  const transactions = advance(memory, input, elapsedMs);
  const always = { slotStartMs: slotMs, lastMonoMs: image.monoMs, endedSeen: state.sessions.ended };
  if (slotMs === currentSlotMs) return { memory: { ...always, site, transactions }, drafts };
  drafts.push(siteQuarterHourDraft(site, currentSlotMs, input.site));
  const opened = new Map<number, TransactionMeter>();
  for (const [transactionId, meter] of transactions) {
    const session = state.sessions.open[transactionId]!;
    const draft = transactionMeteredDraft(session, meter, currentSlotMs);
    if (draft) drafts.push(draft);
    opened.set(transactionId, nextTransactionMeter(meter, runningWh(session, meter)));
  }
  return { memory: { ...always, site: initialSiteMeter(true, site), transactions: opened }, drafts };
}

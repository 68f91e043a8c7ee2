/**
 * Books energy: quarter-hours of the site and of each transaction, as facts in one batch at the end of each slot. The
 * quarter-hours of a transaction always add up to the difference of the EVSE's register, over restarts too: what was
 * booked before is in the state, so the next booking starts from `meter start + energy booked`.
 */
import type { EvseDecision } from "./control/control.ts";
import type { SiteDraft } from "./facts/index.ts";
import type { ProcessImage } from "./image.ts";
import { initialSiteMeter, meterSite, type SiteMeter, siteQuarterHourDraft } from "./metering/site-meter.ts";
import {
  initialTransactionMeter,
  meterTransaction,
  type TransactionMeter,
  transactionMeteredDraft,
} from "./metering/transaction-meter.ts";
import type { SiteModel } from "./site-model.ts";
import { slotStartMs } from "./slots.ts";
import type { Session } from "./state/sessions.ts";
import type { SiteState } from "./state.ts";

export interface MeteringMemory {
  readonly slotStartMs?: number;
  readonly lastMonoMs?: number;
  readonly site: SiteMeter;
  readonly transactions: ReadonlyMap<number, TransactionMeter>;
}

export interface MeteringInput {
  readonly site: SiteModel;
  readonly state: SiteState;
  readonly image: ProcessImage;
  /** What the control step decided in this tick: which reason limited whom. */
  readonly decisions: readonly EvseDecision[];
}

/** Nothing metered yet: the first slot after a boot is not complete. */
export function initialMeteringMemory(): MeteringMemory {
  return { site: initialSiteMeter(false), transactions: new Map() };
}

function justEnded(state: SiteState, transactionId: number): Session | undefined {
  return state.sessions.ended.find((session) => session.transactionId === transactionId);
}

/** Closes the books of transactions that are not open any more. */
function closeEnded(memory: MeteringMemory, input: MeteringInput, slotMs: number): SiteDraft[] {
  const drafts: SiteDraft[] = [];
  for (const [transactionId, meter] of memory.transactions) {
    if (input.state.sessions.open[transactionId]) continue;
    const session = justEnded(input.state, transactionId);
    const draft = session && transactionMeteredDraft(session, meter, slotMs);
    if (draft) drafts.push(draft);
  }
  return drafts;
}

function advance(memory: MeteringMemory, input: MeteringInput, elapsedMs: number): Map<number, TransactionMeter> {
  const byEvse = new Map(input.decisions.map((decision) => [decision.evseId, decision]));
  const next = new Map<number, TransactionMeter>();
  for (const key in input.state.sessions.open) {
    const session = input.state.sessions.open[key]!;
    const meter = memory.transactions.get(session.transactionId) ?? initialTransactionMeter(session);
    const reading = input.image.evses.get(session.evseId);
    next.set(
      session.transactionId,
      meterTransaction(meter, {
        elapsedMs,
        reading,
        monoMs: input.image.monoMs,
        reason: byEvse.get(session.evseId)?.reason.kind,
        importEurPerKwh: input.image.importEurPerKwh,
      }),
    );
  }
  return next;
}

/** Books the time since the last tick. Drafts come at slot ends and at the end of a transaction, else none. */
export function meterTick(
  memory: MeteringMemory,
  input: MeteringInput,
): { readonly memory: MeteringMemory; readonly drafts: readonly SiteDraft[] } {
  const { image, state } = input;
  const slotMs = slotStartMs(image.nowMs);
  const elapsedMs = memory.lastMonoMs === undefined ? 0 : Math.max(0, image.monoMs - memory.lastMonoMs);
  const site = meterSite(memory.site, input, elapsedMs);
  const currentSlotMs = memory.slotStartMs ?? slotMs;
  const drafts = closeEnded(memory, input, currentSlotMs);
  const transactions = advance(memory, input, elapsedMs);
  if (slotMs === currentSlotMs) {
    return { memory: { slotStartMs: slotMs, lastMonoMs: image.monoMs, site, transactions }, drafts };
  }
  drafts.push(siteQuarterHourDraft(site, currentSlotMs));
  const opened = new Map<number, TransactionMeter>();
  for (const [transactionId, meter] of transactions) {
    const session = state.sessions.open[transactionId]!;
    const draft = transactionMeteredDraft(session, meter, currentSlotMs);
    if (draft) drafts.push(draft);
    opened.set(transactionId, initialTransactionMeter(session, meter));
  }
  const next = {
    slotStartMs: slotMs,
    lastMonoMs: image.monoMs,
    site: initialSiteMeter(true, site),
    transactions: opened,
  };
  return { memory: next, drafts };
}

/** What the EVSEs' own meters say, by grid phase. */
import type { ProcessImage } from "../image.ts";
import { mapPhases, type PerPhase, ZERO_PHASES } from "../quantity.ts";
import type { EvseModel, SiteModel } from "../site/site-model.ts";
import { evsePowerW, type PowersInput } from "../site/site-powers.ts";
import type { Session } from "../state/sessions.ts";

export interface EvseReport {
  readonly atMonoMs: number;
  /** By grid phase, A; missing where it reports none. */
  readonly currentA?: PerPhase;
  readonly powerW: number;
}

/** An EVSE as plausibility sees it: with its two last reports while a car is there. */
export interface EvseTrack {
  readonly evse: EvseModel;
  readonly transactionId: number | undefined;
  /** From when on reports count: older ones are of another car, or were kept by a charge point that was away. */
  readonly sinceMonoMs: number;
  /** When its charge point was away last; unknown where it was not since this transaction is known. */
  readonly awayMonoMs?: number;
  /** Since when its charge point is away, as far as was seen; missing while it is not. */
  readonly goneMonoMs?: number;
  /** What it was told to give back, on each of its phases, A: it does so before its next report says it. */
  readonly toldBackA?: number;
  readonly last?: EvseReport;
  readonly before?: EvseReport;
  /** While there is no other: what it told since it is back. It may have been kept, and proves nothing. */
  readonly kept?: EvseReport;
}

/** What a car draws now, its report shows for so long. */
export const REPORT_VALID_MS = 120_000;

/** A car follows its limit within this: it may have changed since what was told before. */
const OBEYS_MS = 10_000;

/** What a limit that is younger than a report leaves of it, as a part of it. */
function partLeft({ site, state, image }: PowersInput, { id }: EvseModel, { atMonoMs, currentA, powerW }: EvseReport) {
  const limit = state.limits.byEvse[id];
  const isTaken = limit?.obeyed === true && (limit.answer ?? "accepted") === "accepted";
  const toldMs = image.nowMs - (image.monoMs - atMonoMs);
  if (!isTaken || toldMs >= limit.setAtMs + OBEYS_MS) return 1;
  const drawnA = currentA ? Math.max(...currentA) : powerW / (site.voltageV * limit.phases);
  return drawnA > limit.currentA ? limit.currentA / drawnA : 1;
}

/**
 * With the least that it draws by what it told last: that may have been kept, and is no more than its limit of since then.
 * Enough for caution, not for a doubt.
 */
export function withLeast(input: PowersInput, { kept, ...track }: EvseTrack): EvseTrack {
  const last = track.last ?? kept;
  if (!last) return track;
  const part = partLeft(input, track.evse, last);
  const currentA = last.currentA && mapPhases((phase) => last.currentA![phase] * part);
  return { ...track, last: { ...last, powerW: last.powerW * part, ...(currentA ? { currentA } : {}) } };
}

/** Currents of an EVSE on the phases of the grid. */
export function gridCurrents(evse: EvseModel, currentA: PerPhase): PerPhase {
  const grid: [number, number, number] = [0, 0, 0];
  evse.phases.forEach((phase, index) => {
    grid[phase] += currentA[index as 0 | 1 | 2] ?? 0;
  });
  return grid;
}

/** A car cannot take so much more than its EVSE is built for: then it is the EVSE's own meter that is wrong. */
const MOST_TIMES_RATING = 1.5;

/** A transaction that is told later than this after its start has drawn already. */
const TOLD_LATE_MS = 30_000;

/** A charge point that is back may tell for so long what it measured while it was away, as if it were now. */
const KEPT_MS = 120_000;

function reportOf(site: SiteModel, evse: EvseModel, image: ProcessImage): EvseReport | undefined {
  const reading = image.evses.get(evse.id);
  const powerW = evsePowerW(reading, image.monoMs, site.voltageV);
  if (!reading || powerW === undefined) return undefined;
  const mostA = MOST_TIMES_RATING * evse.maxCurrentA;
  if (Math.max(...(reading.currentA ?? [])) > mostA || powerW > mostA * site.voltageV * evse.phases.length)
    return undefined;
  // On a single phase power says the current, too.
  const ownA = reading.currentA ?? (evse.phases.length === 1 ? ([powerW / site.voltageV, 0, 0] as const) : undefined);
  return { atMonoMs: reading.atMonoMs, powerW, ...(ownA ? { currentA: gridCurrents(evse, ownA) } : {}) };
}

/** A car that came while somebody watched drew nothing before. */
function newTrack(evse: EvseModel, transactionId: number | undefined, monoMs: number, watched: boolean): EvseTrack {
  const nothing: EvseReport = { atMonoMs: monoMs, currentA: ZERO_PHASES, powerW: 0 };
  return {
    evse,
    transactionId,
    sinceMonoMs: monoMs,
    ...(watched && transactionId !== undefined ? { last: nothing } : {}),
  };
}

/** Open transactions by EVSE, the youngest where a charge point reports several. */
function transactions({ sessions }: PowersInput["state"]): Map<string, Session> {
  const byEvse = new Map<string, Session>();
  for (const id in sessions.open) {
    const session = sessions.open[id]!;
    const other = byEvse.get(session.evseId);
    if (!other || session.startedMs >= other.startedMs) byEvse.set(session.evseId, session);
  }
  return byEvse;
}

/** A track with a report that is new to it. */
function takeReport({ kept, ...track }: EvseTrack, report: EvseReport): EvseTrack {
  if (report.atMonoMs < track.sinceMonoMs) return { ...track, kept: report };
  return { ...track, last: report, ...(track.last ? { before: track.last } : {}) };
}

/** What a report leaves out of what the EVSE was told to give back: by grid phase, A; without a report all of it. */
export function untoldBackA({ evse, toldBackA = 0 }: EvseTrack, report: EvseReport | undefined): PerPhase {
  if (toldBackA <= 0) return ZERO_PHASES;
  return mapPhases((phase) => {
    if (!evse.phases.includes(phase)) return 0;
    const told = report?.currentA?.[phase] ?? 0;
    return told - Math.min(told, -toldBackA);
  });
}

/** An EVSE whose charge point is away: it ends by itself what it was told to give back, when nobody renews its lease. */
function awayTrack(
  { evse, transactionId, toldBackA }: Pick<EvseTrack, "evse" | "transactionId" | "toldBackA">,
  goneMonoMs: number,
  monoMs: number,
): EvseTrack {
  const mayGive = toldBackA !== undefined && monoMs - goneMonoMs < evse.leaseMs + OBEYS_MS;
  const since = { sinceMonoMs: monoMs + KEPT_MS, awayMonoMs: monoMs, goneMonoMs };
  return { evse, transactionId, ...since, ...(mayGive ? { toldBackA } : {}) };
}

/** Follows the reports of all EVSEs; a new transaction begins without those of the one before. */
export function trackEvses(
  before: ReadonlyMap<string, EvseTrack>,
  { site, state, image }: PowersInput,
): Map<string, EvseTrack> {
  const next = new Map<string, EvseTrack>();
  const open = transactions(state);
  for (const evse of site.evses) {
    const { transactionId, startedMs = 0 } = open.get(evse.id) ?? {};
    const known = before.get(evse.id);
    const { dischargeA: toldBackA } = state.limits.byEvse[evse.id] ?? {};
    const back = toldBackA === undefined || transactionId === undefined ? {} : { toldBackA };
    if (state.chargePoints.byId[evse.chargePointId]?.connected !== true) {
      const { monoMs } = image;
      next.set(evse.id, awayTrack({ evse, transactionId, ...back }, known?.goneMonoMs ?? monoMs, monoMs));
      continue;
    }
    const track =
      known?.transactionId === transactionId && known
        ? known
        : newTrack(evse, transactionId, image.monoMs, known !== undefined && image.nowMs - startedMs < TOLD_LATE_MS);
    const { last, kept, sinceMonoMs, awayMonoMs = sinceMonoMs } = track;
    const atMonoMs = transactionId === undefined ? undefined : image.evses.get(evse.id)?.atMonoMs;
    const isNew = atMonoMs !== undefined && atMonoMs >= awayMonoMs && atMonoMs !== (last ?? kept)?.atMonoMs;
    const report = isNew ? reportOf(site, evse, image) : undefined;
    const taken = report ? takeReport(track, report) : track;
    const { toldBackA: toldBefore, goneMonoMs, ...plain } = taken;
    next.set(evse.id, toldBefore === toldBackA && goneMonoMs === undefined ? taken : { ...plain, ...back });
  }
  return next;
}

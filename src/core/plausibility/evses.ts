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
  /** What it may give back, as it was told, on each of its phases, A: it does so before its next report says it. */
  readonly toldBackA?: number;
  /** Since when it is told at least as much. */
  readonly backSinceMonoMs?: number;
  /** Since when it is told less, or its charge point is away: it may not have heard that, and ends its lease by itself. */
  readonly lessSinceMonoMs?: number;
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
function gridCurrents(evse: EvseModel, currentA: PerPhase): PerPhase {
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

/**
 * What a report leaves out of what the EVSE was told to give back: by grid phase, A; without a report all of it. One from after the
 * time to obey says what the car makes of that: it may give less, as a car may draw less than its limit.
 */
export function untoldBackA(track: EvseTrack, report: EvseReport | undefined): PerPhase {
  const { evse, toldBackA = 0, backSinceMonoMs = Number.POSITIVE_INFINITY } = track;
  const isShown = report?.currentA !== undefined && report.atMonoMs >= backSinceMonoMs + OBEYS_MS;
  if (toldBackA <= 0 || isShown) return ZERO_PHASES;
  return mapPhases((phase) => {
    if (!evse.phases.includes(phase)) return 0;
    const told = report?.currentA?.[phase] ?? 0;
    return told - Math.min(told, -toldBackA);
  });
}

/** What a charge point is told that is back, is decided and recorded within this; until then it was told before. */
const DECIDED_MS = 5_000;

interface ToldBack {
  /** What it is told to give back now, A. */
  readonly nowA: number;
  /** Its charge point is away, or is just back. */
  readonly isAway: boolean;
  readonly monoMs: number;
}

/** A track with what its EVSE may give back by what it is told now, and was told before. */
function withToldBack(track: EvseTrack, before: EvseTrack | undefined, { nowA, isAway, monoMs }: ToldBack): EvseTrack {
  const { toldBackA: _, lessSinceMonoMs: __, backSinceMonoMs: ___, ...plain } = track;
  const knownA = before?.toldBackA ?? 0;
  const told = (toldBackA: number) => {
    const backSinceMonoMs = toldBackA > knownA ? monoMs : (before?.backSinceMonoMs ?? monoMs);
    return { ...plain, toldBackA, backSinceMonoMs };
  };
  const now = nowA > 0 ? told(nowA) : plain;
  // Told in the second in which it was lost: no tick has seen that before.
  const beforeA = Math.max(knownA, isAway ? nowA : 0);
  if (!isAway && nowA >= beforeA) {
    const isAsBefore = (track.toldBackA ?? 0) === nowA && track.lessSinceMonoMs === undefined;
    return isAsBefore ? track : now;
  }
  const lessSinceMonoMs = before?.lessSinceMonoMs ?? monoMs;
  const hasEnded = monoMs - lessSinceMonoMs >= track.evse.leaseMs + OBEYS_MS;
  if (isAway) return { ...told(hasEnded ? 0 : beforeA), lessSinceMonoMs };
  const hasShown = track.last !== undefined && track.last.atMonoMs >= lessSinceMonoMs + OBEYS_MS;
  return hasShown || hasEnded ? now : { ...told(beforeA), lessSinceMonoMs };
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
    const { monoMs } = image;
    const same = known?.transactionId === transactionId ? known : undefined;
    const nowA = transactionId === undefined ? 0 : (state.limits.byEvse[evse.id]?.dischargeA ?? 0);
    if (state.chargePoints.byId[evse.chargePointId]?.connected !== true) {
      const away = { evse, transactionId, sinceMonoMs: monoMs + KEPT_MS, awayMonoMs: monoMs };
      next.set(evse.id, withToldBack(away, same, { nowA, isAway: true, monoMs }));
      continue;
    }
    const watched = known !== undefined && image.nowMs - startedMs < TOLD_LATE_MS;
    const track = same ?? newTrack(evse, transactionId, monoMs, watched);
    const { last, kept, sinceMonoMs, awayMonoMs = sinceMonoMs } = track;
    const atMonoMs = transactionId === undefined ? undefined : image.evses.get(evse.id)?.atMonoMs;
    const isNew = atMonoMs !== undefined && atMonoMs >= awayMonoMs && atMonoMs !== (last ?? kept)?.atMonoMs;
    const report = isNew ? reportOf(site, evse, image) : undefined;
    const taken = report ? takeReport(track, report) : track;
    const isJustBack = monoMs - (same?.awayMonoMs ?? Number.NEGATIVE_INFINITY) < DECIDED_MS;
    next.set(evse.id, withToldBack(taken, same, { nowA, isAway: isJustBack, monoMs }));
  }
  return next;
}

/**
 * Transactions, once each: charge points replay them after an outage, send them twice, forget their ids, or end what
 * nobody saw start. A transaction message is always answered; no energy leaves the books.
 */
import type { ChargePointAnswer, ChargePointInput } from "../charge-point-input.ts";
import type { SiteDraft } from "../facts/index.ts";
import type { EvseReading } from "../image.ts";
import { beganMs, type Session } from "../state/sessions.ts";
import { ABANDONED } from "./abandoned.ts";
import { adoptedKey, type DecideContext, evseAt, ourId } from "./context.ts";
import { POSSIBLE_AT_END_WH, registerProblem } from "./registers.ts";
import { driverDrafts, tokenStatus, tokenStatusAtEnd } from "./tokens.ts";
import { unknownConnector, violationDrafts } from "./violations.ts";

type Started = Extract<ChargePointInput, { type: "transaction-started" }>;
type Ended = Extract<ChargePointInput, { type: "transaction-ended" }>;
interface Decision {
  readonly drafts: SiteDraft[];
  readonly answer: ChargePointAnswer;
  /** Of the EVSE that it is about. */
  readonly readings: readonly Omit<EvseReading, "atMonoMs">[];
}

/** Ids of OCPP 1.6 have 31 bits. */
export const LARGEST_TRANSACTION_ID = 2_147_483_647;
const SUPERSEDED = "superseded";
/** A start that comes again without a usable time is stamped anew; within this it is the same start. */
const SAME_START_WITHIN_MS = 300_000;

/** The clock of a charge point is known to some seconds only. */
const CLOCKS_DIFFER_MS = 10_000;

/** Identity, connector, token, meter start and time name a 1.6 transaction; 2.0.1 has an id of its own. */
function transactionKey(input: Started): string {
  if (input.remoteId !== undefined) return `transaction:${input.chargePointId}:${input.remoteId}`;
  const { chargePointId, connector, token, meterStartWh, atMs, writtenMs = atMs } = input;
  return `transaction:${chargePointId}:${connector}:${token ?? ""}:${meterStartWh ?? ""}:${writtenMs}`;
}

/** The same token at the same register, while that transaction is open: sent twice, with times made up by us. */
function startedAlready(open: readonly Session[], input: Started): Session | undefined {
  if (input.remoteId !== undefined || input.meterStartWh === undefined) return undefined;
  return open.find(
    (session) =>
      session.chargePointId === input.chargePointId &&
      session.remoteId === undefined &&
      session.token === input.token &&
      session.meterStartWh === input.meterStartWh &&
      Math.abs(session.startedMs - input.atMs) < SAME_START_WITHIN_MS,
  );
}

/** An id that no transaction of ours has or had, and none that this charge point brought along. */
export function freeTransactionId(context: DecideContext, chargePointId: string): number {
  const { open } = context.state.sessions;
  const isTaken = (id: number) =>
    open[id] ?? context.findByKey(`transaction-end:${id}`) ?? context.findByKey(adoptedKey(chargePointId, id));
  let id = context.state.sessions.nextTransactionId;
  while (isTaken(id)) id = id >= LARGEST_TRANSACTION_ID ? 1 : id + 1;
  return id;
}

/** A car cannot start while another is there: what was open has ended without a word. */
function supersede(open: Session, input: Started): SiteDraft {
  return {
    type: "transaction-ended",
    source: `charge-point:${input.chargePointId}`,
    key: `transaction-end:${open.transactionId}`,
    data: {
      transactionId: open.transactionId,
      chargePointId: open.chargePointId,
      evseId: open.evseId,
      atMs: Math.max(open.startedMs, input.atMs),
      reason: SUPERSEDED,
      replayed: input.replayed,
    },
  };
}

function startedDraft(context: DecideContext, input: Started, where: { key: string; evseId: string }): SiteDraft {
  const { chargePointId, connector, remoteId, token, meterStartWh, atMs, replayed } = input;
  return {
    type: "transaction-started",
    source: `charge-point:${chargePointId}`,
    key: where.key,
    data: {
      transactionId: freeTransactionId(context, chargePointId),
      chargePointId,
      evseId: where.evseId,
      connectorId: connector,
      atMs,
      replayed,
      ...(remoteId === undefined ? {} : { remoteId }),
      ...(token === undefined ? {} : { token }),
      ...(meterStartWh === undefined ? {} : { meterStartWh }),
    },
  };
}

/** Open sessions that a new start ends; a replayed start that is older than an open session leaves that alone. */
function supersededBy(input: Started, open: readonly Session[]): Session[] {
  return open.filter((session) => !(input.replayed && input.atMs < session.startedMs));
}

/** Decides a start. The same start again is answered with the same transaction id, however long ago it was. */
export function startTransaction(context: DecideContext, input: Started): Decision {
  const key = transactionKey(input);
  const tokenStatusNow = tokenStatus(context, input);
  const before = context.findByKey(key);
  if (before) {
    const { transactionId, adopted } = before.data as { transactionId: number; adopted?: boolean };
    const drafts = adopted ? lateStart(context, input) : [];
    return { drafts, answer: { transactionId, tokenStatus: tokenStatusNow }, readings: [] };
  }
  const evse = evseAt(context.site, input.chargePointId, input.connector);
  // A connector that is not configured still charges somebody's car: it is booked under a name no EVSE can have.
  const evseId = evse?.id ?? `${input.chargePointId}:${input.connector}`;
  const open = Object.values(context.state.sessions.open).filter((session) => session.evseId === evseId);
  const same = startedAlready(open, input);
  if (same)
    return { drafts: [], answer: { transactionId: same.transactionId, tokenStatus: tokenStatusNow }, readings: [] };
  const draft = startedDraft(context, input, { key, evseId });
  const { transactionId } = draft.data as { transactionId: number };
  const unknown = evse ? [] : unknownConnector(context, input, "StartTransaction");
  const ended = supersededBy(input, open).map((session) => supersede(session, input));
  const over = endHeardBefore(context, input, { transactionId, evseId });
  const driver = driverDrafts(context, input.token, `charge-point:${input.chargePointId}`);
  return {
    drafts: [...ended, ...driver, draft, ...over, ...unknown],
    answer: { transactionId, tokenStatus: tokenStatusNow },
    readings: [],
  };
}

type UnknownFact = Extract<SiteDraft, { type: "unknown-transaction-reported" }>["data"];

/** The start of a transaction that was found running: its register is kept. */
function lateStart(context: DecideContext, input: Started): SiteDraft[] {
  const { chargePointId, remoteId = "", atMs, meterStartWh } = input;
  const key = `late-start:${chargePointId}:${remoteId}`;
  if (context.findByKey(key)) return [];
  const data = { chargePointId, reportedId: remoteId, atMs, kind: "start-after-adoption" };
  return [
    {
      type: "unknown-transaction-reported",
      source: `charge-point:${chargePointId}`,
      key,
      data: { ...data, ...(meterStartWh === undefined ? {} : { meterWh: meterStartWh }) },
    },
  ];
}

/** A 2.0.1 station may send its queue out of order: the end of this transaction was heard before its start. */
function endHeardBefore(
  context: DecideContext,
  input: Started,
  of: { readonly transactionId: number; readonly evseId: string },
): SiteDraft[] {
  const { chargePointId, remoteId } = input;
  const heard = remoteId === undefined ? undefined : context.findByKey(unknownEndKey(chargePointId, remoteId));
  if (!heard) return [];
  const { atMs, meterWh, reason = "Other" } = heard.data as UnknownFact;
  return [
    {
      type: "transaction-ended",
      source: `charge-point:${chargePointId}`,
      key: `transaction-end:${of.transactionId}`,
      data: {
        ...of,
        chargePointId,
        atMs: Math.max(input.atMs, atMs),
        reason,
        replayed: true,
        ...(meterWh === undefined ? {} : { meterStopWh: meterWh }),
      },
    },
  ];
}

/** The open session that an end belongs to; ids of 0 and -1 mean "the one at this connector" (ocpp.md Q27). */
function sessionOf(context: DecideContext, input: Ended): Session | undefined {
  const open = Object.values(context.state.sessions.open).filter(
    (session) => session.chargePointId === input.chargePointId,
  );
  if (input.remoteId !== undefined) return open.find((session) => session.remoteId === input.remoteId);
  if (input.transactionId !== undefined && input.transactionId > 0) {
    const id = ourId(context, input.chargePointId, input.transactionId);
    return open.find((session) => session.transactionId === id);
  }
  const there = open.filter(
    (session) =>
      (input.connector === undefined || session.connectorId === input.connector) &&
      // What ended before it began is another one, of which nothing was heard.
      beganMs(session) <= input.atMs + CLOCKS_DIFFER_MS,
  );
  return there.length === 1 ? there[0] : undefined;
}

/** A 2.0.1 transaction ends once; ids of 1.6 come from whatever controller was there, so their time counts too. */
function unknownEndKey(chargePointId: string, reportedId: string, atMs?: number): string {
  return `unknown-end:${chargePointId}:${reportedId}${atMs === undefined ? "" : `:${atMs}`}`;
}

/** An end that no open session waits for. It is kept with its register, so that no energy leaves the books. */
function unknownEnd(context: DecideContext, input: Ended, kind: string): SiteDraft[] {
  const { chargePointId, atMs, writtenMs = atMs, meterStopWh, reason } = input;
  const reportedId = input.remoteId ?? String(input.transactionId ?? "");
  const key = unknownEndKey(chargePointId, reportedId, input.remoteId === undefined ? writtenMs : undefined);
  if (context.findByKey(key)) return [];
  return [
    {
      type: "unknown-transaction-reported",
      source: `charge-point:${chargePointId}`,
      key,
      data: {
        ...{ chargePointId, reportedId, atMs, kind, reason },
        ...(meterStopWh === undefined ? {} : { meterWh: meterStopWh }),
      },
    },
  ];
}

type EndFact = Extract<SiteDraft, { type: "transaction-ended" }>["data"];

/** The end on record of the transaction that this end names; a repeated one is not an unknown transaction. */
function endOnRecord(context: DecideContext, input: Ended): EndFact | undefined {
  let id = input.transactionId && ourId(context, input.chargePointId, input.transactionId);
  if (input.remoteId !== undefined) {
    const start = context.findByKey(`transaction:${input.chargePointId}:${input.remoteId}`);
    id = (start?.data as { transactionId: number } | undefined)?.transactionId;
  }
  if (id === undefined || id <= 0) return endWithoutId(context, input);
  const end = context.findByKey(`transaction-end:${id}`)?.data as EndFact | undefined;
  return end?.chargePointId === input.chargePointId ? end : undefined;
}

/** An end without an id of ours is known by its time and register. */
function endWithoutId(context: DecideContext, input: Ended): EndFact | undefined {
  const ended = context.state.sessions.ended.find(
    (session) =>
      session.chargePointId === input.chargePointId &&
      Math.abs((session.endedMs ?? 0) - input.atMs) <= CLOCKS_DIFFER_MS &&
      session.meterStopWh === input.meterStopWh,
  );
  return ended && (context.findByKey(`transaction-end:${ended.transactionId}`)?.data as EndFact | undefined);
}

function endedDraft(input: Ended, session: Session, meterStopWh: number | undefined): SiteDraft {
  const { chargePointId, reason, token, replayed } = input;
  return {
    type: "transaction-ended",
    source: `charge-point:${chargePointId}`,
    key: `transaction-end:${session.transactionId}`,
    data: {
      transactionId: session.transactionId,
      chargePointId,
      evseId: session.evseId,
      atMs: Math.max(session.startedMs, input.atMs),
      reason,
      replayed,
      ...(meterStopWh === undefined ? {} : { meterStopWh }),
      ...(token === undefined ? {} : { token }),
    },
  };
}

/** A stop register that cannot be true is noted; the metered quarter-hours count instead. */
function stopProblem(context: DecideContext, input: Ended, session: Session): string | undefined {
  const evse = context.site.evseById.get(session.evseId);
  if (input.meterStopWh === undefined || !evse) return undefined;
  const { voltageV } = context.site;
  const when = { atMs: context.nowMs, voltageV, alwaysPossibleWh: POSSIBLE_AT_END_WH };
  return registerProblem(input.meterStopWh, evse, session, when);
}

/** What ends now draws nothing from now on, also where the disk refuses its end. */
function nothingFlows(context: DecideContext, input: Ended, session: Session): Decision["readings"] {
  const isNow = !input.replayed && Math.abs(context.nowMs - input.atMs) <= CLOCKS_DIFFER_MS;
  const isOurs = context.site.evseById.has(session.evseId);
  return isNow && isOurs ? [{ evseId: session.evseId, currentA: [0, 0, 0], powerW: 0 }] : [];
}

/** Decides an end. */
export function endTransaction(context: DecideContext, input: Ended): Decision {
  const answer: ChargePointAnswer = { tokenStatus: tokenStatusAtEnd(context, input) };
  const before = endOnRecord(context, input);
  if (before) {
    // We ended it ourselves when the next car came; now its register is known after all.
    const late = (before.reason === SUPERSEDED || before.reason === ABANDONED) && input.meterStopWh !== undefined;
    return { drafts: late ? unknownEnd(context, input, "end-after-superseded") : [], answer, readings: [] };
  }
  const session = sessionOf(context, input);
  if (!session) return { drafts: unknownEnd(context, input, "end"), answer, readings: [] };
  const readings = nothingFlows(context, input, session);
  const problem = stopProblem(context, input, session);
  if (problem === undefined) return { drafts: [endedDraft(input, session, input.meterStopWh)], answer, readings };
  const { chargePointId } = input;
  const noted = violationDrafts(context, [
    { chargePointId, action: "StopTransaction", problem, payload: JSON.stringify(input) },
  ]);
  return { drafts: [endedDraft(input, session, undefined), ...noted], answer, readings };
}

/**
 * Transactions, once each: charge points replay them after an outage, send them twice, forget their ids, or end what
 * nobody saw start. A transaction message is always answered; no energy leaves the books.
 */
import type { ChargePointAnswer, ChargePointInput } from "../charge-point-input.ts";
import type { SiteDraft } from "../facts/index.ts";
import { openSessionAt, type Session } from "../state/sessions.ts";
import { type DecideContext, evseAt } from "./context.ts";
import { tokenStatus } from "./tokens.ts";

type Started = Extract<ChargePointInput, { type: "transaction-started" }>;
type Ended = Extract<ChargePointInput, { type: "transaction-ended" }>;
interface Decision {
  readonly drafts: SiteDraft[];
  readonly answer: ChargePointAnswer;
}

const LARGEST_TRANSACTION_ID = 2_147_483_647;

/** Identity, connector, token, meter start and time name a 1.6 transaction; 2.0.1 has an id of its own. */
export function transactionKey(input: Started): string {
  if (input.remoteId !== undefined) return `transaction:${input.chargePointId}:${input.remoteId}`;
  const { chargePointId, connector, token, meterStartWh, atMs } = input;
  return `transaction:${chargePointId}:${connector}:${token ?? ""}:${meterStartWh ?? ""}:${atMs}`;
}

function freeTransactionId(context: DecideContext): number {
  let id = context.state.sessions.nextTransactionId;
  while (context.state.sessions.open[id]) id = id >= LARGEST_TRANSACTION_ID ? 1 : id + 1;
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
      reason: "superseded",
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
      transactionId: freeTransactionId(context),
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

/** Decides a start. The same start again is answered with the same transaction id, however long ago it was. */
export function startTransaction(context: DecideContext, input: Started): Decision {
  const key = transactionKey(input);
  const status = tokenStatus(context, input.token);
  const before = context.findByKey(key);
  if (before) {
    const { transactionId } = before.data as { transactionId: number };
    return { drafts: [], answer: { transactionId, tokenStatus: status } };
  }
  // A connector that is not configured still charges somebody's car: it is booked under the connector's own name.
  const evseId =
    evseAt(context.site, input.chargePointId, input.connector)?.id ?? `${input.chargePointId}-${input.connector}`;
  const draft = startedDraft(context, input, { key, evseId });
  const { transactionId } = draft.data as { transactionId: number };
  const open = openSessionAt(context.state.sessions, evseId);
  const drafts = open ? [supersede(open, input), draft] : [draft];
  return { drafts, answer: { transactionId, tokenStatus: status } };
}

/** The open session that an end belongs to; ids of 0 and -1 mean "the one at this connector" (ocpp.md Q27). */
function sessionOf(context: DecideContext, input: Ended): Session | undefined {
  const open = Object.values(context.state.sessions.open).filter(
    (session) => session.chargePointId === input.chargePointId,
  );
  if (input.remoteId !== undefined) return open.find((session) => session.remoteId === input.remoteId);
  if (input.transactionId !== undefined && input.transactionId > 0) {
    return open.find((session) => session.transactionId === input.transactionId);
  }
  const there = open.filter((session) => input.connector === undefined || session.connectorId === input.connector);
  return there.length === 1 ? there[0] : undefined;
}

function unknownEnd(context: DecideContext, input: Ended): SiteDraft[] {
  const reportedId = input.remoteId ?? String(input.transactionId ?? "");
  const key = `unknown-end:${input.chargePointId}:${reportedId}:${input.atMs}`;
  if (context.findByKey(key)) return [];
  return [
    {
      type: "unknown-transaction-reported",
      source: `charge-point:${input.chargePointId}`,
      key,
      data: {
        chargePointId: input.chargePointId,
        reportedId,
        atMs: input.atMs,
        kind: "end",
        ...(input.meterStopWh === undefined ? {} : { meterWh: input.meterStopWh }),
      },
    },
  ];
}

/** Whether this end is on record: a repeated one is not an unknown transaction. */
function endedBefore(context: DecideContext, input: Ended): boolean {
  if (input.transactionId !== undefined && context.findByKey(`transaction-end:${input.transactionId}`)) return true;
  if (input.remoteId === undefined) return false;
  const start = context.findByKey(`transaction:${input.chargePointId}:${input.remoteId}`);
  if (!start) return false;
  const { transactionId } = start.data as { transactionId: number };
  return context.findByKey(`transaction-end:${transactionId}`) !== undefined;
}

/** Decides an end. */
export function endTransaction(context: DecideContext, input: Ended): Decision {
  const answer: ChargePointAnswer = { tokenStatus: tokenStatus(context, input.token) };
  if (endedBefore(context, input)) return { drafts: [], answer };
  const session = sessionOf(context, input);
  if (!session) return { drafts: unknownEnd(context, input), answer };
  const { meterStopWh, atMs, reason, token, replayed } = input;
  return {
    drafts: [
      {
        type: "transaction-ended",
        source: `charge-point:${input.chargePointId}`,
        key: `transaction-end:${session.transactionId}`,
        data: {
          transactionId: session.transactionId,
          chargePointId: input.chargePointId,
          evseId: session.evseId,
          atMs,
          reason,
          replayed,
          ...(meterStopWh === undefined ? {} : { meterStopWh }),
          ...(token === undefined ? {} : { token }),
        },
      },
    ],
    answer,
  };
}

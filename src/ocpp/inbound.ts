/** What a codec makes of one call of a charge point: inputs for the core, and the answer that its answers make. */
import type { ChargePointAnswer, ChargePointInput } from "../core/charge-point-input.ts";
import { EARLIEST_MS, readTime, writtenTime } from "./time.ts";
import { type Fields, jsonCut } from "./wire.ts";

/** What a codec knows of the charge point besides the message. */
export interface InboundContext {
  readonly chargePointId: string;
  readonly nowMs: number;
  /** Our time minus that of its clock, ms, as far as it is known. */
  readonly lagMs: number;
  readonly connectedAtMs: number;
  /** The EVSE of a transaction that this charge point started before, by its own or our id. */
  connectorOf(transaction: string): number | undefined;
  /** The only EVSE of the charge point, 0 where there are several. */
  readonly onlyConnector: number;
  phasesOf(connector: number): number;
}

export interface ParsedCall {
  readonly inputs: readonly ChargePointInput[];
  /** A valid CALLRESULT from the answers to `inputs`, in their order. */
  readonly reply: (answers: readonly ChargePointAnswer[]) => Fields;
  /** What was wrong besides the schema: times, missing fields. */
  readonly problems?: readonly string[];
  /** Ties a transaction to its EVSE for messages that do not repeat it. */
  readonly transaction?: (answers: readonly ChargePointAnswer[]) => { readonly id: string; readonly connector: number };
  /** Its place among the events of a 2.0.1 transaction. */
  readonly event?: { readonly transaction: string; readonly seqNo: number };
  readonly bootAccepted?: boolean;
}

type NotifiedKind = Extract<ChargePointInput, { type: "notified" }>["kind"];

/** Reads the calls of one action. */
export type Parser = (context: InboundContext, payload: Fields, action: string) => ParsedCall;

/** A notification is kept, and answered with `reply`. */
export function kept(kind: NotifiedKind, reply: Fields = {}): Parser {
  return ({ chargePointId }, payload, action) => ({
    inputs: [{ type: "notified", chargePointId, kind, action, payload: jsonCut(payload, 4096) }],
    reply: () => reply,
  });
}

/** What every version reads and answers alike. */
export const SHARED_PARSERS: Readonly<Record<string, Parser>> = {
  Heartbeat: ({ chargePointId, nowMs }) => ({
    inputs: [{ type: "heartbeat", chargePointId }],
    reply: () => ({ currentTime: isoTime(nowMs) }),
  }),
  DataTransfer: kept("data-transfer", { status: "Accepted" }),
  FirmwareStatusNotification: kept("firmware"),
  LogStatusNotification: kept("log"),
  SecurityEventNotification: kept("security"),
};

/** A time of a message, as it is meant and as it is written, with its problem as a list for {@link ParsedCall.problems}. */
export function timeOf(
  context: InboundContext,
  text: unknown,
): { atMs: number; writtenMs: number | undefined; problems: string[] } {
  const { atMs, problem } = readTime(text, context);
  const written = writtenTime(text)?.ms;
  // A clock that begins anew with each boot writes the same time for different transactions.
  const writtenMs = written !== undefined && written >= EARLIEST_MS ? written : undefined;
  return { atMs, writtenMs, problems: problem ? [problem] : [] };
}

/** The time as an answer carries it. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** Seconds between heartbeats. */
export const HEARTBEAT_S = 60;

/**
 * Signed meter values, kept as they came: those of the start and the end of a transaction each, and of those in between
 * the first of a quarter-hour, in case the end is never heard.
 */
import type { ChargePointInput, SignedValue } from "../charge-point-input.ts";
import type { SiteDraft } from "../facts/index.ts";
import { openSessionAt } from "../state/sessions.ts";
import { slotStartMs } from "../time/slots.ts";
import { type DecideContext, evseAt, ourId } from "./context.ts";
import { textHash } from "./text-hash.ts";
import { violationDrafts } from "./violations.ts";

type Signed = Extract<ChargePointInput, { type: "signed-metered" }>;

/** OCMF with two curves, a certificate and a public key stays below. */
const LONGEST_VALUE = 16_384;

/** Our id of the transaction that they belong to, where it is known. */
function transactionOf(context: DecideContext, input: Signed, evseId: string): number | undefined {
  if (input.remoteId !== undefined) {
    const start = context.findByKey(`transaction:${input.chargePointId}:${input.remoteId}`);
    return (start?.data as { transactionId: number } | undefined)?.transactionId;
  }
  if (input.transactionId !== undefined) return ourId(context, input.chargePointId, input.transactionId);
  return openSessionAt(context.state.sessions, evseId)?.transactionId;
}

function keyOf(input: Signed, of: string, value: SignedValue): string {
  const what = value.atEdge
    ? `${textHash(value.timestamp + value.sampledValue)}:${value.sampledValue.length}`
    : `slot:${slotStartMs(value.atMs)}`;
  return `signed:${input.chargePointId}:${of}:${what}`;
}

/** Facts on the signed values that are not kept yet. */
export function signedValueDrafts(context: DecideContext, input: Signed): SiteDraft[] {
  const { chargePointId, connector, remoteId } = input;
  const evseId = evseAt(context.site, chargePointId, connector)?.id ?? `${chargePointId}:${connector}`;
  const transactionId = transactionOf(context, input, evseId);
  const of = remoteId ?? String(transactionId ?? `connector-${connector}`);
  const drafts = new Map<string, SiteDraft>();
  for (const value of input.values.filter(({ sampledValue }) => sampledValue.length <= LONGEST_VALUE)) {
    const key = keyOf(input, of, value);
    if (drafts.has(key) || context.findByKey(key)) continue;
    const { atMs, timestamp, sampledValue } = value;
    const ids = {
      ...(transactionId === undefined ? {} : { transactionId }),
      ...(remoteId === undefined ? {} : { remoteId }),
    };
    const data = { chargePointId, evseId, ...ids, atMs, timestamp, sampledValue };
    drafts.set(key, { type: "signed-value-reported", source: `charge-point:${chargePointId}`, key, data });
  }
  const tooLong = input.values.find(({ sampledValue }) => sampledValue.length > LONGEST_VALUE);
  const problem = `a signed value of more than ${LONGEST_VALUE} characters, not kept`;
  const violation = { chargePointId, action: "MeterValues", problem, payload: tooLong?.sampledValue ?? "" };
  return [...drafts.values(), ...(tooLong ? violationDrafts(context, [violation]) : [])];
}

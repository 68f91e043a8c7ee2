/**
 * Transactions that are found running: the charge point was driven by another controller when its car came, or the
 * ledger is new. Without a transaction its EVSE would stay at the safe current until the car leaves.
 */
import type { ChargePointInput, EvseSample } from "../charge-point-input.ts";
import type { SiteDraft } from "../facts/index.ts";
import { adoptedKey, type DecideContext, evseAt } from "./context.ts";
import { LIVE_WITHIN_MS } from "./meter-values.ts";
import { freeTransactionId, LARGEST_TRANSACTION_ID } from "./transactions.ts";

type Metered = Extract<ChargePointInput, { type: "metered" }>;

function draws({ powerW = 0, currentA = [0, 0, 0] }: EvseSample): boolean {
  return powerW > 0 || currentA.some((amperes) => amperes >= 1);
}

interface Found {
  readonly key: string;
  /** Its own, with which it wants to be addressed. */
  readonly remoteId: string;
}

function isOnRecord(context: DecideContext, chargePointId: string, transactionId: number): boolean {
  const ended = context.findByKey(`transaction-end:${transactionId}`)?.data as { chargePointId: string } | undefined;
  const open = context.state.sessions.open[transactionId];
  return ended?.chargePointId === chargePointId || open?.chargePointId === chargePointId;
}

/** Under what key it would be booked; `undefined` where it has been heard of, or has no name. */
function newTransaction(context: DecideContext, input: Metered): Found | undefined {
  const { chargePointId, transactionId = 0, remoteId } = input;
  if (remoteId !== undefined) {
    const key = `transaction:${chargePointId}:${remoteId}`;
    const isKnown = context.findByKey(key) ?? context.findByKey(`unknown-end:${chargePointId}:${remoteId}`);
    return isKnown ? undefined : { key, remoteId };
  }
  if (transactionId <= 0 || transactionId > LARGEST_TRANSACTION_ID) return undefined;
  const key = adoptedKey(chargePointId, transactionId);
  const isKnown = context.findByKey(key) !== undefined || isOnRecord(context, chargePointId, transactionId);
  return isKnown ? undefined : { key, remoteId: String(transactionId) };
}

/** The start of the transaction that live meter values tell of, when nobody else charges there. */
export function adoptedDrafts(context: DecideContext, input: Metered): SiteDraft[] {
  const { chargePointId, connector } = input;
  const sample = input.samples.findLast(draws);
  const evse = evseAt(context.site, chargePointId, connector);
  if (!evse || !sample || input.replayed || context.nowMs - sample.atMs >= LIVE_WITHIN_MS) return [];
  if (Object.values(context.state.sessions.open).some((session) => session.evseId === evse.id)) return [];
  const found = newTransaction(context, input);
  if (!found) return [];
  const { key, remoteId } = found;
  return [
    {
      type: "transaction-started",
      source: `charge-point:${chargePointId}`,
      key,
      data: {
        ...{ transactionId: freeTransactionId(context, chargePointId), remoteId },
        ...{ chargePointId, evseId: evse.id, connectorId: connector },
        ...{ atMs: sample.atMs, replayed: false, adopted: true },
        ...(sample.energyWh === undefined || sample.energyWh < 0 ? {} : { meterStartWh: sample.energyWh }),
      },
    },
  ];
}

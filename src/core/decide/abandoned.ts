/**
 * Transactions whose end was never heard: the charge point restarted, or lost the message. When the connector has been
 * free for a while and nothing flows, they are ended, so that nobody keeps power free for a car that has gone.
 */
import type { SiteDraft } from "../facts/index.ts";
import { beganMs, type Session } from "../state/sessions.ts";
import type { DecideContext } from "./context.ts";

/** The reason of such an end. */
export const ABANDONED = "unplugged-unheard";
/**
 * A charge point repeats an end that was not answered several times within this; and a whole quarter-hour without
 * energy is in the books, should it only report a wrong status.
 */
const PATIENCE_MS = 2_100_000;

function hasDrawn(session: Session, sinceMs: number): boolean {
  const last = session.quarterHours.at(-1);
  return last !== undefined && last.energyWh > 0 && last.slotStartMs >= sinceMs;
}

/** Since when it could have charged and has not; a car that waits for its turn is not gone. */
function idleSinceMs({ state }: DecideContext, session: Session): number | undefined {
  const known = state.chargePoints.evses[session.evseId];
  if (known?.status !== "available" || known.sinceMs <= beganMs(session)) return undefined;
  const limit = state.limits.byEvse[session.evseId];
  if (limit?.currentA === 0) return undefined;
  return Math.max(known.sinceMs, limit?.setAtMs ?? 0);
}

/** Ends of the transactions at connectors of a charge point that have been free for long. */
export function abandonedDrafts(context: DecideContext, chargePointId: string): SiteDraft[] {
  const { state, nowMs } = context;
  return Object.values(state.sessions.open).flatMap((session): SiteDraft[] => {
    if (session.chargePointId !== chargePointId) return [];
    const sinceMs = idleSinceMs(context, session);
    if (sinceMs === undefined || nowMs - sinceMs < PATIENCE_MS || hasDrawn(session, sinceMs)) return [];
    const { transactionId, evseId } = session;
    return [
      {
        type: "transaction-ended",
        source: `charge-point:${chargePointId}`,
        key: `transaction-end:${transactionId}`,
        data: {
          ...{ transactionId, chargePointId, evseId },
          atMs: state.chargePoints.evses[evseId]!.sinceMs,
          reason: ABANDONED,
          replayed: false,
        },
      },
    ];
  });
}

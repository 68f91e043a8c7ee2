/** Cars that charge without a transaction on record: the disk refused it, or the charge point never told of it. */
import { openSessionAt } from "./sessions.ts";
import type { SiteState } from "./state.ts";

/**
 * Whether an EVSE says that it charges while no transaction of it is on record. A charge point of OCPP 2.0.1 whose cable
 * stays in says nothing new after the end of a transaction: what it said before that end is of that transaction.
 */
export function chargesOffRecord(state: Pick<SiteState, "chargePoints" | "sessions">, evseId: string): boolean {
  const status = state.chargePoints.evses[evseId];
  return status?.status === "charging" && !status.over && openSessionAt(state.sessions, evseId) === undefined;
}

/** What became of requests whose results were owed when the controller stopped, by what the ledger and the site tell. */
import { ceilingOfPartner, decideRejected } from "../../core/market/arbitrate.ts";
import type { OcpiVersion } from "../../core/site/site-upstream.ts";
import type { OwedResult } from "../../core/state/owed-results.ts";
import type { Session } from "../../core/state/sessions.ts";
import { reservationKey } from "../../core/state/upstream.ts";
import { sessionOf } from "../objects/session.ts";
import type { ResultObject } from "../results.ts";
import { readProfile } from "./charging-profiles.ts";
import type { ModuleContext } from "./context.ts";
import { IN_FORCE_AFTER_RESTART_MS, inForce } from "./profile-result.ts";

const LOOK_EVERY_MS = 1_000;
/** Charge points come back and tell what happened. */
const PATIENCE_MS = 60_000;
/** A charge point's clock may be a little behind. */
const CLOCKS_DIFFER_MS = 60_000;

function hasBegun({ site }: ModuleContext, { evseId, token, acceptedMs }: OwedResult): boolean {
  const { open, ended } = site.state().sessions;
  const isIt = (session: Session) =>
    session.evseId === evseId &&
    session.token?.toLowerCase() === token?.toLowerCase() &&
    session.startedMs >= acceptedMs - CLOCKS_DIFFER_MS;
  return Object.values(open).some(isIt) || ended.some(isIt);
}

/** Whether what was commanded is seen to have happened. */
function isDone(context: ModuleContext, owed: OwedResult): boolean {
  const { sessions, upstream } = context.site.state();
  const { partnerId, reservationId = "", transactionId = 0 } = owed;
  const reservation = upstream.reservations[reservationKey(partnerId, reservationId)];
  if (owed.kind === "START_SESSION") return hasBegun(context, owed);
  if (owed.kind === "STOP_SESSION") return sessions.open[transactionId] === undefined;
  if (owed.kind === "RESERVE_NOW") return reservation?.token === owed.token;
  return owed.kind === "CANCEL_RESERVATION" && !reservation;
}

/** What a charge point answered is lost with the restart: what cannot be seen in time is a time-out. */
function commandResult(context: ModuleContext, owed: OwedResult): Promise<ResultObject> {
  const { clock } = context;
  const untilMonoMs = clock.monoMs() + PATIENCE_MS;
  return new Promise((resolve) => {
    const look = () => {
      if (isDone(context, owed)) resolve({ result: "ACCEPTED" });
      else if (clock.monoMs() >= untilMonoMs) resolve({ result: "TIMEOUT" });
      else clock.after(LOOK_EVERY_MS, "ocpi-result", look);
    };
    look();
  });
}

/** The result of a request of before the restart. */
export async function resultAfterRestart(context: ModuleContext, owed: OwedResult): Promise<ResultObject> {
  if (owed.result !== undefined) return { result: owed.result };
  const { kind, transactionId = 0, partnerId, durationS = 0 } = owed;
  if (kind !== "SET_PROFILE" && kind !== "READ_PROFILE") return commandResult(context, owed);
  const session = sessionOf({ state: context.site.state() }, transactionId);
  if (!session || session.endedMs !== undefined) return { result: "REJECTED" };
  if (kind === "READ_PROFILE")
    return readProfile(context, session, { partnerId, version: owed.version as OcpiVersion, durationS });
  const result = await inForce(context, session, partnerId, IN_FORCE_AFTER_RESTART_MS);
  const rejected = result === "REJECTED" ? ceilingOfPartner(context.site.state(), session, partnerId) : undefined;
  const drafts = rejected ? decideRejected(context.site.state(), session, partnerId, { rejected }) : [];
  if (drafts.length > 0) await context.site.record(drafts);
  return { result };
}

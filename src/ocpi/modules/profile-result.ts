/** What became of a charging profile at the charge point: known when the limit below it was taken, or was not in time. */
import { ceilingA, profilesOf } from "../../core/market/ceiling.ts";
import type { Session } from "../../core/state/sessions.ts";
import type { ModuleContext } from "./context.ts";

const LOOK_EVERY_MS = 1_000;
/** How long a limit may need to be taken by the charge point. */
const IN_FORCE_WITHIN_MS = 20_000;
/** After a restart the charge point has to come back first. */
export const IN_FORCE_AFTER_RESTART_MS = 180_000;

type Verdict = "ACCEPTED" | "REJECTED";

/** A limit that is below the ceiling already needs nothing. Missing while it is open. */
function verdict({ site, model, clock }: ModuleContext, session: Session, partnerId: string): Verdict | undefined {
  const state = site.state();
  if (state.sessions.open[session.transactionId] === undefined) return "REJECTED";
  const evse = model.evseById.get(session.evseId);
  const limit = state.limits.byEvse[session.evseId];
  const profiles = profilesOf(state, session);
  // It was cleared or overridden meanwhile.
  if (!profiles.some((profile) => profile.partnerId === partnerId && profile.receivedMs > 0)) return "REJECTED";
  if (!evse || !limit || state.chargePoints.byId[evse.chargePointId]?.connected !== true) return undefined;
  const receivedMs = Math.max(0, ...profiles.map((profile) => profile.receivedMs));
  const isNew = limit.setAtMs >= receivedMs;
  if (limit.answer === "not-supported" || (limit.answer === "rejected" && isNew)) return "REJECTED";
  // Of a limit from before the profile, that nothing was said means that it was taken.
  const taken = limit.answer === "accepted" || (limit.answer === undefined && !isNew);
  if (!taken) return undefined;
  const circuit = { voltageV: model.voltageV, phases: evse.phases.length };
  const allowedA = ceilingA(profiles, clock.wallMs(), circuit)?.currentA ?? Number.POSITIVE_INFINITY;
  // A car on fewer phases may draw more on each: then the limit itself says that it is the contract's.
  const isContract = limit.reason.kind === "contract" && isNew;
  return isContract || limit.currentA <= allowedA + 0.05 ? "ACCEPTED" : undefined;
}

/** Resolves when it is known whether a partner's profile holds; what is not in force in time was rejected. */
export function inForce(
  context: ModuleContext,
  session: Session,
  partnerId: string,
  withinMs = IN_FORCE_WITHIN_MS,
): Promise<Verdict> {
  const { clock } = context;
  const untilMonoMs = clock.monoMs() + withinMs;
  return new Promise((resolve) => {
    const look = () => {
      const known = verdict(context, session, partnerId);
      if (known !== undefined) resolve(known);
      else if (clock.monoMs() >= untilMonoMs) resolve("REJECTED");
      else clock.after(LOOK_EVERY_MS, "ocpi-profile", look);
    };
    clock.after(LOOK_EVERY_MS, "ocpi-profile", look);
  });
}

/** ChargingProfiles, as the receiver: a partner caps a running session, asks what holds, and takes its cap back. */
import type { Static } from "typebox";
import type { CeilingSchema } from "../../core/facts/contract-facts.ts";
import { decideClear, decideProfile, whyNotCovered } from "../../core/market/arbitrate.ts";
import type { Session } from "../../core/state/sessions.ts";
import type { Module, OcpiRequest } from "../module.ts";
import { activeProfile, activeProfileObject } from "../objects/active-profile.ts";
import { sessionById, sessionOf } from "../objects/session.ts";
import { createRate } from "../rate.ts";
import type { NoteRefusal } from "../refused.ts";
import { RESULT_WITHIN_S, type Results } from "../results.ts";
import {
  type ChargingProfile,
  readActiveProfileQuery,
  readResponseUrlQuery,
  readSetChargingProfile,
} from "../schemas/requests.ts";
import { timeMs } from "../schemas/wire.ts";
import { INVALID_PARAMETERS, type Reply, refuse } from "../status.ts";
import { isOwn } from "../visible.ts";
import { type ModuleContext, marketOf } from "./context.ts";
import { inForce } from "./profile-result.ts";

/** A sender may change its mind a few times; then once in half a minute: some charge points write each to flash. */
const RATE = { perSecond: 1 / 30, burst: 5 };

type Ceiling = Static<typeof CeilingSchema>;
type Result = "ACCEPTED" | "NOT_SUPPORTED" | "REJECTED" | "TOO_OFTEN" | "UNKNOWN_SESSION";

function immediately(result: Result, message?: string): Reply {
  const data = { result, timeout: result === "ACCEPTED" ? RESULT_WITHIN_S : 0 };
  return message === undefined ? { ok: true, data } : { ok: true, data, message };
}

/** A profile of the wire as a ceiling in absolute time; a string says why it is none. */
export function ceilingOf(profile: ChargingProfile, startedMs: number): Ceiling | string {
  const { start_date_time, duration, charging_rate_unit: unit, charging_profile_period = [] } = profile;
  const periods = [...charging_profile_period]
    .sort((a, b) => a.start_period - b.start_period)
    .map(({ start_period, limit }) => ({ offsetS: start_period, limit }));
  if (periods.length === 0) return "charging_profile_period is empty";
  // Without a start it counts from the beginning of charging.
  const startMs = start_date_time === undefined ? startedMs : timeMs(start_date_time);
  return { unit, startMs, periods, ...(duration === undefined ? {} : { endMs: startMs + duration * 1000 }) };
}

interface Found {
  readonly session: Session;
  readonly covered: string | undefined;
}

export function chargingProfilesModule(
  context: ModuleContext,
  tools: { readonly results: Results; readonly noteRefusal: NoteRefusal },
): Module {
  const { site, clock } = context;
  const { results, noteRefusal } = tools;
  const rate = createRate(clock, RATE);

  function find(request: OcpiRequest): Found | undefined {
    const market = marketOf(context, request.version);
    const session = sessionById(market, request.params.session ?? "");
    if (!session || session.endedMs !== undefined) return undefined;
    const driver = market.state.upstream.sessions[session.transactionId]?.driver;
    const own = isOwn(request.partner, driver?.contract);
    const partner = request.partner.configuration;
    const covered = whyNotCovered({ partner, right: "charging-profiles", evseId: session.evseId, own });
    return { session, covered };
  }

  /** Looks for the session and at the contract; what is wrong is answered at once. */
  function admitted(request: OcpiRequest, act: (session: Session) => Reply | Promise<Reply>): Reply | Promise<Reply> {
    const found = find(request);
    if (!found) return immediately("UNKNOWN_SESSION");
    if (found.covered === undefined) return act(found.session);
    noteRefusal(request.partner.id, "charging-profiles", found.covered);
    return immediately("REJECTED", found.covered);
  }

  async function set(request: OcpiRequest): Promise<Reply> {
    const parsed = readSetChargingProfile(request.body);
    if (!parsed.ok) return refuse(INVALID_PARAMETERS, parsed.problem);
    const { charging_profile, response_url } = parsed.value;
    const wrong = results.check(request.partner, response_url);
    if (wrong) return wrong;
    return admitted(request, async (session) => {
      const ceiling = ceilingOf(charging_profile, session.startedMs);
      if (typeof ceiling === "string") return refuse(INVALID_PARAMETERS, ceiling);
      if (!rate.allows(`${request.partner.id}/${session.transactionId}`)) return immediately("TOO_OFTEN");
      const decision = decideProfile(site.state(), session, request.partner.id, ceiling);
      if ("refused" in decision) {
        noteRefusal(request.partner.id, "charging-profiles", decision.refused);
        return immediately("REJECTED", decision.refused);
      }
      await site.record(decision.drafts);
      results.send(request, response_url, async () => ({ result: await inForce(context, session) }));
      return immediately("ACCEPTED");
    });
  }

  function get(request: OcpiRequest): Reply | Promise<Reply> {
    const parsed = readActiveProfileQuery(request.query);
    if (!parsed.ok) return refuse(INVALID_PARAMETERS, parsed.problem);
    const { duration, response_url } = parsed.value;
    const wrong = results.check(request.partner, response_url);
    if (wrong) return wrong;
    return admitted(request, (session) => {
      results.send(request, response_url, async () => {
        const market = marketOf(context, request.version);
        const known = sessionOf(market, session.transactionId) ?? session;
        const profile = activeProfile(market, known, clock.wallMs(), Number(duration));
        const unit = unitFor(market.state.upstream.profiles[session.transactionId], request.partner.id);
        return { result: "ACCEPTED", profile: activeProfileObject(profile, unit) };
      });
      return immediately("ACCEPTED");
    });
  }

  function clear(request: OcpiRequest): Reply | Promise<Reply> {
    const parsed = readResponseUrlQuery(request.query);
    if (!parsed.ok) return refuse(INVALID_PARAMETERS, parsed.problem);
    const { response_url } = parsed.value;
    const wrong = results.check(request.partner, response_url);
    if (wrong) return wrong;
    return admitted(request, async (session) => {
      const drafts = decideClear(site.state(), session, request.partner.id);
      if (drafts.length > 0) await site.record(drafts);
      const result = drafts.length > 0 ? "ACCEPTED" : "UNKNOWN";
      results.send(request, response_url, async () => ({ result }));
      return immediately("ACCEPTED");
    });
  }

  return {
    identifier: "chargingprofiles",
    role: "RECEIVER",
    path: "cpo/chargingprofiles",
    routes: [
      { method: "PUT", path: "/:session", handle: set },
      { method: "GET", path: "/:session", handle: get },
      { method: "DELETE", path: "/:session", handle: clear },
    ],
  };
}

/** The unit that a partner speaks on a session; W where it has said nothing. */
export function unitFor(
  profiles: readonly { readonly partnerId: string; readonly ceiling: Ceiling }[] | undefined,
  partnerId: string,
): "W" | "A" {
  return profiles?.find((profile) => profile.partnerId === partnerId)?.ceiling.unit ?? "W";
}

/** ChargingProfiles, as the receiver: a partner caps a running session, asks what holds, and takes its cap back. */
import {
  ceilingOfPartner,
  decideClear,
  decideProfile,
  decideRejected,
  whyNotCovered,
} from "../../core/market/arbitrate.ts";
import type { Ceiling } from "../../core/market/profile.ts";
import type { Session } from "../../core/state/sessions.ts";
import type { Module, OcpiRequest } from "../module.ts";
import { activeProfile, activeProfileObject, unitFor } from "../objects/active-profile.ts";
import { takesLimits } from "../objects/location.ts";
import { sessionById, sessionOf } from "../objects/session.ts";
import { createRate, type Rate } from "../rate.ts";
import type { NoteRefusal } from "../refused.ts";
import { type FindResult, type Owed, RESULT_WITHIN_S, type ResultObject, type Results } from "../results.ts";
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
/** Asking what holds costs a charge point nothing, but a fact. */
const READ_RATE = { perSecond: 1 / 10, burst: 20 };

type Result = "ACCEPTED" | "NOT_SUPPORTED" | "REJECTED" | "TOO_OFTEN" | "UNKNOWN_SESSION";

function immediately(result: Result, message?: string): Reply {
  const data = { result, timeout: result === "ACCEPTED" ? RESULT_WITHIN_S : 0 };
  return message === undefined ? { ok: true, data } : { ok: true, data, message };
}

/** A profile of the wire as a ceiling in absolute time; a string says why it is none. */
function ceilingOf(profile: ChargingProfile, startedMs: number): Ceiling | string {
  const { start_date_time, duration, charging_rate_unit: unit, charging_profile_period = [] } = profile;
  const { min_charging_rate: minRate } = profile;
  const periods = [...charging_profile_period]
    .sort((a, b) => a.start_period - b.start_period)
    .map(({ start_period, limit }) => ({ offsetS: start_period, limit }));
  if (periods.length === 0) return "charging_profile_period is empty";
  // Without a start it counts from the beginning of charging.
  const startMs = start_date_time === undefined ? startedMs : timeMs(start_date_time);
  return {
    unit,
    startMs,
    periods,
    ...(duration === undefined ? {} : { endMs: startMs + duration * 1000 }),
    ...(minRate === undefined ? {} : { minRate: Math.max(0, minRate) }),
  };
}

/** What holds for a session over the coming time, as the result of a question. */
export function readProfile(
  context: ModuleContext,
  session: Session,
  ask: { readonly partnerId: string; readonly version: OcpiRequest["version"]; readonly durationS: number },
): ResultObject {
  const market = marketOf(context, ask.version);
  const known = sessionOf(market, session.transactionId) ?? session;
  const profile = activeProfile(market, known, context.clock.wallMs(), ask.durationS);
  const unit = unitFor(market.state.upstream.profiles[session.transactionId], ask.partnerId);
  return { result: "ACCEPTED", profile: activeProfileObject(profile, unit) };
}

export interface ProfileTools {
  readonly results: Results;
  readonly noteRefusal: NoteRefusal;
}

class ProfileDesk {
  readonly #context: ModuleContext;
  readonly #tools: ProfileTools;
  readonly #changes: Rate;
  readonly #questions: Rate;

  constructor(context: ModuleContext, tools: ProfileTools) {
    this.#context = context;
    this.#tools = tools;
    this.#changes = createRate(context.clock, RATE);
    this.#questions = createRate(context.clock, READ_RATE);
  }

  /** Looks at the address, for the session, and at the contract; what is wrong is answered at once. */
  #admitted(request: OcpiRequest, responseUrl: string, act: (session: Session) => Promise<Reply>) {
    const wrong = this.#tools.results.check(request.partner, responseUrl);
    if (wrong) return wrong;
    const market = marketOf(this.#context, request.version);
    const session = sessionById(market, request.params.session ?? "");
    if (!session || session.endedMs !== undefined) return immediately("UNKNOWN_SESSION");
    const driver = market.state.upstream.sessions[session.transactionId]?.driver;
    const own = isOwn(request, driver?.contract);
    const partner = request.partner.configuration;
    const uncovered = whyNotCovered({ partner, right: "charging-profiles", evseId: session.evseId, own });
    if (uncovered !== undefined) return this.#refused(request, uncovered);
    if (!takesLimits(market.state, { ...session, id: session.evseId }))
      return immediately("NOT_SUPPORTED", "The charge point takes no charging profiles");
    if (!this.#tools.results.hasRoom(request.partner)) return immediately("TOO_OFTEN", "Too many results wait already");
    return act(session);
  }

  #refused(request: OcpiRequest, why: string): Reply {
    this.#tools.noteRefusal(request.partner.id, "charging-profiles", why);
    return immediately("REJECTED", why);
  }

  #mayAsk(rate: Rate, request: OcpiRequest, session: Session): boolean {
    return rate.allows(`${request.partner.id}/${session.transactionId}`);
  }

  async #accept(request: OcpiRequest, owed: Owed, find: FindResult, drafts: Parameters<Results["owe"]>[3] = []) {
    await this.#tools.results.owe(request, owed, find, drafts);
    return immediately("ACCEPTED");
  }

  set(request: OcpiRequest): Reply | Promise<Reply> {
    const parsed = readSetChargingProfile(request.body);
    if (!parsed.ok) return refuse(INVALID_PARAMETERS, parsed.problem);
    const { charging_profile, response_url } = parsed.value;
    return this.#admitted(request, response_url, async (session) => {
      const { site } = this.#context;
      const ceiling = ceilingOf(charging_profile, session.startedMs);
      if (typeof ceiling === "string") return refuse(INVALID_PARAMETERS, ceiling);
      if (site.state().chargePoints.byId[session.chargePointId]?.connected !== true)
        return immediately("REJECTED", "The charge point is not connected");
      if (!this.#mayAsk(this.#changes, request, session)) return immediately("TOO_OFTEN");
      const { id: partnerId } = request.partner;
      const decision = decideProfile(site.state(), session, { partnerId, party: request.from }, ceiling);
      if ("refused" in decision) return this.#refused(request, decision.refused);
      const before = ceilingOfPartner(site.state(), session, partnerId);
      const { transactionId } = session;
      const owed: Owed = { kind: "SET_PROFILE", responseUrl: response_url, transactionId };
      const find = () => this.#becameOf(session, partnerId, { rejected: ceiling, before });
      return this.#accept(request, owed, find, decision.drafts);
    });
  }

  /** What is not in force in time holds no longer, when its sender hears that. */
  async #becameOf(session: Session, partnerId: string, ceilings: Parameters<typeof decideRejected>[3]) {
    const { site } = this.#context;
    const result = await inForce(this.#context, session, partnerId);
    const drafts = result === "REJECTED" ? decideRejected(site.state(), session, partnerId, ceilings) : [];
    if (drafts.length > 0) await site.record(drafts);
    return { result };
  }

  get(request: OcpiRequest): Reply | Promise<Reply> {
    const parsed = readActiveProfileQuery(request.query);
    if (!parsed.ok) return refuse(INVALID_PARAMETERS, parsed.problem);
    const { duration, response_url } = parsed.value;
    return this.#admitted(request, response_url, async (session) => {
      if (!this.#mayAsk(this.#questions, request, session)) return immediately("TOO_OFTEN");
      const { transactionId } = session;
      const durationS = Number(duration);
      const ask = { partnerId: request.partner.id, version: request.version, durationS };
      const owed: Owed = { kind: "READ_PROFILE", responseUrl: response_url, transactionId, durationS };
      return this.#accept(request, owed, async () => readProfile(this.#context, session, ask));
    });
  }

  clear(request: OcpiRequest): Reply | Promise<Reply> {
    const parsed = readResponseUrlQuery(request.query);
    if (!parsed.ok) return refuse(INVALID_PARAMETERS, parsed.problem);
    const { response_url } = parsed.value;
    return this.#admitted(request, response_url, async (session) => {
      if (!this.#mayAsk(this.#questions, request, session)) return immediately("TOO_OFTEN");
      const drafts = decideClear(this.#context.site.state(), session, request.partner.id);
      const result = drafts.length > 0 ? "ACCEPTED" : "UNKNOWN";
      const { transactionId } = session;
      const owed: Owed = { kind: "CLEAR_PROFILE", responseUrl: response_url, transactionId, result };
      return this.#accept(request, owed, async () => ({ result }), drafts);
    });
  }
}

export function chargingProfilesModule(context: ModuleContext, tools: ProfileTools): Module {
  const desk = new ProfileDesk(context, tools);
  return {
    identifier: "chargingprofiles",
    role: "RECEIVER",
    path: "cpo/chargingprofiles",
    routes: [
      {
        method: "PUT",
        path: "/:session",
        about: { summary: "Caps a session", body: "SetChargingProfile", data: "ChargingProfileResponse" },
        handle: (request) => desk.set(request),
      },
      {
        method: "GET",
        path: "/:session",
        about: { summary: "Asks what holds", query: "ActiveProfileQuery", data: "ChargingProfileResponse" },
        handle: (request) => desk.get(request),
      },
      {
        method: "DELETE",
        path: "/:session",
        about: { summary: "Takes the cap back", query: "ResponseUrlQuery", data: "ChargingProfileResponse" },
        handle: (request) => desk.clear(request),
      },
    ],
  };
}

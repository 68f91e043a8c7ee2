/** Charging preferences of a driver, with every answer that the text knows. */
import { decidePreferences, type Preferences, whyNotCovered } from "../../core/market/arbitrate.ts";
import type { SiteModel } from "../../core/site/site-model.ts";
import type { Session } from "../../core/state/sessions.ts";
import { wordOn } from "../../core/state/word.ts";
import type { ModuleRoute, OcpiRequest } from "../module.ts";
import { takesLimits } from "../objects/location.ts";
import { sessionById } from "../objects/session.ts";
import type { NoteRefusal } from "../refused.ts";
import { readChargingPreferences } from "../schemas/requests.ts";
import { timeMs } from "../schemas/wire.ts";
import { INVALID_PARAMETERS, type Reply, refuse } from "../status.ts";
import { isOwn, seesSession } from "../visible.ts";
import { type ModuleContext, marketOf } from "./context.ts";

const HOUR_MS = 3_600_000;

/** A kind of charging is offered where there is a tariff for it, or no tariff at all. */
function isOffered(model: SiteModel, type: string): boolean {
  const tariffs = model.configuration.upstream?.tariffs ?? [];
  return type === "REGULAR" || tariffs.length === 0 || tariffs.some((tariff) => tariff.type === `PROFILE_${type}`);
}

function isPossible(model: SiteModel, session: Session, wish: Preferences, nowMs: number): boolean {
  const { energyWh, departureMs } = wish;
  if (departureMs === undefined) return true;
  if (departureMs <= nowMs) return false;
  const evse = model.evseById.get(session.evseId);
  const mostW = (evse?.maxCurrentA ?? 0) * model.voltageV * (evse?.phases.length ?? 0);
  return energyWh === undefined || energyWh <= (mostW * (departureMs - nowMs)) / HOUR_MS;
}

export function preferencesRoute(context: ModuleContext, noteRefusal: NoteRefusal): ModuleRoute {
  const { site, model, clock } = context;

  async function put(request: OcpiRequest): Promise<Reply> {
    const market = marketOf(context, request.version);
    const session = sessionById(market, request.params.session ?? "");
    if (!session || session.endedMs !== undefined || !seesSession(request, market.state, session))
      return refuse(INVALID_PARAMETERS, "There is no such session under way", 404);
    if (!takesLimits(market.state, { ...session, id: session.evseId }))
      return refuse(INVALID_PARAMETERS, "The EVSE does not have CHARGING_PREFERENCES_CAPABLE", 404);
    const parsed = readChargingPreferences(request.body);
    if (!parsed.ok) return refuse(INVALID_PARAMETERS, parsed.problem);
    const { profile_type, departure_time, energy_need, discharge_allowed = false } = parsed.value;
    const driver = market.state.upstream.sessions[session.transactionId]?.driver;
    const own = isOwn(request, driver?.contract);
    const partner = request.partner.configuration;
    const refused = whyNotCovered({ partner, right: "preferences", evseId: session.evseId, own });
    if (refused !== undefined) {
      noteRefusal(request.partner.id, "preferences", refused);
      return { ok: true, data: "NOT_POSSIBLE", message: refused };
    }
    if (!isOffered(model, profile_type)) return { ok: true, data: "PROFILE_TYPE_NOT_SUPPORTED" };
    const before = wordOn(market.state.sessions, session);
    const wish: Preferences = {
      preference: profile_type.toLowerCase() as Preferences["preference"],
      ...(departure_time === undefined ? {} : { departureMs: timeMs(departure_time) }),
      ...(energy_need === undefined ? {} : { energyWh: Math.round(energy_need * 1000) }),
      // A driver who does not say so does not allow it.
      ...(model.evseById.get(session.evseId)?.discharge ? { dischargeAllowed: discharge_allowed } : {}),
    };
    const waits = profile_type === "CHEAP" || profile_type === "GREEN";
    if (waits && (wish.departureMs ?? before.departure) === undefined) return { ok: true, data: "DEPARTURE_REQUIRED" };
    if (waits && (wish.energyWh ?? before.energy) === undefined) return { ok: true, data: "ENERGY_NEED_REQUIRED" };
    if (!isPossible(model, session, wish, clock.wallMs())) return { ok: true, data: "NOT_POSSIBLE" };
    await site.record(decidePreferences(market.state, session, request.partner.id, wish));
    return { ok: true, data: "ACCEPTED" };
  }

  const about = { summary: "What a driver wants", body: "ChargingPreferences", data: "PreferencesResponse" } as const;
  return { method: "PUT", path: "/:session/charging_preferences", about, handle: put };
}

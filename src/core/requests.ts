/** What people and partners may ask of the site, and what becomes of it: the same over API and MQTT. Pure. */

import { LATE_MS } from "./drivers/visits.ts";
import { BudgetSlotSchema } from "./facts/budget-facts.ts";
import { PreferenceSchema } from "./facts/driver-facts.ts";
import {
  type ForecastKind,
  type IntensitySeries,
  IntensitySeriesSchema,
  type PowerSeries,
  PowerSeriesSchema,
} from "./facts/forecast-facts.ts";
import type { SiteDraft } from "./facts/index.ts";
import { budgetProblem } from "./limits/budget.ts";
import { withEnd } from "./limits/grid-limit.ts";
import { type Static, Type } from "./schema.ts";
import { StandingDeparturesSchema } from "./site/site-departures.ts";
import type { SiteModel } from "./site/site-model.ts";
import { openSessionAt } from "./state/sessions.ts";
import type { SiteState } from "./state/state.ts";
import { MOST_VISITS, visitsAhead } from "./state/visits.ts";

const closed = { additionalProperties: false } as const;
const WEEK_MS = 7 * 86_400_000;
const YEAR_MS = 366 * 86_400_000;

/** What the driver needs; it holds until the car leaves. */
export const WishRequest = Type.Object(
  {
    energyWh: Type.Optional(Type.Number({ minimum: 0, maximum: 1_000_000, description: "From now on" })),
    departureMs: Type.Optional(Type.Number({ description: "Epoch ms" })),
    preference: Type.Optional(PreferenceSchema),
    dischargeAllowed: Type.Optional(
      Type.Boolean({ description: "Whether energy may be taken back from the car, where its EVSE can" }),
    ),
  },
  closed,
);
/** The same from somebody who has no more than the link at the EVSE. */
const { energyWh, departureMs, preference } = WishRequest.properties;
export const DriverWishRequest = Type.Object({ energyWh, departureMs, preference }, closed);
/** When cars usually leave from an EVSE; it replaces what was said before, without `departures` site.yaml counts again. */
export const DeparturesRequest = Type.Object({ departures: Type.Optional(StandingDeparturesSchema) }, closed);
/**
 * Somebody will come, with this token, to this EVSE, or both; it replaces what was said of this visit before, without
 * `arrivalMs` nobody comes after all. No place is kept, but the plan has room.
 */
export const VisitRequest = Type.Object(
  {
    token: Type.Optional(Type.String({ minLength: 1, maxLength: 36, description: "Which the driver will show" })),
    evseId: Type.Optional(Type.String({ maxLength: 48 })),
    arrivalMs: Type.Optional(Type.Number({ description: "Epoch ms" })),
    departureMs: Type.Optional(Type.Number({ description: "Epoch ms" })),
    energyWh: Type.Optional(Type.Number({ minimum: 0, maximum: 1_000_000, description: "From the plug-in on" })),
    preference: Type.Optional(PreferenceSchema),
  },
  closed,
);
export const VisitIdSchema = Type.String({ minLength: 1, maxLength: 64, pattern: "^[A-Za-z0-9._:-]+$" });
/** The same where the visit is named in the message. */
export const NamedVisitRequest = Type.Object({ visitId: VisitIdSchema, ...VisitRequest.properties }, closed);
/** The car that is there is not the one that was announced. */
export const EvseVisitRequest = Type.Object({}, closed);
/** Full power until the car is unplugged. */
export const OverrideRequest = Type.Object({ active: Type.Boolean() }, closed);
const PowerLimit = (description: string) =>
  Type.Optional(Type.Number({ minimum: 0, maximum: 10_000_000, description }));
/** Limits in W from the grid operator; without any they end. */
export const GridLimitRequest = Type.Object(
  {
    limitW: PowerLimit("Of the import"),
    exportLimitW: PowerLimit("Of the export"),
    untilMs: Type.Optional(Type.Number({ description: "Epoch ms; see docs/cpo.md for how long it holds without" })),
  },
  closed,
);

/** A budget for all EVSEs together; it replaces the one before, an empty one ends it. */
export const BudgetRequest = Type.Object({ slots: Type.Array(BudgetSlotSchema, { maxItems: 200 }) }, closed);

/** What somebody else expects of the sun or of the building; it replaces what was sent before. */
export const ForecastRequest = PowerSeriesSchema;

/** What a kWh of the grid emits, as somebody else expects it; it replaces what was sent before. */
export const IntensityRequest = IntensitySeriesSchema;

export type SiteRequest =
  | { readonly kind: "wish"; readonly evseId: string; readonly body: Static<typeof WishRequest> }
  | { readonly kind: "departures"; readonly evseId: string; readonly body: Static<typeof DeparturesRequest> }
  | { readonly kind: "visit"; readonly body: Static<typeof NamedVisitRequest> }
  | { readonly kind: "evse-visit"; readonly evseId: string; readonly body: Static<typeof EvseVisitRequest> }
  | { readonly kind: "override"; readonly evseId: string; readonly body: Static<typeof OverrideRequest> }
  | { readonly kind: "grid-limit"; readonly body: Static<typeof GridLimitRequest> }
  | { readonly kind: "budget"; readonly body: Static<typeof BudgetRequest> }
  | { readonly kind: "forecast"; readonly what: ForecastKind; readonly body: PowerSeries }
  | { readonly kind: "co2"; readonly body: IntensitySeries };

export type RequestDecision =
  | { readonly ok: true; readonly draft: SiteDraft }
  | {
      readonly ok: false;
      readonly problem: "unknown-evse" | "time" | "visit";
      readonly title: string;
      readonly detail: string;
    };

export interface RequestContext {
  readonly site: SiteModel;
  readonly state: SiteState;
  readonly nowMs: number;
}

function isAhead(atMs: number | undefined, nowMs: number): boolean {
  return atMs === undefined || (atMs > nowMs && atMs <= nowMs + YEAR_MS);
}

function late(what: string, field: string, isFar: boolean): RequestDecision {
  return {
    ok: false,
    problem: "time",
    title: isFar ? `${what} is more than a year ahead` : `${what} is not in the future`,
    detail: `Send ${field} in epoch milliseconds, later than now and within a year`,
  };
}

function decideForecast(
  draft: Extract<SiteDraft, { type: "forecast-received" | "grid-intensity-received" }>,
  nowMs: number,
): RequestDecision {
  const { series } = draft.data;
  const intervals = "powerW" in series ? series.powerW.length : series.gramsPerKwh.length;
  const endMs = series.startMs + intervals * series.minutes * 60_000;
  if (endMs > nowMs && series.startMs < nowMs + WEEK_MS) return { ok: true, draft };
  return {
    ok: false,
    problem: "time",
    title: "The forecast says nothing of the next week",
    detail: "Send startMs, the start of the first interval, in epoch milliseconds",
  };
}

function unknownEvse(site: SiteModel, evseId: string): RequestDecision {
  return {
    ok: false,
    problem: "unknown-evse",
    title: `There is no EVSE "${evseId.slice(0, 48)}"`,
    detail: `Known: ${site.evses.map((entry) => entry.id).join(", ")}`,
  };
}

/** Bookings are sent again, and made longer, also when their time has come. */
function isKnownArrival({ visits, sessions }: SiteState, visitId: string, arrivalMs: number): boolean {
  const isSaid = Object.hasOwn(visits.announced, visitId) && visits.announced[visitId]!.arrivalMs === arrivalMs;
  return isSaid || Object.values(sessions.open).some(({ visit }) => visit?.visitId === visitId);
}

/** Whom a site shall expect has a time, and something to be known by. */
function decideVisit(
  { site, state, nowMs }: RequestContext,
  { arrivalMs, departureMs, ...visit }: Static<typeof NamedVisitRequest>,
  by: string,
): RequestDecision {
  const refused = (title: string, detail: string): RequestDecision => ({ ok: false, problem: "visit", title, detail });
  const { visitId, token, evseId } = visit;
  if (arrivalMs === undefined)
    return { ok: true, draft: { type: "visit-withdrawn", source: by, data: { visitId, by } } };
  if (token === undefined && evseId === undefined)
    return refused(
      "Nothing tells whose car it will be",
      "Send the token that the driver will show, the evseId, or both",
    );
  if (evseId !== undefined && !site.evseById.has(evseId)) return unknownEvse(site, evseId);
  if (!isAhead(arrivalMs, nowMs - LATE_MS) && !isKnownArrival(state, visitId, arrivalMs))
    return late("The arrival", "arrivalMs", arrivalMs > nowMs);
  if (departureMs === undefined || !(departureMs > Math.max(arrivalMs, nowMs)) || !isAhead(departureMs, nowMs))
    return refused("The departure is not after the arrival", "Send departureMs in epoch milliseconds, within a year");
  const others = visitsAhead(state.visits, nowMs).filter((other) => other.visitId !== visitId);
  if (others.length >= MOST_VISITS)
    return refused(`${MOST_VISITS} visits are announced already`, "Announce this one when others are over");
  const data = { ...visit, arrivalMs, departureMs, by };
  return { ok: true, draft: { type: "visit-announced", source: by, data } };
}

/** Who was taken for an announced car by its place may be another one. */
function decideAnother(state: SiteState, evseId: string, by: string): RequestDecision {
  const session = openSessionAt(state.sessions, evseId);
  if (!session?.visit) {
    const title = "No car there is taken for one that was announced";
    return { ok: false, problem: "visit", title, detail: "See GET /api/v1/sessions?open=true for visitId" };
  }
  const { transactionId, visit } = session;
  const data = { visitId: visit.visitId, evseId, transactionId, by };
  return { ok: true, draft: { type: "visit-mistaken", source: by, data } };
}

/** Decides on a request whose body fits its schema. `by` says who asks, and over what. */
export function decideRequest(context: RequestContext, request: SiteRequest, by: string): RequestDecision {
  const { site, state, nowMs } = context;
  if (request.kind === "visit") return decideVisit(context, request.body, by);
  if (request.kind === "grid-limit") {
    if (!isAhead(request.body.untilMs, nowMs))
      return late("The end of the limit", "untilMs", request.body.untilMs! > nowMs);
    const data = withEnd(site, by, { ...request.body, by }, nowMs);
    return { ok: true, draft: { type: "grid-limit-received", source: by, data } };
  }
  if (request.kind === "budget") {
    const { slots } = request.body;
    const problem = budgetProblem(slots, nowMs);
    if (problem === undefined) return { ok: true, draft: { type: "budget-received", source: by, data: { by, slots } } };
    const detail = "Send slots with startMs and endMs in epoch milliseconds, and powerW, energyWh or both";
    return { ok: false, problem: "time", title: problem, detail };
  }
  if (request.kind === "forecast") {
    const data = { kind: request.what, by, series: request.body };
    return decideForecast({ type: "forecast-received", source: by, data }, nowMs);
  }
  if (request.kind === "co2") {
    const data = { by, series: request.body };
    return decideForecast({ type: "grid-intensity-received", source: by, data }, nowMs);
  }
  const { evseId } = request;
  if (!site.evseById.has(evseId)) return unknownEvse(site, evseId);
  if (request.kind === "evse-visit") return decideAnother(state, evseId, by);
  if (request.kind === "override")
    return { ok: true, draft: { type: "override-changed", source: by, data: { evseId, by, ...request.body } } };
  if (request.kind === "departures")
    return { ok: true, draft: { type: "standing-departures-set", source: by, data: { evseId, by, ...request.body } } };
  if (!isAhead(request.body.departureMs, nowMs))
    return late("The departure", "departureMs", request.body.departureMs! > nowMs);
  return { ok: true, draft: { type: "wish-stated", source: by, data: { evseId, by, ...request.body } } };
}

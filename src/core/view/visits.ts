/** Visits that were announced, as people and booking systems see them: what was said, where each is expected, and what a plan has for it. */
import { expectedVisits, isWaitedFor, visitsToCome } from "../drivers/visits.ts";
import { VisitAnnounced } from "../facts/visit-facts.ts";
import { type Static, Type } from "../schema.ts";
import type { SiteModel } from "../site/site-model.ts";
import type { SiteState } from "../state/state.ts";
import type { AnnouncedVisit } from "../state/visits.ts";
import { plannedCar } from "./planned.ts";
import { maskToken } from "./public.ts";

const { visitId, evseId, arrivalMs, departureMs, energyWh, preference, by } = VisitAnnounced.schema.properties;

export const PublicVisitSchema = Type.Object({
  visitId,
  token: Type.Optional(Type.String({ description: "The last four characters" })),
  evseId,
  ...{ arrivalMs, departureMs, energyWh, preference, by },
  becomes: Type.Union([Type.Literal("expected"), Type.Literal("late"), Type.Literal("no-place")], {
    description:
      "`expected`: plans have room for it; `late`: an hour after its time it is not waited for, and known all the same if it comes; `no-place`: nearly all of its time no EVSE that it could use is free",
  }),
  expectedAt: Type.Optional(Type.String({ description: "The EVSE at which it is reckoned with" })),
  fromMs: Type.Optional(
    Type.Number({ description: "When it can begin there: as it was said, or when the car that is there is to leave" }),
  ),
  plannedWh: Type.Optional(
    Type.Number({
      description:
        "What the plan in force has for it: less than was said where such drivers take less; missing until a plan knows what was said last",
    }),
  ),
  readyMs: Type.Optional(Type.Number({ description: "When that is charged" })),
  shortfallWh: Type.Optional(Type.Number({ description: "What the plan falls short of what was asked" })),
  shortfallUnsure: Type.Optional(
    Type.Boolean({ description: "It may still come: nobody has seen yet how much this car takes" }),
  ),
});
export type PublicVisit = Static<typeof PublicVisitSchema>;

/** The next visit that is expected at an EVSE, as its part of the live picture. */
export const NextVisitSchema = Type.Object(
  { visitId, arrivalMs, departureMs, energyWh },
  { description: "The next car that was announced and is expected here" },
);
export type NextVisit = Static<typeof NextVisitSchema>;

function plannedPart(state: SiteState, visit: AnnouncedVisit): Partial<PublicVisit> {
  const plan = state.plan.current;
  const planned = plan?.input.evses.find((evse) => evse.visitId === visit.visitId);
  if (!plan || !planned || plan.seq < (state.visits.seq ?? 0)) return {};
  const row = plan.result.evses.find(({ transactionId }) => transactionId === planned.transactionId);
  const plannedWh = row && Math.max(0, Math.round(planned.energyNeededWh - row.shortfallWh));
  return { ...(plannedWh === undefined ? {} : { plannedWh }), ...plannedCar(state, planned.transactionId) };
}

/** The visits that may come yet at `nowMs`, the first first; of tokens only the end. */
export function publicVisits(site: SiteModel, state: SiteState, nowMs: number): PublicVisit[] {
  const expected = new Map(expectedVisits(site, state, nowMs).map((visit) => [visit.visitId, visit]));
  const becomes = (visit: AnnouncedVisit): Pick<PublicVisit, "becomes" | "expectedAt" | "fromMs"> => {
    const place = expected.get(visit.visitId);
    if (place) return { becomes: "expected", expectedAt: place.evseId, fromMs: place.fromMs };
    return { becomes: isWaitedFor(visit, nowMs) ? "no-place" : "late" };
  };
  return [...visitsToCome(state, nowMs)]
    .sort((a, b) => a.arrivalMs - b.arrivalMs)
    .map((visit) => {
      const token = visit.token === undefined ? {} : { token: maskToken(visit.token) };
      return { ...visit, ...token, ...becomes(visit), ...plannedPart(state, visit) };
    });
}

/** The next visit at each EVSE where one is expected, by EVSE. */
export function nextVisits(site: SiteModel, state: SiteState, nowMs: number): ReadonlyMap<string, NextVisit> {
  const next = new Map<string, NextVisit>();
  for (const visit of expectedVisits(site, state, nowMs)) {
    if (next.has(visit.evseId)) continue;
    const { visitId: id, arrivalMs: comesMs, departureMs: leavesMs, energyWh: wantedWh } = visit;
    const energy = wantedWh === undefined ? {} : { energyWh: wantedWh };
    next.set(visit.evseId, { visitId: id, arrivalMs: comesMs, departureMs: leavesMs, ...energy });
  }
  return next;
}

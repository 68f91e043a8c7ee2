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

const becomes = Type.Union([Type.Literal("expected"), Type.Literal("late"), Type.Literal("no-place")], {
  description:
    "`expected`: plans have room for it; `late`: an hour after its time it is not waited for, and known all the same if it comes; `no-place`: nearly all of its time no EVSE that it could use is free",
});

export const PublicVisitSchema = Type.Object({
  visitId,
  token: Type.Optional(Type.String({ description: "The last four characters" })),
  evseId,
  ...{ arrivalMs, departureMs, energyWh, preference, by },
  becomes,
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

/** The next visit at an EVSE, as its part of the live picture. */
export const NextVisitSchema = Type.Object(
  {
    ...{ visitId, arrivalMs, departureMs, energyWh, becomes },
    shortfallWh: Type.Optional(Type.Number({ description: "Of energyWh, what the plan in force falls short of" })),
  },
  { description: "The next car that is announced here; where there is none, one that is late and may come yet" },
);
export type NextVisit = Static<typeof NextVisitSchema>;

function plannedPart(state: SiteState, visit: AnnouncedVisit): Partial<PublicVisit> {
  const plan = state.plan.current;
  const planned = plan?.input.evses.find((evse) => evse.visitId === visit.visitId);
  if (!plan || !planned || plan.seq < (state.visits.seq ?? 0)) return {};
  const row = plan.result.evses.find(({ transactionId }) => transactionId === planned.transactionId);
  const { readyMs, ...shortfall } = plannedCar(state, planned.transactionId);
  return {
    ...(row ? { plannedWh: Math.max(0, Math.round(planned.energyNeededWh - row.shortfallWh)) } : {}),
    // Who leaves within a quarter-hour is ready before its end.
    ...(readyMs === undefined ? {} : { readyMs: Math.min(readyMs, visit.departureMs) }),
    ...shortfall,
  };
}

/** What will be missing of what was asked for it. */
function shortPart(state: SiteState, visit: AnnouncedVisit): Pick<NextVisit, "shortfallWh"> {
  if (visit.energyWh === undefined) return {};
  const { shortfallWh, shortfallUnsure } = plannedPart(state, visit);
  return shortfallWh === undefined || shortfallUnsure ? {} : { shortfallWh: Math.min(shortfallWh, visit.energyWh) };
}

type Prospect = AnnouncedVisit & Pick<PublicVisit, "becomes" | "expectedAt" | "fromMs">;

/** The visits that may come yet, the first first, with what becomes of each. */
function prospects(site: SiteModel, state: SiteState, nowMs: number): Prospect[] {
  const toCome = visitsToCome(state, nowMs);
  if (toCome.length === 0) return [];
  const places = new Map(expectedVisits(site, state, nowMs).map((visit) => [visit.visitId, visit]));
  const prospect = (visit: AnnouncedVisit): Prospect => {
    const place = places.get(visit.visitId);
    if (place) return { ...visit, becomes: "expected", expectedAt: place.evseId, fromMs: place.fromMs };
    return { ...visit, becomes: isWaitedFor(visit, nowMs) ? "no-place" : "late" };
  };
  return toCome.map(prospect).sort((a, b) => a.arrivalMs - b.arrivalMs);
}

/** The visits that may come yet at `nowMs`, the first first; of tokens only the end. */
export function publicVisits(site: SiteModel, state: SiteState, nowMs: number): PublicVisit[] {
  return prospects(site, state, nowMs).map((visit) => {
    const { announcedMs: _, ...shown } = visit;
    const token = visit.token === undefined ? {} : { token: maskToken(visit.token) };
    return { ...shown, ...token, ...plannedPart(state, visit) };
  });
}

/** By EVSE the next visit there; one that is not waited for only where there is no other. */
export function nextVisits(site: SiteModel, state: SiteState, nowMs: number): ReadonlyMap<string, NextVisit> {
  const next = new Map<string, NextVisit>();
  for (const visit of prospects(site, state, nowMs)) {
    const at = visit.expectedAt ?? visit.evseId;
    const before = at === undefined ? undefined : next.get(at);
    if (at === undefined || (before && (before.becomes !== "late" || visit.becomes === "late"))) continue;
    const { arrivalMs: comesMs, departureMs: leavesMs, energyWh: wantedWh, becomes: becoming } = visit;
    const energy = wantedWh === undefined ? {} : { energyWh: wantedWh };
    next.set(at, {
      ...{ visitId: visit.visitId, arrivalMs: comesMs, departureMs: leavesMs, becomes: becoming },
      ...energy,
      ...(becoming === "expected" ? shortPart(state, visit) : {}),
    });
  }
  return next;
}

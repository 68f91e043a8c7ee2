/** When cars usually leave, by EVSE, as the owner said it; an EVSE that is missing goes by site.yaml. */
import type { SiteFact } from "../facts/index.ts";
import type { StandingDeparture } from "../site/site-departures.ts";

export type DeparturesState = Readonly<Record<string, readonly StandingDeparture[]>>;

/** Folds one fact into the standing departures. */
export function evolveDepartures(slice: DeparturesState, fact: SiteFact): DeparturesState {
  if (fact.type !== "standing-departures-set") return slice;
  const { evseId, departures } = fact.data;
  const { [evseId]: _, ...others } = slice;
  return departures === undefined ? others : { ...others, [evseId]: departures };
}

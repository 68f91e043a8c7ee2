/** Cars that are announced, and may come yet. */
import type { SiteDraft, SiteFact } from "../facts/index.ts";

/** As it was announced last. */
export type AnnouncedVisit = Extract<SiteFact, { type: "visit-announced" }>["data"] & {
  /** When that was, epoch ms. */
  readonly announcedMs: number;
};

export interface VisitsState {
  /** By id; those that should have left by now are dropped when another is announced. */
  readonly announced: Readonly<Record<string, AnnouncedVisit>>;
  /** The last fact that changed them. */
  readonly seq?: number;
}

/** So many may be announced at once: a week of a large site. */
export const MOST_VISITS = 1_000;

export function initialVisits(): VisitsState {
  return { announced: {} };
}

/** Those that may come yet. */
export function visitsAhead({ announced }: VisitsState, nowMs: number): readonly AnnouncedVisit[] {
  return Object.values(announced).filter(({ departureMs }) => departureMs > nowMs);
}

/** Whether it says of a visit what is known: booking systems send all that they have, again and again. */
export function isKnownVisit({ announced }: VisitsState, draft: SiteDraft): boolean {
  if (draft.type === "visit-withdrawn") return !Object.hasOwn(announced, draft.data.visitId);
  if (draft.type !== "visit-announced" || !Object.hasOwn(announced, draft.data.visitId)) return false;
  const { announcedMs: _, ...known } = announced[draft.data.visitId]!;
  const keys = new Set([...Object.keys(known), ...Object.keys(draft.data)]) as Set<keyof typeof known>;
  return [...keys].every((key) => known[key] === draft.data[key]);
}

/** Folds one fact into the visits. */
export function evolveVisits(slice: VisitsState, fact: SiteFact): VisitsState {
  switch (fact.type) {
    case "visit-announced": {
      const others = visitsAhead(slice, fact.atMs).filter(({ visitId }) => visitId !== fact.data.visitId);
      const all = [...others, { ...fact.data, announcedMs: fact.atMs }];
      return { announced: Object.fromEntries(all.map((visit) => [visit.visitId, visit])), seq: fact.seq };
    }
    case "visit-withdrawn": {
      const { [fact.data.visitId]: _, ...announced } = slice.announced;
      return { announced, seq: fact.seq };
    }
    case "visit-mistaken":
      return { ...slice, seq: fact.seq };
    default:
      return slice;
  }
}

/** Lists by the page, both ways. */
import type { IncomingHttpHeaders } from "node:http";
import { Type } from "../core/schema.ts";
import { DateTime, reader, timeMs } from "./schemas/wire.ts";
import { INVALID_PARAMETERS, type Reply, refuse } from "./status.ts";

/** The most that one page of ours holds. */
const PAGE_LIMIT = 100;

/** Some ask for all they can count to. */
const Whole = Type.String({ pattern: "^\\d{1,19}$" });
export const PageQuerySchema = Type.Object({
  date_from: Type.Optional(DateTime),
  date_to: Type.Optional(DateTime),
  offset: Type.Optional(Whole),
  limit: Type.Optional(Whole),
});
const readQuery = reader(PageQuerySchema);

export interface PageQuery {
  /** On `last_updated`: from inclusive, to exclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly offset: number;
  readonly limit: number;
}

/** Reads the query of a list; a string says what is wrong with it. */
function pageQuery(query: unknown): PageQuery | string {
  const parsed = readQuery(query);
  if (!parsed.ok) return parsed.problem;
  const { date_from, date_to, offset, limit } = parsed.value;
  return {
    fromMs: date_from === undefined ? Number.NEGATIVE_INFINITY : timeMs(date_from),
    toMs: date_to === undefined ? Number.POSITIVE_INFINITY : timeMs(date_to),
    offset: Number(offset ?? 0),
    limit: Math.min(PAGE_LIMIT, Number(limit ?? PAGE_LIMIT)),
  };
}

export interface Dated {
  readonly updatedMs: number;
}

/** One page of `entries` (oldest first) at `url`, which holds the filters of the request. */
export function pageOf<T extends Dated>(
  entries: readonly T[],
  at: { readonly query: unknown; readonly url: string },
  show: (entry: T) => unknown,
): Reply {
  const page = pageQuery(at.query);
  if (typeof page === "string") return refuse(INVALID_PARAMETERS, page);
  const matching = entries.filter(({ updatedMs }) => updatedMs >= page.fromMs && updatedMs < page.toMs);
  const nextOffset = page.offset + page.limit;
  const next = new URL(at.url);
  next.searchParams.set("offset", String(nextOffset));
  next.searchParams.set("limit", String(page.limit));
  return {
    ok: true,
    data: matching.slice(page.offset, nextOffset).map(show),
    headers: {
      "x-total-count": String(matching.length),
      "x-limit": String(PAGE_LIMIT),
      // A page of none is asked for the count; it has no next one.
      ...(page.limit > 0 && nextOffset < matching.length ? { link: `<${next}>; rel="next"` } : {}),
    },
  };
}

/** The next page that an answer names. */
export function nextPage({ link }: IncomingHttpHeaders): string | undefined {
  const text = Array.isArray(link) ? link.join(", ") : link;
  return text === undefined ? undefined : /<([^>]+)>\s*;[^,]*rel="?next"?/i.exec(text)?.[1];
}

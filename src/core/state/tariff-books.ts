/** What drivers pay, as it was configured when a session began: a record bears the tariff of the start (OCPI, CDRs). */
import type { SiteFact } from "../facts/index.ts";
import type { TariffConfiguration } from "../site/site-upstream.ts";

/** The tariffs from a start of the controller on; `seq` is of the fact that told them. */
export interface TariffBook {
  readonly seq: number;
  readonly changedMs: number;
  readonly tariffs: readonly TariffConfiguration[];
}

/** Oldest first; the last one holds. */
export type TariffBooks = readonly TariffBook[];

/** Cars that stay through more changes than these are billed by the configuration. */
const BOOKS_KEPT = 16;

/** Adds the tariffs that a start told, where they are others than before. */
export function evolveTariffBooks(books: TariffBooks, fact: Extract<SiteFact, { type: "booted" }>): TariffBooks {
  const tariffs = fact.data.tariffs as readonly TariffConfiguration[] | undefined;
  if (!tariffs || JSON.stringify(books.at(-1)?.tariffs) === JSON.stringify(tariffs)) return books;
  return [...books, { seq: fact.seq, changedMs: fact.atMs, tariffs }].slice(-BOOKS_KEPT);
}

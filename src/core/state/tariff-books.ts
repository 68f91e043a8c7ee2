/** What drivers pay, as it was configured when a session began: a record bears the tariff of the start (OCPI, CDRs). */
import type { SiteFact } from "../facts/index.ts";
import type { TariffConfiguration } from "../site/site-upstream.ts";

/** The tariffs from a start of the controller on; `seq` is of the fact that told them. */
export interface TariffBook {
  readonly seq: number;
  readonly changedMs: number;
  readonly tariffs: readonly TariffConfiguration[];
  readonly currency?: string;
}

/** Oldest first; the last one holds. */
export type TariffBooks = readonly TariffBook[];

/** Cars that stay through more changes than these are billed by the configuration. */
const BOOKS_KEPT = 16;

/** Adds the tariffs that a start told, or their currency, where they are others than before. */
export function evolveTariffBooks(books: TariffBooks, fact: Extract<SiteFact, { type: "booted" }>): TariffBooks {
  const tariffs = fact.data.tariffs as readonly TariffConfiguration[] | undefined;
  const { currency } = fact.data;
  const last = books.at(-1);
  const isSame = last?.currency === currency && JSON.stringify(last?.tariffs) === JSON.stringify(tariffs);
  if (!tariffs || isSame) return books;
  const money = currency === undefined ? {} : { currency };
  return [...books, { seq: fact.seq, changedMs: fact.atMs, tariffs, ...money }].slice(-BOOKS_KEPT);
}

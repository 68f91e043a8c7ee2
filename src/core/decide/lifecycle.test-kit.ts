/** Messages of one charge point about its transactions, for the tests. */
import type { ChargePointInput, EvseSample } from "../charge-point-input.ts";
import { type Books, NOON_MS } from "../site/site.test-kit.ts";
import type { ConnectorStatus } from "../state/charge-points.ts";

type Started = Extract<ChargePointInput, { type: "transaction-started" }>;
type Ended = Extract<ChargePointInput, { type: "transaction-ended" }>;
/** Values of its meter. */
export type Metered = Extract<ChargePointInput, { type: "metered" }>;
export const MINUTE_MS = 60_000;
/** The connector of the charge point. */
export const from = { chargePointId: "garage", connector: 1 } as const;

/** A transaction begins. */
export function start(changes: Partial<Started> = {}): Started {
  const base = { ...from, token: "CAFE", meterStartWh: 1000, atMs: NOON_MS, replayed: false };
  return { type: "transaction-started", ...base, ...changes };
}

/** It ends an hour later. */
export function end(changes: Partial<Ended> = {}): Ended {
  const base = { meterStopWh: 9000, atMs: NOON_MS + 60 * MINUTE_MS, reason: "Local", replayed: false };
  return { type: "transaction-ended", chargePointId: "garage", ...base, ...changes };
}

/** So many minutes go by. */
export function later(books: Books, minutes: number): Books {
  books.nowMs += minutes * MINUTE_MS;
  return books;
}

/** Its meter tells. */
export function values(books: Books, sample: Omit<EvseSample, "atMs">, changes: Partial<Metered> = {}) {
  return books.tell({ type: "metered", ...from, samples: [{ atMs: books.nowMs, ...sample }], ...changes });
}

/** Its connector tells its status. */
export function status(books: Books, word: ConnectorStatus) {
  return books.tell({ type: "status", ...from, status: word });
}

export const types = (facts: readonly { readonly type: string }[]) => facts.map(({ type }) => type);
export const openIds = (books: Books) => Object.keys(books.state.sessions.open);

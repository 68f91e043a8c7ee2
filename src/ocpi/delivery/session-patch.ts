/** PATCH appends charging periods: it may be used where what the partner has is known for sure, which is what was sent. */
import type { WireObject } from "../objects/wire-object.ts";

interface Sent {
  readonly periods: readonly string[];
  readonly status: unknown;
}

const MOST_REMEMBERED = 500;

export interface SessionPatches {
  /** The change since the last message; missing where a PUT is due: the first time, or when a period was rewritten. */
  patchOf(session: WireObject): WireObject | undefined;
  sent(session: WireObject): void;
  /** What the partner has is not known any more. */
  forgetAll(): void;
}

export function createSessionPatches(): SessionPatches {
  const known = new Map<string, Sent>();
  const periodsOf = (session: WireObject) =>
    (session.charging_periods as readonly unknown[]).map((period) => JSON.stringify(period));
  return {
    forgetAll: () => known.clear(),
    patchOf(session) {
      const before = known.get(String(session.id));
      const periods = periodsOf(session);
      if (!before || before.periods.some((period, index) => periods[index] !== period)) return undefined;
      // The end of a session is told whole.
      if (session.status !== before.status) return undefined;
      const { kwh, total_cost, last_updated } = session;
      const added = (session.charging_periods as readonly unknown[]).slice(before.periods.length);
      return { kwh, total_cost, last_updated, ...(added.length > 0 ? { charging_periods: added } : {}) };
    },
    sent(session) {
      const id = String(session.id);
      known.delete(id);
      if (session.status !== "COMPLETED") known.set(id, { periods: periodsOf(session), status: session.status });
      for (const old of [...known.keys()].slice(0, Math.max(0, known.size - MOST_REMEMBERED))) known.delete(old);
    },
  };
}

/** Flexibility orders of a scenario: read from the file, and told to the controller as a partner would. */
import type { SiteDraft } from "../core/facts/index.ts";
import { whenWallShowsMs } from "../core/time/calendar.ts";
import type { Scenario, ScenarioOrder } from "../sim/scenario.ts";
import type { ScenarioFile } from "./scenario-schema.ts";

const HOUR_MS = 3_600_000;

/** Epoch ms of a local time, and NaN where it is none. */
function localMs(text: string, timeZone: string): number {
  const wallMs = Date.parse(`${text}Z`);
  return Number.isNaN(wallMs) ? wallMs : whenWallShowsMs(wallMs, timeZone);
}

/** The orders of a file; the index of one that ends before it begins, or at no time at all. */
export function ordersOf({ orders, site }: ScenarioFile): readonly ScenarioOrder[] | number {
  const read = orders.map(({ from, to, importLimitW, toldHoursBefore }) => {
    const startMs = localMs(from, site.timeZone);
    return { startMs, endMs: localMs(to, site.timeZone), importLimitW, toldMs: startMs - toldHoursBefore * HOUR_MS };
  });
  const wrong = read.findIndex(({ startMs, endMs }) => !(endMs > startMs));
  return wrong >= 0 ? wrong : read;
}

/** What a partner tells in a step that ends at `nowMs` and took `stepMs`: all orders so far, when there is a new one. */
export function toldOrders({ orders = [], startMs }: Scenario, nowMs: number, stepMs: number): SiteDraft[] {
  const isNew = ({ toldMs }: ScenarioOrder) => Math.max(toldMs, startMs + 1) > nowMs - stepMs;
  const known = orders.filter(({ toldMs, endMs }) => toldMs <= nowMs && endMs > nowMs);
  if (!known.some(isNew)) return [];
  const limitW = known.map((order) => ({ startMs: order.startMs, endMs: order.endMs, value: order.importLimitW }));
  const data = { partnerId: "aggregator", contextId: "orders", eurPerKwh: [], limitW };
  return [{ type: "optimisation-context-received", source: "partner:aggregator", data }];
}

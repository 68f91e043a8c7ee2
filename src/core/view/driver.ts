/** What a driver sees of the one EVSE that the car stands at: nothing of other cars, nothing of the site's money. */
import { type Static, Type } from "../schema.ts";
import { openSessionAt, type Session } from "../state/sessions.ts";
import type { SiteState } from "../state/state.ts";
import { wordOn } from "../state/word.ts";
import { withoutPrices } from "../words/en.ts";
import { cheaperThanAtOnce } from "./cheaper.ts";
import { type LiveEvse, LiveEvseSchema, type LiveSite } from "./view.ts";

const {
  name,
  online,
  powerW,
  energyWh,
  socPercent,
  askedWh,
  energySaid,
  departureMs,
  departureSaid,
  readyMs,
  shortfallWh,
  shortfallUnsure,
  preference,
  override,
  sentence,
  because,
} = LiveEvseSchema.properties;

export const DriverViewSchema = Type.Object({
  nowMs: Type.Number(),
  timeZone: Type.String(),
  site: Type.String(),
  pluggedIn: Type.Boolean(),
  planned: Type.Boolean({ description: "Whether a plan knows what the driver said last" }),
  cheaperEur: Type.Optional(
    Type.Number({ description: "Less than charging at once would cost; missing where that cannot be said" }),
  ),
  usualWh: Type.Optional(Type.Number({ description: "What is usually needed, since the plug-in" })),
  ...{ name, online, powerW, energyWh, socPercent, askedWh, energySaid, departureMs, departureSaid },
  ...{ readyMs, shortfallWh, shortfallUnsure, preference, override, sentence, because },
});
export type DriverView = Static<typeof DriverViewSchema>;

/** What the plan gives the car, where it was made after the last word on it. */
function plannedPart(state: SiteState, session: Session | undefined, live: LiveEvse): Partial<DriverView> {
  const plan = state.plan.current;
  if (!session || !plan?.input.evses.some((evse) => evse.transactionId === session.transactionId)) return {};
  const { departure } = wordOn(state.sessions, session);
  const { statedMs = 0, steppedMs = 0 } = state.sessions.wishes[session.evseId] ?? {};
  // A word of the clock before a step is older than any plan after it.
  if (plan.input.nowMs < Math.max(statedMs + steppedMs, departure?.statedMs ?? 0)) return {};
  const cheaperEur = cheaperThanAtOnce(plan.input, plan.result, session.transactionId);
  return {
    planned: true,
    ...(live.readyMs === undefined ? {} : { readyMs: live.readyMs }),
    ...(live.shortfallWh === undefined ? {} : { shortfallWh: live.shortfallWh }),
    ...(live.shortfallUnsure === undefined ? {} : { shortfallUnsure: live.shortfallUnsure }),
    ...(cheaperEur === undefined ? {} : { cheaperEur }),
  };
}

const SHOWN = [
  "name",
  "online",
  "powerW",
  "energyWh",
  "socPercent",
  "askedWh",
  "energySaid",
  "departureMs",
  "departureSaid",
  "preference",
  "override",
  "sentence",
  "because",
] as const satisfies readonly (keyof DriverView & keyof LiveEvse)[];

/** The driver's view of an EVSE; missing where there is no such. */
export function driverView(live: LiveSite, state: SiteState, evseId: string): DriverView | undefined {
  const evse = live.evses.find(({ id }) => id === evseId);
  if (!evse) return undefined;
  const session = openSessionAt(state.sessions, evseId);
  const usualWh = session && state.sessions.standing[evseId]?.energyWh;
  const shown = Object.fromEntries(SHOWN.filter((key) => evse[key] !== undefined).map((key) => [key, evse[key]]));
  return {
    nowMs: live.nowMs,
    timeZone: live.site.timeZone,
    site: live.site.name,
    pluggedIn: session !== undefined,
    ...(usualWh === undefined ? {} : { usualWh }),
    planned: false,
    ...(shown as Pick<LiveEvse, (typeof SHOWN)[number]>),
    because: withoutPrices(evse.because),
    ...plannedPart(state, session, evse),
  };
}

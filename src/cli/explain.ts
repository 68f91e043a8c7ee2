/** `wattledger explain`: asks the running controller why its plan is as it is. */
import { parseArgs } from "node:util";
import { localTime } from "../core/time/local-time.ts";
import type { ExplainedSlot, PlanReasons } from "../core/view/plan-reasons.ts";
import type { LiveSite } from "../core/view/view.ts";

/** What `--help` prints. */
export const USAGE = `Usage: wattledger explain [EVSE|BATTERY]  why the plan gives each EVSE and battery what it gives
  [--url http://127.0.0.1:8080] [--json]`;
const PATIENCE_MS = 10_000;

/** Quarter-hours with the same words are one line, from the first to the end of the last. */
function linesOf(slots: readonly Pick<ExplainedSlot, "startMs" | "text">[], timeOf: (ms: number) => string): string[] {
  const lines: { fromMs: number; text: string }[] = [];
  for (const { startMs, text } of slots) if (lines.at(-1)?.text !== text) lines.push({ fromMs: startMs, text });
  return lines.map(({ fromMs, text }) => `  ${timeOf(fromMs).padEnd(9)}  ${text}`);
}

async function get<T>(url: string, target: URL): Promise<T> {
  const response = await fetch(target, { signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => {
    throw new Error(`The controller does not answer at ${url}; is it running, and is this its address?`);
  });
  const answer = (await response.json()) as T & { readonly title?: string; readonly detail?: string };
  if (!response.ok) throw new Error(`${answer.title}. ${answer.detail ?? ""}`);
  return answer;
}

function reasonsOf(url: string, evse: string | undefined): Promise<PlanReasons> {
  const target = new URL("/api/v1/plan/reasons", url);
  if (evse !== undefined) target.searchParams.set("evse", evse);
  return get(url, target);
}

/** What is printed, in the times of the site, as the reasons are. */
async function textOf(reasons: PlanReasons, url: string, evse: string | undefined): Promise<string> {
  const { seq, madeMs, ramp, evses, batteries } = reasons;
  const { site, evses: known } = await get<Pick<LiveSite, "site" | "evses">>(url, new URL("/api/v1/site", url));
  const ids = [...known.map(({ id }) => id), ...batteries.map(({ deviceId }) => deviceId)];
  if (evse !== undefined && !ids.includes(evse))
    throw new Error(`There is no EVSE "${evse}". Known: ${ids.join(", ")}`);
  const timeOf = (ms: number) => localTime(ms, madeMs, site.timeZone);
  return [
    `Plan #${seq}, made ${timeOf(madeMs)} (times of ${site.timeZone})`,
    ...(ramp === undefined ? [] : [ramp]),
    ...(evses.length === 0 && (evse === undefined || batteries.length === 0)
      ? [evse === undefined ? "No car is planned." : `No car is planned at ${evse}.`]
      : []),
    ...evses.flatMap(({ evseId, name, visitId, short, slots }) => [
      `${name} (${evseId})${visitId === undefined ? "" : `, announced: ${visitId}`}`,
      ...(short === undefined ? [] : [`  ${short}`]),
      ...linesOf(slots, timeOf),
    ]),
    ...batteries.flatMap(({ deviceId, slots }) => [`Battery (${deviceId})`, ...linesOf(slots, timeOf)]),
  ].join("\n");
}

/** Exit code 0, 1 when nobody answers or there is no plan, 2 usage. */
export async function explain(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { url: { type: "string", default: "http://127.0.0.1:8080" }, json: { type: "boolean", default: false } },
  });
  if (positionals.length > 1) {
    console.error(USAGE);
    return 2;
  }
  try {
    const reasons = await reasonsOf(values.url, positionals[0]);
    console.log(values.json ? JSON.stringify(reasons, null, 1) : await textOf(reasons, values.url, positionals[0]));
    return 0;
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
}

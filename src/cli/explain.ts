/** `wattledger explain`: asks the running controller why its plan is as it is. */
import { parseArgs } from "node:util";
import type { ExplainedSlot, PlanReasons } from "../core/view/plan-reasons.ts";

/** What `--help` prints. */
export const USAGE = `Usage: wattledger explain [EVSE]          why the plan gives each EVSE what it gives
  [--url http://127.0.0.1:8080] [--json]`;
const PATIENCE_MS = 10_000;

const clock = (ms: number) => new Date(ms).toISOString().slice(5, 16).replace("T", " ");

/** Quarter-hours with the same words are one line, from the first to the end of the last. */
function linesOf(slots: readonly ExplainedSlot[]): string[] {
  const lines: { fromMs: number; text: string }[] = [];
  for (const { startMs, text } of slots) if (lines.at(-1)?.text !== text) lines.push({ fromMs: startMs, text });
  return lines.map(({ fromMs, text }) => `  ${clock(fromMs)}  ${text}`);
}

async function ask(url: string, evse: string | undefined): Promise<PlanReasons> {
  const target = new URL("/api/v1/plan/reasons", url);
  if (evse !== undefined) target.searchParams.set("evse", evse);
  const response = await fetch(target, { signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => {
    throw new Error(`The controller does not answer at ${url}; is it running, and is this its address?`);
  });
  const answer = (await response.json()) as PlanReasons & { readonly title?: string; readonly detail?: string };
  if (!response.ok) throw new Error(`${answer.title}. ${answer.detail ?? ""}`);
  return answer;
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
    const reasons = await ask(values.url, positionals[0]);
    if (values.json) console.log(JSON.stringify(reasons, null, 1));
    else {
      console.log(`Plan #${reasons.seq}, made ${clock(reasons.madeMs)} (times of the first column are UTC)`);
      if (reasons.evses.length === 0) console.log("No car is planned.");
      for (const { evseId, name, slots } of reasons.evses)
        console.log([`${name} (${evseId})`, ...linesOf(slots)].join("\n"));
    }
    return 0;
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
}

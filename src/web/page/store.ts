/** What the page knows, live: one stream of server-sent events, and three lists that it asks for. */
import { computed, signal } from "@preact/signals";
import type { Envelope } from "../../core/facts/fact.ts";
import type { PlanInput, PlanResult } from "../../core/facts/plan-facts.ts";
import type { CapacityBill } from "../../core/money/capacity-bill.ts";
import type { Month } from "../../core/money/month.ts";
import type { Session } from "../../core/state/sessions.ts";
import type { QuarterHour } from "../../core/state/site-slice.ts";
import type { PartnerStatus } from "../../core/upstream-admin.ts";
import type { PlanReasons } from "../../core/view/plan-reasons.ts";
import type { LiveSite } from "../../core/view/view.ts";
import { timeZone } from "./format.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { type Problem, refusalText } from "./refusal.ts";
import { words } from "./words/en.ts";

export interface Plan {
  readonly seq: number;
  readonly madeMs: number;
  readonly trigger: string;
  readonly input: PlanInput;
  readonly result: PlanResult;
}

export const live = signal<LiveSite | undefined>(undefined);
export const connected = signal(true);
export const facts = signal<readonly Envelope[]>([]);
export const plan = signal<Plan | undefined>(undefined);
export const history = signal<readonly QuarterHour[]>([]);
export const sessions = signal<readonly Session[]>([]);
export const month = signal<Month | undefined>(undefined);
/** Empty where the site has no upstream. */
export const partners = signal<readonly PartnerStatus[]>([]);
export interface Money {
  readonly capacity: readonly CapacityBill[];
  readonly fixedEurPerMonth: number;
}
export const money = signal<Money | undefined>(undefined);
export const evseNames = computed(() => new Map((live.value?.evses ?? []).map((evse) => [evse.id, evse.name])));

const FACTS_KEPT = 300;
/** The chart begins six hours before the plan. */
const HISTORY_MS = 8 * 3_600_000;

async function get<T>(path: string): Promise<T | undefined> {
  const response = await fetch(`/api/v1${path}`).catch(() => undefined);
  return response?.ok ? ((await response.json()) as T) : undefined;
}

const refreshPlan = oneAtATime(async () => {
  plan.value = (await get<Plan>("/plan")) ?? plan.value;
});
/** Why each car gets, and each battery does, in a slot of the plan what it does, in words. */
export async function reasonsAt(
  startMs: number,
): Promise<readonly { readonly name: string; readonly isAnnounced: boolean; readonly text: string }[]> {
  const answer = await get<PlanReasons>(`/plan/reasons?at=${startMs}`);
  const cars = (answer?.evses ?? []).flatMap(({ name, visitId, short, slots: [slot] }) => {
    const isAnnounced = visitId !== undefined;
    // Of all who may come the ones that would be there.
    if (!slot || (isAnnounced && (slot.reason.kind === "absent" || slot.reason.kind === "gone"))) return [];
    return [{ name, isAnnounced, text: isAnnounced && short !== undefined ? `${slot.text}; ${short}` : slot.text }];
  });
  const batteries = (answer?.batteries ?? []).flatMap(({ deviceId, slots: [slot] }, _, all) =>
    slot ? [{ name: all.length > 1 ? deviceId : words.battery, isAnnounced: false, text: slot.text }] : [],
  );
  return [...cars, ...batteries];
}
const refreshBooks = oneAtATime(async () => {
  const fromMs = (plan.value?.input.startMs ?? Date.now()) - HISTORY_MS;
  const past = await get<{ quarterHours: QuarterHour[] }>(`/history?from=${fromMs}`);
  history.value = past?.quarterHours ?? history.value;
  sessions.value = (await get<{ sessions: Session[] }>("/sessions?limit=200"))?.sessions ?? sessions.value;
  month.value = (await get<Month>("/month")) ?? month.value;
  money.value = (await get<Money>("/capacity")) ?? money.value;
});

const PARTNERS_EVERY_MS = 15_000;

/** How it stands with partners; a site without any is not asked again. */
async function refreshPartners(): Promise<void> {
  partners.value = (await get<PartnerStatus[]>("/partners")) ?? partners.value;
  if (partners.value.length > 0) setTimeout(() => void refreshPartners(), PARTNERS_EVERY_MS);
}

function take(fact: Envelope): void {
  if (facts.value.some((known) => known.seq === fact.seq)) return;
  facts.value = [fact, ...facts.value].slice(0, FACTS_KEPT);
  if (fact.type === "plan-made") void refreshPlan();
  if (fact.type.startsWith("transaction-") || fact.type === "quarter-hour-metered") void refreshBooks();
}

const told = (event: Event) => String((event as MessageEvent).data);

/** Connects; the browser resumes by the last id by itself. */
export async function connect(): Promise<void> {
  const latest = await get<{ events: Envelope[] }>("/events?limit=200");
  facts.value = (latest?.events ?? []).toReversed();
  await refreshPlan();
  await Promise.all([refreshBooks(), refreshPartners()]);
  const stream = new EventSource(`/api/v1/events/stream?after=${facts.value[0]?.seq ?? 0}`);
  stream.addEventListener("live", (event) => {
    live.value = JSON.parse(told(event)) as LiveSite;
    timeZone.value = live.value.site.timeZone;
    connected.value = true;
  });
  stream.addEventListener("fact", (event) => take(JSON.parse(told(event)) as Envelope));
  stream.addEventListener("error", () => {
    connected.value = false;
  });
}

const TOKEN_KEY = "wattledger-token";

export type Change =
  | { readonly ok: true }
  | { readonly ok: false; readonly needsToken: boolean; readonly text: string };

/** Asks the controller to change something. The token, where one is needed, stays in this tab. */
export async function change(method: "PUT" | "POST", path: string, body: object, token?: string): Promise<Change> {
  if (token) sessionStorage.setItem(TOKEN_KEY, token);
  const known = sessionStorage.getItem(TOKEN_KEY);
  const headers: Record<string, string> = {
    "content-type": "application/json",
    ...(known ? { authorization: `Bearer ${known}` } : {}),
  };
  const response = await fetch(`/api/v1${path}`, { method, headers, body: JSON.stringify(body) }).catch(
    () => undefined,
  );
  if (response?.ok) return { ok: true };
  const problem = (await response?.json().catch(() => undefined)) as Partial<Problem> | undefined;
  if (response?.status === 401) sessionStorage.removeItem(TOKEN_KEY);
  return {
    ok: false,
    needsToken: response?.status === 401,
    text: refusalText(problem) ?? "the controller does not answer",
  };
}

/** The one EVSE that the driver's link opens: asked for every few seconds while somebody looks. */
import { signal } from "@preact/signals";
import type { DriverView } from "../../core/view/driver.ts";
import { timeZone } from "./format.ts";
import { type Word, wordWith } from "./quick.ts";
import { refusalText } from "./refusal.ts";
import { carWords } from "./words/en-car.ts";

const EVERY_MS = 3_000;

export const view = signal<DriverView | undefined>(undefined);
/** `gone`: the link opens nothing; nobody is asked any more. */
export const link = signal<"asking" | "open" | "lost" | "gone" | "broken">("asking");
export const refusal = signal("");
export const sending = signal(false);

/** Behind the #, so that it is sent to nobody: the EVSE and its key. */
function keyOf(hash: string): { readonly evseId: string; readonly key: string } | undefined {
  const [, evseId, key] = /^#([A-Za-z0-9._-]{1,48})\/([\w-]{16,64})$/.exec(hash) ?? [];
  return evseId === undefined || key === undefined ? undefined : { evseId, key };
}

async function ask(method: "GET" | "PUT", path: string, body?: object): Promise<Response | undefined> {
  const known = keyOf(location.hash);
  if (!known) return undefined;
  const headers: Record<string, string> = { authorization: `Bearer ${known.key}` };
  if (body) headers["content-type"] = "application/json";
  const content = body ? { body: JSON.stringify(body) } : {};
  return fetch(`/api/v1/driver/${known.evseId}${path}`, { method, headers, ...content }).catch(() => undefined);
}

async function refresh(): Promise<void> {
  if (!keyOf(location.hash)) {
    link.value = "broken";
    return;
  }
  const response = await ask("GET", "");
  if (response?.status === 401) link.value = "gone";
  else if (!response?.ok) link.value = "lost";
  else {
    const fresh = (await response.json()) as DriverView;
    timeZone.value = fresh.timeZone;
    view.value = fresh;
    document.title = fresh.name;
    link.value = "open";
  }
}

/** Begins to ask; rests while nobody looks, ends when the link opens nothing. */
export function connect(): void {
  const again = async () => {
    if (!document.hidden && link.value !== "gone" && link.value !== "broken") await refresh();
    setTimeout(() => void again(), EVERY_MS);
  };
  window.addEventListener("hashchange", () => location.reload());
  document.addEventListener("visibilitychange", () => void (document.hidden ? undefined : refresh()));
  void again();
}

/** Says something of the car; the rest of what was said stays. `forget` takes the energy back. */
export async function say(change: Word, forget: { readonly energy?: boolean } = {}): Promise<void> {
  const before = view.value;
  if (!before || sending.value) return;
  sending.value = true;
  const { energyWh, ...rest } = wordWith(before, change);
  const body = forget.energy || energyWh === undefined ? rest : { ...rest, energyWh };
  const response = await ask("PUT", "/wish", body);
  const problem = response?.ok ? undefined : await response?.json().catch(() => undefined);
  refusal.value = response?.ok ? "" : (refusalText(problem) ?? carWords.noAnswer);
  if (response?.status === 401) link.value = "gone";
  else await refresh();
  sending.value = false;
}

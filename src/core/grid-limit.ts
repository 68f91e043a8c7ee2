/**
 * The grid operator's limit of power as leases, one for each way it comes in: API, MQTT, digital inputs. The lowest one
 * holds. A way that has to be heard of regularly, and is not, is at its fail-safe value until it is heard of again.
 */
import { ABSENT_AFTER_MS } from "./device-quality.ts";
import type { SiteDraft } from "./facts/index.ts";
import type { ProcessImage } from "./image.ts";
import type { SiteConfiguration } from "./site.ts";
import type { GridInputConfiguration } from "./site-grid-operator.ts";
import type { SiteModel } from "./site-model.ts";
import { type GridLimit, gridLimitSource } from "./state/grid-limits.ts";
import type { SiteState } from "./state.ts";

/** A limit that holds now, and what it counts: the import of the site, or only what EVSEs and batteries take of it. */
export interface GridLimitInForce extends GridLimit {
  readonly appliesTo: "site" | "controllable";
}

/** A way that limits come in by, and what happens when it is silent. */
interface Link {
  readonly source: string;
  readonly heartbeatMs: number;
  readonly failSafeW: number;
  /** Of a digital input: the limit while it is active, and whether it is. */
  readonly limitW?: number;
  readonly active?: boolean;
}

type GridLimitDraft = Extract<SiteDraft, { type: "grid-limit-received" }>;

const INPUT = "input:";
const RELEASE_MS = 10_000;

/** Name of a digital input as a source of limits. */
export function inputSource(inputId: string): string {
  return `${INPUT}${inputId}`;
}

/** A contact that bounces limits at once, and releases when it has been quiet for a while. */
function contactState(
  input: GridInputConfiguration,
  { closed, sinceMonoMs }: { readonly closed: boolean; readonly sinceMonoMs: number },
  monoMs: number,
): { readonly active?: boolean } {
  const active = closed === (input.activeWhen === "closed");
  return active || monoMs - sinceMonoMs >= RELEASE_MS ? { active } : {};
}

function linksOf({ gridOperator }: SiteConfiguration, image: ProcessImage): Link[] {
  const heard = (["api", "mqtt"] as const).flatMap((source): Link[] => {
    const link = gridOperator?.[source];
    return link ? [{ source, heartbeatMs: link.heartbeatSeconds * 1000, failSafeW: link.failSafeW }] : [];
  });
  const inputs = (gridOperator?.inputs ?? []).map((input): Link => {
    const contact = image.gridLinks?.inputs.get(input.id);
    return {
      source: inputSource(input.id),
      heartbeatMs: ABSENT_AFTER_MS + 3 * input.pollMs,
      failSafeW: input.failSafeW,
      limitW: input.limitW,
      ...(contact ? contactState(input, contact, image.monoMs) : {}),
    };
  });
  return [...heard, ...inputs];
}

function draft(source: string, limitW: number | undefined, failSafe = false): GridLimitDraft {
  const data = { by: source, ...(limitW === undefined ? {} : { limitW }), ...(failSafe ? { failSafe } : {}) };
  return { type: "grid-limit-received", source: failSafe ? "heartbeat" : source, data };
}

/** What a link says by itself, without anybody asking: the state of an input, or its silence. */
function linkDraft(link: Link, image: ProcessImage): GridLimitDraft | undefined {
  const heardMonoMs = image.gridLinks!.heardMonoMs.get(link.source) ?? image.gridLinks!.sinceMonoMs;
  if (image.monoMs - heardMonoMs > link.heartbeatMs) return draft(link.source, link.failSafeW, true);
  if (link.active === undefined) return undefined;
  return draft(link.source, link.active ? link.limitW : undefined);
}

/** Whether a statement says what is known already: it counts as a sign of life, and is no fact. */
export function isGridLimitRenewal(state: SiteState, { data }: GridLimitDraft): boolean {
  const known = state.site.gridLimits[gridLimitSource(data.by)];
  return (
    known?.limitW === data.limitW &&
    known?.untilMs === data.untilMs &&
    (known?.failSafe ?? false) === (data.failSafe ?? false)
  );
}

/** Limits whose way is no longer configured, and that nobody else could end. */
function orphans(links: readonly Link[], state: SiteState): GridLimitDraft[] {
  return Object.entries(state.site.gridLimits)
    .filter(([source, { failSafe }]) => source.startsWith(INPUT) || failSafe)
    .filter(([source]) => !links.some((link) => link.source === source))
    .map(([source]) => draft(source, undefined));
}

/** Facts of this tick: inputs that turned, links that fell silent. */
export function gridLimitDrafts(site: SiteModel, state: SiteState, image: ProcessImage): SiteDraft[] {
  if (!image.gridLinks) return [];
  const links = linksOf(site.configuration, image);
  const stated = links.flatMap((link) => linkDraft(link, image) ?? []);
  return [...stated, ...orphans(links, state)].filter((entry) => !isGridLimitRenewal(state, entry));
}

/** The lowest limit in force; never below what the contract leaves the site in any case (`gridOperator.leastW`). */
export function gridLimitInForce(site: SiteModel, state: SiteState, nowMs: number): GridLimitInForce | undefined {
  const { gridOperator } = site.configuration;
  let lowest: GridLimit | undefined;
  for (const source in state.site.gridLimits) {
    const limit = state.site.gridLimits[source]!;
    if (limit.untilMs !== undefined && limit.untilMs <= nowMs) continue;
    if (!lowest || limit.limitW < lowest.limitW) lowest = limit;
  }
  if (!lowest) return undefined;
  return {
    ...lowest,
    limitW: Math.max(lowest.limitW, gridOperator?.leastW ?? 0),
    appliesTo: gridOperator?.appliesTo ?? "site",
  };
}

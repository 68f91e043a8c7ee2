/**
 * The grid operator's limits of power as leases, one for each way they come in: API, MQTT, digital inputs. The lowest
 * holds. A way that has to be heard of regularly, and is not, is at its fail-safe value: until it is heard of again, or
 * for `failSafeHours` at most (EEBUS LPC calls it the failsafe duration minimum).
 */
import { ABSENT_AFTER_MS } from "../device-quality.ts";
import type { SiteDraft } from "../facts/index.ts";
import type { ProcessImage } from "../image.ts";
import type { SiteConfiguration } from "../site/site.ts";
import type { GridInputConfiguration } from "../site/site-grid-operator.ts";
import type { SiteModel } from "../site/site-model.ts";
import { type GridLimit, gridLimitSource, withGridLimit } from "../state/grid-limits.ts";
import type { SiteState } from "../state/state.ts";

/** A limit that holds now, where it comes from and how long it lasts. */
export interface LimitInForce extends Pick<GridLimit, "by" | "untilMs" | "failSafe"> {
  readonly limitW: number;
}

/** A limit of the import, and what it counts: all of it, or only what EVSEs and batteries take of it. */
export interface GridLimitInForce extends LimitInForce {
  readonly appliesTo: "site" | "controllable";
}

type Limits = Pick<GridLimit, "limitW" | "exportLimitW">;

/** A way that limits come in by, and what happens when it is silent. */
interface Link {
  readonly source: string;
  readonly heartbeatMs: number;
  readonly failSafe: Limits;
  /** What a digital input says by itself; missing while it bounces. */
  readonly says?: Limits;
}

/** What somebody, or a silence, says of the operator's limit. */
export type GridLimitDraft = Extract<SiteDraft, { type: "grid-limit-received" }>;

const INPUT = "input:";
const RELEASE_MS = 10_000;
const HOUR_MS = 3_600_000;
/** How long a limit without an end lasts where nobody has to confirm it. */
const UNCONFIRMED_HOURS = 24;

/** Name of a digital input as a source of limits. */
export function inputSource(inputId: string): string {
  return `${INPUT}${inputId}`;
}

function limits(limitW: number | undefined, exportLimitW: number | undefined): Limits {
  return { ...(limitW === undefined ? {} : { limitW }), ...(exportLimitW === undefined ? {} : { exportLimitW }) };
}

/** A contact that bounces limits at once, and releases when it has been quiet for a while. */
function contactSays(input: GridInputConfiguration, image: ProcessImage): Pick<Link, "says"> {
  const contact = image.gridLinks?.inputs.get(input.id);
  if (!contact) return {};
  if (contact.closed === (input.activeWhen === "closed")) return { says: limits(input.limitW, input.exportLimitW) };
  return image.monoMs - contact.sinceMonoMs >= RELEASE_MS ? { says: {} } : {};
}

function linksOf({ gridOperator }: SiteConfiguration, image: ProcessImage): Link[] {
  const heard = (["api", "mqtt"] as const).flatMap((source): Link[] => {
    const link = gridOperator?.[source];
    if (!link) return [];
    const failSafe = limits(link.failSafeW, link.failSafeExportW);
    return [{ source, heartbeatMs: link.heartbeatSeconds * 1000, failSafe }];
  });
  const inputs = (gridOperator?.inputs ?? []).map(
    (input): Link => ({
      source: inputSource(input.id),
      heartbeatMs: ABSENT_AFTER_MS + 3 * input.pollMs,
      failSafe: limits(input.failSafeW ?? input.limitW, input.exportLimitW),
      ...contactSays(input, image),
    }),
  );
  return [...heard, ...inputs];
}

function statement(source: string, said: Limits & Pick<GridLimit, "untilMs">): GridLimitDraft {
  return { type: "grid-limit-received", source, data: { by: source, ...said } };
}

/** The fail-safe limit of a source that is silent. It is said once, and its end stays what it was then. */
function silence(site: SiteModel, state: SiteState, image: ProcessImage, { source, failSafe }: Link): GridLimitDraft {
  const known = state.site.gridLimits[source];
  const lastsMs = (site.configuration.gridOperator?.failSafeHours ?? 0) * HOUR_MS;
  const untilMs = (known?.failSafe && known.untilMs) || (image.wallTrusted ? image.nowMs + lastsMs : undefined);
  const data = { by: source, failSafe: true, ...failSafe, ...(untilMs === undefined ? {} : { untilMs }) };
  return { type: "grid-limit-received", source: "heartbeat", data };
}

/** Whether a statement says what is known already: it counts as a sign of life, and is no fact. */
export function isGridLimitRenewal(state: SiteState, { data }: GridLimitDraft): boolean {
  const known = state.site.gridLimits[gridLimitSource(data.by)];
  if (data.limitW === undefined && data.exportLimitW === undefined) return known === undefined;
  return (
    known?.limitW === data.limitW &&
    known?.exportLimitW === data.exportLimitW &&
    (known?.statedUntilMs ?? known?.untilMs) === data.untilMs &&
    known?.failSafe === data.failSafe
  );
}

/** Whether a statement lowers what its source allowed, or goes on with it: obeyed before it is on disk. */
export function isGridLimitReduction(state: SiteState, { data }: GridLimitDraft, nowMs: number): boolean {
  const known = state.site.gridLimits[gridLimitSource(data.by)];
  const inForce = known?.untilMs === undefined || known.untilMs > nowMs ? known : undefined;
  const isNotAbove = (which: keyof Limits) =>
    (data[which] ?? Number.POSITIVE_INFINITY) <= (inForce?.[which] ?? Number.POSITIVE_INFINITY);
  const limitsAny = data.limitW !== undefined || data.exportLimitW !== undefined;
  return limitsAny && isNotAbove("limitW") && isNotAbove("exportLimitW");
}

/** The state as it will be when these statements of `nowMs` are recorded. */
export function withGridLimits(state: SiteState, statements: readonly GridLimitDraft[], nowMs: number): SiteState {
  if (statements.length === 0) return state;
  const gridLimits = statements.reduce((limits, { data }) => withGridLimit(limits, data, nowMs), state.site.gridLimits);
  return { ...state, site: { ...state.site, gridLimits } };
}

/**
 * Limits whose way is no longer configured. Nobody else could end that of an input or of a silence; one without an end
 * gets one.
 */
function orphans(links: readonly Link[], state: SiteState, image: ProcessImage): GridLimitDraft[] {
  return Object.entries(state.site.gridLimits)
    .filter(([source]) => !links.some((link) => link.source === source))
    .flatMap(([source, { limitW, exportLimitW, untilMs, failSafe }]) => {
      if (source.startsWith(INPUT) || failSafe) return [statement(source, {})];
      if (untilMs !== undefined || !image.wallTrusted) return [];
      return [statement(source, { ...limits(limitW, exportLimitW), untilMs: endOfUnconfirmed(image.nowMs) })];
    });
}

/** When a limit ends that names no end and needs no confirmation, epoch ms: whole hours, so that a renewal is none. */
function endOfUnconfirmed(nowMs: number): number {
  return (Math.ceil(nowMs / HOUR_MS) + UNCONFIRMED_HOURS) * HOUR_MS;
}

/** What somebody asks for, with its end: its own, or that of its heartbeat, or a day. */
export function withEnd<T extends Limits & Pick<GridLimit, "untilMs">>(
  { configuration: { gridOperator } }: SiteModel,
  by: string,
  said: T,
  nowMs: number,
): T {
  const source = gridLimitSource(by);
  const confirmed = (source === "api" || source === "mqtt") && gridOperator?.[source] !== undefined;
  const ends = said.limitW === undefined && said.exportLimitW === undefined;
  return said.untilMs !== undefined || confirmed || ends ? said : { ...said, untilMs: endOfUnconfirmed(nowMs) };
}

/** Facts of this tick: inputs that turned, links that fell silent. */
export function gridLimitDrafts(site: SiteModel, state: SiteState, image: ProcessImage): GridLimitDraft[] {
  const { gridLinks } = image;
  if (!gridLinks) return [];
  const links = linksOf(site.configuration, image);
  const stated = links.flatMap((link) => {
    const heardMonoMs = gridLinks.heardMonoMs.get(link.source) ?? gridLinks.sinceMonoMs;
    if (image.monoMs - heardMonoMs > link.heartbeatMs) return [silence(site, state, image, link)];
    return link.says ? [statement(link.source, link.says)] : [];
  });
  return [...stated, ...orphans(links, state, image)].filter((entry) => !isGridLimitRenewal(state, entry));
}

function lowest(state: SiteState, nowMs: number, which: keyof Limits): LimitInForce | undefined {
  let found: LimitInForce | undefined;
  for (const source in state.site.gridLimits) {
    const { [which]: limitW, by, untilMs, failSafe } = state.site.gridLimits[source]!;
    if (limitW === undefined || (untilMs !== undefined && untilMs <= nowMs)) continue;
    const end = untilMs === undefined ? {} : { untilMs };
    if (!found || limitW < found.limitW) found = { by, ...end, ...(failSafe ? { failSafe } : {}), limitW };
  }
  return found;
}

/** The lowest limit of the import; never below what the contract leaves the site in any case (`gridOperator.leastW`). */
export function gridLimitInForce(site: SiteModel, state: SiteState, nowMs: number): GridLimitInForce | undefined {
  const { leastW = 0, appliesTo = "site" } = site.configuration.gridOperator ?? {};
  const found = lowest(state, nowMs, "limitW");
  return found && { ...found, limitW: Math.max(found.limitW, leastW), appliesTo };
}

/** The grid operator's lowest limit of the export. */
export function exportLimitInForce(state: SiteState, nowMs: number): LimitInForce | undefined {
  return lowest(state, nowMs, "exportLimitW");
}

/** The source that is silent: one whose fail-safe limit holds, else one that is let go. */
export function silentSource(state: SiteState, nowMs: number): GridLimit | undefined {
  const silent = Object.values(state.site.gridLimits).filter(({ failSafe }) => failSafe);
  return silent.find(({ untilMs }) => untilMs === undefined || untilMs > nowMs) ?? silent[0];
}

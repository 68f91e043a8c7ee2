/** The site's word: normal, limited by something, or safe mode. */
import type { SiteDraft } from "../facts/index.ts";
import type { ReasonKind } from "../reason.ts";
import type { CircuitView } from "./circuits/circuits.ts";
import type { ControlInput, EvseDecision } from "./control.ts";
import { MODE_HOLD_MS } from "./thresholds.ts";

type Mode = "normal" | "limited" | "safe";
interface ModeReason {
  readonly kind: string;
  readonly deviceId?: string;
  readonly circuitId?: string;
}

const LIMITING: ReadonlySet<ReasonKind> = new Set(["circuit", "unbalance", "grid-operator", "paused", "not-obeyed"]);
const SEVERITY: Readonly<Record<Mode, number>> = { normal: 0, limited: 1, safe: 2 };

/** It was paused a moment ago, and goes on by itself. */
function rests({ kind, untilMs, by }: EvseDecision["reason"]): boolean {
  return kind === "paused" && untilMs !== undefined && by === undefined;
}

/** How many EVSEs are below what they will get only because power comes back in steps. */
export function risingCount(decisions: readonly EvseDecision[]): number {
  return decisions.filter(({ reason }) => reason.kind === "raising" || rests(reason)).length;
}

/** What limits charging now: the first that does. */
export function limitingReason(decisions: Iterable<EvseDecision>): ModeReason | undefined {
  for (const { reason } of decisions) {
    const { circuitId, by } = reason;
    if (!LIMITING.has(reason.kind) || rests(reason)) continue;
    const kind = by === undefined ? reason.kind : "grid-operator";
    return { kind, ...(circuitId ? { circuitId } : {}) };
  }
  return undefined;
}

function modeOf(
  views: readonly CircuitView[],
  decisions: ReadonlyMap<number, EvseDecision>,
): { mode: Mode; reason?: ModeReason } {
  const blind = views.find((view) => view.quality === "absent") ?? views.find((view) => view.recovering);
  if (blind) {
    const { meterId: deviceId } = blind.index.circuit;
    const kind = blind.quality === "absent" ? "meter-absent" : "meter-recovering";
    return { mode: "safe", reason: { kind, circuitId: blind.circuitId, ...(deviceId ? { deviceId } : {}) } };
  }
  const reason = limitingReason(decisions.values());
  return reason ? { mode: "limited", reason } : { mode: "normal" };
}

/**
 * A fact when the word changes: at once for the worse and when a meter is back, after a while for the better, so that
 * a fuse that binds now and then does not fill the ledger. Inside a word the first reason stays.
 */
export function modeDrafts(
  input: ControlInput,
  views: readonly CircuitView[],
  decisions: ReadonlyMap<number, EvseDecision>,
  lastMonoMs: number,
): { drafts: SiteDraft[]; modeMonoMs: number } {
  const { monoMs } = input.image;
  const { mode, reason } = modeOf(views, decisions);
  const now = input.state.site;
  const sameReason =
    mode !== "safe" || (now.modeReason?.kind === reason?.kind && now.modeReason?.deviceId === reason?.deviceId);
  if (now.mode === mode && sameReason) return { drafts: [], modeMonoMs: monoMs };
  const relaxes = now.mode === "limited" && SEVERITY[mode] < SEVERITY.limited;
  if (relaxes && monoMs - lastMonoMs < MODE_HOLD_MS) return { drafts: [], modeMonoMs: lastMonoMs };
  const data = { mode, ...(reason ? { reason } : {}) };
  return { drafts: [{ type: "site-mode-changed", source: "guard", data }], modeMonoMs: monoMs };
}

/** The site's word: normal, limited by something, or safe mode. */

import type { ControlInput, EvseDecision } from "../control/control.ts";
import type { SiteDraft } from "../facts/index.ts";
import type { CircuitView } from "./circuits.ts";
import { MODE_HOLD_MS } from "./thresholds.ts";

type Mode = "normal" | "limited" | "safe";
interface ModeReason {
  readonly kind: string;
  readonly deviceId?: string;
  readonly circuitId?: string;
}

const LIMITING = new Set(["circuit", "unbalance", "grid-operator", "paused", "not-obeyed"]);
const SEVERITY: Readonly<Record<Mode, number>> = { normal: 0, limited: 1, safe: 2 };

function modeOf(
  views: readonly CircuitView[],
  decisions: readonly EvseDecision[],
): { mode: Mode; reason?: ModeReason } {
  const blind = views.find((view) => view.metered && view.quality === "absent");
  if (blind) {
    const deviceId = blind.circuit.meterId;
    return {
      mode: "safe",
      reason: { kind: "meter-absent", circuitId: blind.circuitId, ...(deviceId ? { deviceId } : {}) },
    };
  }
  const limited = decisions.find((decision) => LIMITING.has(decision.reason.kind));
  if (!limited) return { mode: "normal" };
  const { kind, circuitId } = limited.reason;
  return { mode: "limited", reason: { kind, ...(circuitId ? { circuitId } : {}) } };
}

/** A fact when the word changes: at once for the worse, after a hold for the better. */
export function modeDrafts(
  input: ControlInput,
  views: readonly CircuitView[],
  decisions: readonly EvseDecision[],
  changedMonoMs: number,
): { drafts: SiteDraft[]; changedMonoMs: number } {
  const { mode, reason } = modeOf(views, decisions);
  const now = input.state.site;
  const same =
    now.mode === mode && now.modeReason?.kind === reason?.kind && now.modeReason?.deviceId === reason?.deviceId;
  const better = SEVERITY[mode] <= SEVERITY[now.mode];
  const held = input.image.monoMs - changedMonoMs < MODE_HOLD_MS;
  if (same || (better && held)) return { drafts: [], changedMonoMs };
  const data = { mode, ...(reason ? { reason } : {}) };
  return { drafts: [{ type: "site-mode-changed", source: "guard", data }], changedMonoMs: input.image.monoMs };
}

/**
 * Violations of the protocol, as facts. A charge point that breaks a rule breaks it with every message: a fact an hour
 * says it as well. What was told already is remembered by the ledger itself, as the idempotency key of the fact: the
 * key holds the hour and one of {@link KINDS_AN_HOUR} numbers for the kind of violation, so that even a charge point
 * that invents a new violation with each message leaves a bounded number of facts.
 */
import type { SiteDraft } from "../facts/index.ts";
import type { DecideContext } from "./context.ts";
import { textHash } from "./text-hash.ts";

/** Most violations of one charge point that become facts in one hour. */
export const KINDS_AN_HOUR = 64;
const HOUR_MS = 3_600_000;
const LONGEST_PROBLEM = 500;
const LONGEST_PAYLOAD = 1024;

export interface Violation {
  readonly chargePointId: string;
  readonly action: string;
  readonly problem: string;
  /** JSON text; cut here. */
  readonly payload: string;
}

/** A small number for a text, the same each time. */
function smallNumber(text: string, below: number): number {
  const hash = textHash(text);
  return ((hash >>> 16) ^ (hash >>> 7)) % below;
}

function keyOf({ chargePointId, action, problem }: Violation, nowMs: number): string {
  const kind = smallNumber(`${action} ${problem}`, KINDS_AN_HOUR);
  return `violation:${chargePointId}:${kind}:${Math.floor(nowMs / HOUR_MS)}`;
}

function draftOf(violation: Violation, key: string): SiteDraft {
  const { chargePointId, action, problem, payload } = violation;
  return {
    type: "message-violated",
    source: `charge-point:${chargePointId}`,
    key,
    data: {
      chargePointId,
      action: action.slice(0, 100),
      problem: problem.slice(0, LONGEST_PROBLEM),
      payload: payload.slice(0, LONGEST_PAYLOAD),
    },
  };
}

/** Facts on the violations that this hour has not heard of. */
export function violationDrafts(context: DecideContext, violations: readonly Violation[]): SiteDraft[] {
  const drafts = new Map<string, SiteDraft>();
  for (const violation of violations) {
    const key = keyOf(violation, context.nowMs);
    if (!drafts.has(key) && !context.findByKey(key)) drafts.set(key, draftOf(violation, key));
  }
  return [...drafts.values()];
}

/** A connector that the configuration does not know: what it reports cannot be controlled. */
export function unknownConnector(
  context: DecideContext,
  at: { readonly chargePointId: string; readonly connector: number },
  action: string,
): SiteDraft[] {
  const { chargePointId, connector } = at;
  const problem = `connector ${connector} is not in site.yaml: it is not limited`;
  return violationDrafts(context, [
    { chargePointId, action, problem, payload: JSON.stringify({ chargePointId, connector }) },
  ]);
}

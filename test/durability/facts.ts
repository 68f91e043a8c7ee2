/** Facts that anybody can foretell from their number, so that a ledger can be compared with what was acknowledged. */
import { readFileSync } from "node:fs";
import type { SiteFact } from "../../src/core/facts/index.ts";

const EXAMPLES = readFileSync(new URL("../../src/ledger/fixtures/facts.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as SiteFact);
const FIRST_MS = 1_790_000_000_000;

/** The fact with this number: every type in turn, three of four with an idempotency key. */
export function foretoldFact(seq: number): SiteFact {
  const example = EXAMPLES[seq % EXAMPLES.length]!;
  const fact = {
    ...example,
    seq,
    atMs: FIRST_MS + seq * 1000,
    monoMs: seq * 1000,
    wallTrusted: seq % 11 !== 0,
    boot: "b",
    ...(seq % 4 === 0 ? {} : { key: keyOf(seq) }),
  };
  if (seq % 4 === 0) delete (fact as { key?: string }).key;
  return fact.type === "stopped" ? { ...fact, data: { reason: `fact ${seq} ${"x".repeat((seq * 7) % 900)}` } } : fact;
}

/** The idempotency key of a fact that has one. */
export function keyOf(seq: number): string {
  return `k:${seq}`;
}

export function foretoldFacts(from: number, count: number): SiteFact[] {
  return Array.from({ length: count }, (_, index) => foretoldFact(from + index));
}

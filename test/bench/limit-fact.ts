import type { SiteFact } from "../../src/core/facts/index.ts";

/** The most frequent fact of a ledger: the limit of one of ten EVSEs, a second after the one before. */
export function limitFact(seq: number): SiteFact {
  return {
    seq,
    atMs: 1_790_000_000_000 + seq * 1000,
    monoMs: seq * 1000,
    wallTrusted: true,
    boot: "bench",
    version: 1,
    source: "guard",
    type: "limit-changed",
    data: {
      evseId: `stall-${seq % 10}`,
      currentA: 6 + (seq % 10),
      phases: 3,
      safeCurrentA: 6,
      expiresAtMs: 1_790_000_180_000 + seq * 1000,
      reason: { kind: "circuit", circuitId: "grid", phase: 1, readingA: 62.1, limitA: 63 },
    },
  } as SiteFact;
}

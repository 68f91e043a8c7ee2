import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SiteDraft } from "../../core/facts/index.ts";
import { openLedger } from "../../ledger/index.ts";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import { silentLog } from "../log.ts";
import { Recorder } from "./recorder.ts";

const stepped = (byMs: number): SiteDraft => ({ type: "clock-stepped", source: "test", data: { byMs } });

test("a fact that the ledger can never take does not keep the others out, and the log says so", async () => {
  const directory = mkdtempSync(join(tmpdir(), "wattledger-recorder-"));
  const { ledger, state } = openLedger({ directory, log: silentLog });
  const errors: string[] = [];
  const log = { ...silentLog, error: (message: string) => void errors.push(message) };
  const recorder = new Recorder({ ledger, state, boot: "test", clock: new VirtualClock(0), log });
  try {
    await Promise.all([recorder.note([stepped(5)]), recorder.note([stepped(Number.NaN), stepped(6)])]);
    expect(await recorder.note([stepped(7)])).toBe(true);
    const steps = ledger.read(0, 100).filter(({ type }) => type === "clock-stepped");
    expect(steps.map(({ data }) => (data as { byMs: number }).byMs)).toEqual([5, 6, 7]);
    expect(recorder.health().backlog).toBe(0);
    expect(errors).toContain("A fact is not as it was declared and is left out: a defect");
  } finally {
    ledger.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inspect } from "./inspect.ts";
import { canTrace, failingWriter } from "./trace.ts";

const NO_FAULT = "fsync:delay_enter=1:when=1";

/** What the operating system does to the calls of the writing thread, and what the ledger calls it. */
const FAULTS = [
  { name: "syncs fail for a while (EIO)", inject: "fdatasync:error=EIO:when=12..16", refusal: "disk-error" },
  { name: "syncs by SQLite fail for a while (EIO)", inject: "fsync:error=EIO:when=3..9", refusal: undefined },
  { name: "writes fail for a while (EIO)", inject: "pwrite64:error=EIO:when=90..99", refusal: "disk-error" },
  { name: "writes find no room (ENOSPC)", inject: "pwrite64:error=ENOSPC:when=90..99", refusal: "disk-full" },
  { name: "writes meet a read-only disk (EROFS)", inject: "pwrite64:error=EROFS:when=90..99", refusal: "disk-" },
  { name: "each seventh sync takes 0.2 s", inject: "fdatasync:delay_enter=200000:when=10+7", refusal: undefined },
] as const;

describe.skipIf(!canTrace())("a disk whose (skipped where strace is not installed or not allowed)", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "wattledger-failing-"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  for (const { name, inject, refusal } of FAULTS) {
    test(`${name}: what was refused is taken later, once, and what was taken is there`, async () => {
      const data = join(root, "data");
      // A start makes many syncs of its own; the next one on the same files next to none.
      if (inject.startsWith("fsync")) await failingWriter(data, ["4", "3", "kill"], NO_FAULT);
      const said = await failingWriter(data, ["5", "40", "kill"], inject);
      const refusals = said.filter((line) => line.startsWith("refused "));
      if (refusal !== undefined) expect(refusals.join("\n")).toContain(`refused ${refusal}`);
      const taken = Math.max(...said.filter((line) => /^\d+$/.test(line)).map(Number));
      expect(taken).toBeGreaterThan(100);
      expect(await inspect(data, taken)).toBeUndefined();
    });
  }
});

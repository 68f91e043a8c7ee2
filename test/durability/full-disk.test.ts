import { appendFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openLedger } from "../../src/ledger/index.ts";
import { foretoldFacts } from "./facts.ts";
import { inspect } from "./inspect.ts";
import { canMount, SmallDisk } from "./small-disk.ts";

describe.skipIf(!canMount())("a small disk (skipped where nothing may be mounted: it needs root)", () => {
  let disk: SmallDisk;
  let data: string;
  let said: string[];
  const say = (message: string) => void said.push(message);
  const open = () => openLedger({ directory: data, log: { debug() {}, info() {}, warn: say, error: say } });
  beforeEach(() => {
    disk = new SmallDisk(10);
    data = join(disk.directory, "data");
    said = [];
  });
  afterEach(() => disk.remove());

  async function appendUntilRefused(ledger: ReturnType<typeof open>["ledger"]): Promise<string> {
    for (;;) {
      const refusal = await ledger.append(foretoldFacts(ledger.lastSeq + 1, 5)).then(
        () => undefined,
        (error) => error.kind as string,
      );
      if (refusal !== undefined) return refusal;
    }
  }

  test("that fills up refuses whole calls and keeps what it took; with room again it goes on where it was", async () => {
    const { ledger } = open();
    await ledger.append(foretoldFacts(1, 20));
    disk.fill();
    expect(await appendUntilRefused(ledger)).toBe("disk-full");
    const taken = ledger.lastSeq;
    expect(taken).toBeGreaterThan(20);
    expect(said.filter((line) => line.includes("not folded in"))).toHaveLength(1);
    expect(await appendUntilRefused(ledger)).toBe("disk-full");
    disk.free();
    await ledger.append(foretoldFacts(taken + 1, 5));
    ledger.close();
    expect(await inspect(data, taken + 5)).toBeUndefined();
  });

  test("that is full when the site starts: it starts, on the room that was spared, and records when it can", async () => {
    const first = open();
    await first.ledger.append(foretoldFacts(1, 20));
    first.ledger.close();
    expect(existsSync(join(data, "spare-room"))).toBe(true);
    disk.fill();
    expect(() => appendFileSync(join(data, "proof"), Buffer.alloc(1))).toThrow(/ENOSPC/);
    const { ledger, state } = open();
    expect(state.seq).toBe(20);
    expect(said.join("\n")).toContain("The disk is full");
    expect(await appendUntilRefused(ledger)).toBe("disk-full");
    const taken = ledger.lastSeq;
    disk.free();
    await ledger.append(foretoldFacts(taken + 1, 5));
    ledger.close();
    expect(await inspect(data, taken + 5)).toBeUndefined();
    expect(existsSync(join(data, "spare-room"))).toBe(true);
  });

  test("that is read-only when the site starts says so, and what to do", async () => {
    const { ledger } = open();
    await ledger.append(foretoldFacts(1, 20));
    ledger.close();
    disk.readOnly(true);
    expect(open).toThrow(/read-only.*replace/s);
    disk.readOnly(false);
    expect(await inspect(data, 20)).toBeUndefined();
  });
});

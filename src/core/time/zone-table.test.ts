import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { zoneTable } from "./zone-table.ts";

const HOUR_MS = 3_600_000;
const ZONES = ["UTC", "Europe/Berlin", "Europe/Lisbon", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"];
const MACHINE = "/usr/share/zoneinfo";

interface Change {
  readonly atMs: number;
  readonly offsetS: number;
}

/** A file as `zic -b slim` writes it: nothing in the block of the first version, one type a change, a rule behind it. */
function tzif(firstOffsetS: number, changes: readonly Change[], rule: string): Uint8Array {
  const header = (times: number, types: number, characters: number) => {
    const bytes = Buffer.alloc(44);
    bytes.write("TZif2", "latin1");
    for (const [index, count] of [0, 0, 0, times, types, characters].entries())
      bytes.writeUInt32BE(count, 20 + 4 * index);
    return bytes;
  };
  const times = Buffer.alloc(8 * changes.length);
  for (const [index, { atMs }] of changes.entries()) times.writeBigInt64BE(BigInt(atMs / 1000), 8 * index);
  const types = [firstOffsetS, ...changes.map(({ offsetS }) => offsetS)].map((offsetS) => {
    const type = Buffer.alloc(6);
    type.writeInt32BE(offsetS, 0);
    return type;
  });
  const indices = Buffer.from(changes.map((_, index) => index + 1));
  const block = [header(changes.length, types.length, 4), times, indices, ...types, Buffer.from("ZZZ\0")];
  return Buffer.concat([header(0, 1, 4), Buffer.alloc(10), ...block, Buffer.from(`\n${rule}\n`)]);
}

const spring = { atMs: Date.UTC(2026, 2, 29, 1), offsetS: 7200 };
const autumn = { atMs: Date.UTC(2026, 9, 25, 1), offsetS: 3600 };

describe("the machine's table of a zone", () => {
  it("says what clocks are ahead of UTC before, between and after their changes", () => {
    const table = zoneTable(tzif(3208, [spring, autumn], "<+01>-1"))!;
    const offsetH = (atMs: number) => table.offsetMs(atMs)! / HOUR_MS;
    expect(table.offsetMs(spring.atMs - 1)).toBe(3_208_000);
    expect(offsetH(spring.atMs)).toBe(2);
    expect(offsetH(autumn.atMs - 1)).toBe(2);
    expect(offsetH(autumn.atMs)).toBe(1);
    expect(offsetH(Date.UTC(2060, 6))).toBe(1);
  });

  it("says nothing of times after its end while clocks go on being changed", () => {
    const table = zoneTable(tzif(3600, [spring, autumn], "CET-1CEST,M3.5.0,M10.5.0/3"))!;
    expect(table.offsetMs(autumn.atMs - 1)).toBe(2 * HOUR_MS);
    expect(table.offsetMs(autumn.atMs)).toBeUndefined();
  });

  it("is not read from anything else", () => {
    const whole = tzif(3600, [spring, autumn], "<+01>-1");
    expect(
      zoneTable(Buffer.from("# tzdb data for Europe and environs, a text that is long enough for a header")),
    ).toBeUndefined();
    for (let length = 0; length < whole.length - "\n<+01>-1\n".length; length++)
      expect(zoneTable(whole.subarray(0, length))).toBeUndefined();
    const oldVersion = Buffer.from(whole);
    oldVersion[4] = 0;
    expect(zoneTable(oldVersion)).toBeUndefined();
  });

  test.skipIf(!existsSync(`${MACHINE}/Europe/Berlin`)).each(ZONES)("of %s agrees with Intl all year round", (zone) => {
    const table = zoneTable(readFileSync(`${MACHINE}/${zone}`))!;
    const options = { timeZone: zone, hourCycle: "h23", dateStyle: "short", timeStyle: "medium" } as const;
    const format = new Intl.DateTimeFormat("sv-SE", options);
    for (let atMs = Date.UTC(2020, 0); atMs < Date.UTC(2032, 0); atMs += 23 * HOUR_MS) {
      const offsetMs = table.offsetMs(atMs);
      if (offsetMs === undefined) continue;
      expect(new Date(atMs + offsetMs).toISOString().slice(0, 19)).toBe(format.format(atMs).replace(" ", "T"));
    }
  });
});

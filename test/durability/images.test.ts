import { beforeAll, describe, expect, test } from "vitest";
import { cutAgainAndAgain, type Recording, recordWriter } from "./images.ts";
import { canTrace } from "./trace.ts";

describe.skipIf(!canTrace())("a power cut (skipped where strace is not installed or not allowed)", () => {
  let recording: Recording;
  beforeAll(async () => {
    recording = await recordWriter(7, 40);
  });

  test("leaves every promised fact once, whatever became of the writes that were not synced", async () => {
    const { failures, survivor } = await cutAgainAndAgain(recording, 30, 7);
    expect(failures).toEqual([]);
    const after = await cutAgainAndAgain(await recordWriter(8, 40, survivor), 20, 8);
    expect(after.failures).toEqual([]);
  });

  test("while the ledger is backed up leaves whole backups only, and one that was not synced is noticed", async () => {
    const backed = await recordWriter(2, 60);
    const isOfBackup = (path: string) => path.startsWith("backups/");
    expect(backed.operations.some((operation) => operation.do === "rename" && isOfBackup(operation.to))).toBe(true);
    expect((await cutAgainAndAgain(backed, 30, 5)).failures).toEqual([]);
    const operations = backed.operations.filter((operation) => operation.do !== "sync" || !isOfBackup(operation.path));
    const { failures } = await cutAgainAndAgain({ ...backed, operations }, 30, 5);
    expect(failures.join()).toContain("backup 148.db");
  });

  test("on a disk that lies about its syncs does lose facts, and that is noticed", async () => {
    const lying = { ...recording, operations: recording.operations.filter((operation) => operation.do !== "sync") };
    const { failures } = await cutAgainAndAgain(lying, 12, 9);
    expect(failures.length).toBeGreaterThan(3);
  });
});

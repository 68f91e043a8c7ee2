import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkLedger } from "../src/app/doctor/books.ts";
import type { Finding } from "../src/app/doctor/finding.ts";
import { checkClock, checkService, mountOf } from "../src/app/doctor/machine.ts";
import { ChildSite } from "./live-site.ts";
import { LoadStation } from "./load/stations.ts";
import { until } from "./until.ts";

const BIN = fileURLToPath(new URL("../bin/wattledger.mjs", import.meta.url));

describe("wattledger doctor", () => {
  let site: ChildSite;
  beforeAll(async () => {
    site = await new ChildSite({ chargePoints: ["cp1", "cp2"] }).start();
  });
  afterAll(() => site?.close());

  async function doctor(...args: string[]) {
    const child = spawn(process.execPath, [BIN, "doctor", ...args], { cwd: site.directory });
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
    });
    const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
    return { code, text };
  }
  async function findings() {
    const { code, text } = await doctor("--json");
    return { code, of: new Map((JSON.parse(text) as Finding[]).map((finding) => [finding.about, finding])) };
  }

  test("beside a running controller: asks it, touches no device, and names the charge point that is missing", async () => {
    const station = new LoadStation({ port: site.ocppPort, id: "cp1" });
    await station.opened;
    await until(async () => {
      const { meter, evses } = await site.live();
      return meter.quality === "good" && evses[0]!.online;
    });
    const { code, of } = await findings();
    expect(of.get("controller")).toMatchObject({ state: "ok", text: expect.stringContaining("it runs") });
    for (const port of ["OCPP port", "API port"])
      expect(of.get(port)).toMatchObject({
        state: "ok",
        text: expect.stringContaining("held by the running controller"),
      });
    for (const device of ["grid-meter", "garage-meter"])
      expect(of.get(device)).toMatchObject({ state: "ok", text: expect.stringContaining("answers the controller") });
    expect(of.get("charge points")).toMatchObject({ state: "warning", text: expect.stringContaining("missing: cp2") });
    expect(of.get("ledger")).toMatchObject({
      state: "ok",
      text: expect.stringMatching(/^\d+ facts, all whole, the last/),
    });
    expect(of.get("disk")!.text).toContain("GB free");
    expect(code).toBe(3);
    station.socket.terminate();
  });

  test("without one: reads the devices itself, and finds the ports free", async () => {
    site.child.kill("SIGTERM");
    await site.ended;
    const { of } = await findings();
    expect(of.get("controller")).toMatchObject({
      state: "warning",
      advice: expect.stringContaining("systemctl start"),
    });
    expect(of.get("OCPP port")).toMatchObject({ state: "ok", text: expect.stringContaining("is free") });
    expect(of.get("grid-meter")).toMatchObject({ state: "ok", text: "eastron-sdm630 answers: 3450 W" });
    expect(of.get("charge points")!.state).toBe("unknown");
    expect(of.get("ledger")).toMatchObject({ state: "ok", text: expect.stringMatching(/^\d+ facts, all whole/) });
  });

  test("says in plain lines what is broken, and what to do", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(site.ocppPort, "127.0.0.1", resolve));
    truncateSync(join(site.directory, "data", "events.db"), 10_000);
    await site.closeGarageMeter();
    const { code, text } = await doctor();
    expect(code).toBe(1);
    expect(text).toMatch(/FAULT +OCPP port +127\.0\.0\.1:\d+ is taken by another program\n +-> `sudo ss -ltnp/);
    expect(text).toMatch(/FAULT +ledger +it cannot be read: .*\n +-> `wattledger restore/);
    expect(text).toMatch(/FAULT +garage-meter +no answer from eastron-sdm630 at .*\n +-> Check that it is on/);
    expect(text).toMatch(/ok +grid-meter/);
    other.close();
  });

  test("stops at a configuration that is not there, and says where to begin", async () => {
    const { code, text } = await doctor("--config", "nowhere.yaml");
    expect(code).toBe(1);
    expect(text).toMatch(/FAULT +site\.yaml +does not exist\n +-> Start from config\/home\.yaml/);
  });
});

describe("what the system says", () => {
  test("of the clock: long past is a fault, not synchronised a warning, nobody to ask no fault", async () => {
    const now = Date.UTC(2026, 10, 21);
    const says = (word: string | undefined) => () => Promise.resolve(word);
    expect((await checkClock(0, says("yes\n"))).state).toBe("fault");
    expect((await checkClock(now, says("yes\n"))).state).toBe("ok");
    expect(await checkClock(now, says("no\n"))).toMatchObject({
      state: "warning",
      advice: expect.stringMatching(/NTP/),
    });
    expect((await checkClock(now, says(undefined))).state).toBe("unknown");
  });

  test("of a ledger of a newer release: to install that, not to throw its facts away", () => {
    const directory = mkdtempSync(join(tmpdir(), "wattledger-newer-"));
    const database = new Database(join(directory, "events.db"));
    database.exec("CREATE TABLE fact (seq INTEGER PRIMARY KEY)");
    database.pragma("user_version = 99");
    database.close();
    const { state, advice } = checkLedger(directory);
    rmSync(directory, { recursive: true });
    expect(state).toBe("fault");
    expect(advice).toMatch(/^Install the release that wrote it/);
  });

  test("of the service: stopped, not enabled, restarted again and again", async () => {
    const state = async (active: string, enabled: string, restarts: number) => {
      const said = `ActiveState=${active}\nUnitFileState=${enabled}\nNRestarts=${restarts}\n`;
      return (await checkService(() => Promise.resolve(said))).state;
    };
    expect(await state("active", "enabled", 0)).toBe("ok");
    expect(await state("failed", "enabled", 0)).toBe("fault");
    expect(await state("active", "disabled", 0)).toBe("warning");
    expect(await state("active", "enabled", 7)).toBe("warning");
    expect(await state("inactive", "", 0)).toBe("unknown");
  });

  test("of the mounts: the deepest and youngest one holds a path, read-only by either of its options", () => {
    const mounts = [
      "22 1 179:2 / / rw,noatime shared:1 - ext4 /dev/mmcblk0p2 rw",
      "30 22 0:25 / /var/lib rw shared:2 - tmpfs tmpfs rw",
      "31 22 8:1 / /var/lib rw shared:3 - btrfs /dev/sda1 rw",
      "32 22 8:2 / /mnt/with\\040blank ro shared:4 - ext4 /dev/sda2 rw",
      "33 22 8:3 / /data rw shared:5 - ext4 /dev/sda3 ro,errors=remount-ro",
    ].join("\n");
    expect(mountOf("/var/lib/wattledger", mounts)).toMatchObject({ type: "btrfs", readOnly: false });
    expect(mountOf("/var/library", mounts)).toMatchObject({ type: "ext4", readOnly: false });
    expect(mountOf("/mnt/with blank/x", mounts)).toMatchObject({ readOnly: true });
    expect(mountOf("/data", mounts)).toMatchObject({ readOnly: true });
  });
});

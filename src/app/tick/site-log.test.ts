import { beforeEach, describe, expect, test } from "vitest";
import type { SiteDraft } from "../../core/facts/index.ts";
import type { Log } from "../../core/ports.ts";
import { SiteLog } from "./site-log.ts";

let said: string[];
let site: SiteLog;
beforeEach(() => {
  said = [];
  const note = (message: string, details = {}) => void said.push(`${message} ${JSON.stringify(details)}`);
  const log: Log = { debug() {}, info: note, warn: note, error: note };
  site = new SiteLog(log);
});

const quality = (word: "good" | "stale" | "absent", detail = ""): SiteDraft => ({
  type: "device-quality-changed",
  source: "device:grid-meter",
  data: { deviceId: "grid-meter", quality: word, detail },
});
const mode = (word: "normal" | "safe", kind?: string): SiteDraft => ({
  type: "site-mode-changed",
  source: "guard",
  data: { mode: word, ...(kind ? { reason: { kind, deviceId: "grid-meter" } } : {}) },
});

describe("the log of the service", () => {
  test("says which meter is lost and why, that EVSEs are at their safe currents, and when that is over", () => {
    site.say([quality("stale")], 0);
    site.say([quality("absent", "its values stand still"), mode("safe", "meter-absent")], 5_000);
    for (let second = 6; second < 65; second++) site.say([], second * 1_000);
    site.say([quality("good"), mode("safe", "meter-recovering")], 65_000);
    site.say([mode("normal")], 95_000);
    expect(said).toEqual([
      'A device is lost: the site goes on without it {"deviceId":"grid-meter","detail":"its values stand still"}',
      'Safe mode: every EVSE behind this meter is at its safe current {"deviceId":"grid-meter"}',
      'A device answers again {"deviceId":"grid-meter"}',
      'Safe mode is over {"mode":"normal"}',
    ]);
  });

  test("says nothing of what is over within seconds, as at a start", () => {
    site.say([quality("absent", "no reading"), mode("safe", "meter-absent")], 0);
    site.say([quality("good"), mode("safe", "meter-recovering")], 1_000);
    for (let second = 2; second < 60; second++) site.say(second === 6 ? [mode("normal")] : [], second * 1_000);
    expect(said).toEqual([]);
  });

  test("says of a meter that comes and goes no more than six times an hour, and of one that stays away at last", () => {
    for (let second = 0; second < 3_600; second++) {
      const drafts = second % 30 === 0 ? [quality("absent", "timed out")] : second % 30 === 20 ? [quality("good")] : [];
      site.say(drafts, second * 1_000);
    }
    expect(said.filter((line) => line.startsWith("A device is lost"))).toHaveLength(6);
    expect(said).toHaveLength(12);
    site.say([quality("absent", "timed out")], 3_600_000);
    for (let second = 3_601; second < 4_300; second++) site.say([], second * 1_000);
    expect(said).toHaveLength(13);
  });

  test("says what is wrong with a meter that cannot be right, and what to do", () => {
    const data = { deviceId: "grid-meter", kind: "turned" as const };
    site.say([{ type: "meter-doubted", source: "plausibility", data: { ...data, active: true } }], 0);
    site.say([{ type: "meter-doubted", source: "plausibility", data: { ...data, active: false } }], 9_000);
    expect(said[0]).toMatch(/grid-meter.*\{/);
    expect(said[0]!.length).toBeGreaterThan(60);
    expect(said[1]).toContain("A meter is believed again");
  });
});

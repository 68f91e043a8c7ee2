import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChildSite } from "../live-site.ts";
import { until } from "../until.ts";
import { canMount, SmallDisk } from "./small-disk.ts";

describe.skipIf(!canMount())("a site whose disk is full (skipped where nothing may be mounted: it needs root)", () => {
  let disk: SmallDisk;
  let site: ChildSite;
  beforeAll(async () => {
    disk = new SmallDisk(12);
    site = await new ChildSite({ more: { ledger: { directory: join(disk.directory, "data") } } }).start();
  });
  afterAll(async () => {
    await site?.close();
    disk?.remove();
  });

  const ticks = () => site.metric("wattledger_ticks_total");
  const trouble = () => until(async () => (await site.live()).ledger);
  const recovered = () => until(async () => (await site.live()).ledger === undefined);

  async function put(path: string, body: object): Promise<number> {
    const headers = { "content-type": "application/json" };
    return (await fetch(site.url(path), { method: "PUT", headers, body: JSON.stringify(body) })).status;
  }
  /** The log has room for some facts more: the site has something to tell until it is used up. */
  async function tellUntilRefused() {
    for (let told = 0; (await site.live()).ledger === undefined; told++) {
      expect(told).toBeLessThan(2000);
      await put("/api/v1/grid-limit", { limitW: 5000 + (told % 100) });
    }
  }
  const saidInLog = (words: RegExp) => site.output.join("").match(words)?.length ?? 0;

  test("says so, is ticking, and writes down the gap when there is room again", async () => {
    disk.fill();
    await site.closeGarageMeter();
    await tellUntilRefused();
    const { text } = await trouble();
    expect(text).toMatch(/Nothing is recorded since .*disk is full.*Free space.*stay protected/);
    const startMs = Math.ceil(Date.now() / 900_000) * 900_000;
    const slot = { startMs, endMs: startMs + 900_000, powerW: 5000 };
    for (let asked = 0; asked < 20; asked++) expect(await put("/api/v1/budget", { slots: [slot] })).toBe(503);
    expect(saidInLog(/The ledger refuses facts/g)).toBe(1);
    // Its own log may be on the same disk.
    expect(saidInLog(/A request failed/g)).toBe(0);
    const before = await ticks();
    await until(async () => (await ticks()) > before + 2);
    expect((await fetch(site.url("/healthz"))).ok).toBe(false);
    disk.free();
    await recovered();
    expect(await until(async () => (await site.events("ledger-resumed"))[0])).toMatchObject({ data: { lostFacts: 0 } });
  });

  test("starts after a power cut, drives the site, and has told of its start when there is room", async () => {
    site.child.kill("SIGKILL");
    await site.ended;
    disk.fill();
    site.run();
    const live = await until(() => site.live(), 40_000);
    expect(live.site.id).toBe("child");
    await until(async () => (await ticks()) > 2);
    disk.free();
    await until(async () => (await site.events("booted")).length === 2);
    await recovered();
  }, 90_000);
});

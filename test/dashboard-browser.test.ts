/** The owner's page, in a real browser. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SiteDraft } from "../src/core/facts/index.ts";
import { buildPage } from "../src/web/bundle.ts";
import { DriverRig } from "./driver-rig.ts";
import { browserMissing, openBrowser } from "./web/browser.ts";

const skipped = browserMissing ? ` (skipped: ${browserMissing})` : "";
const CARS = 230;

/** Cars that came and went earlier in the month, with 10 kWh and two euros each. */
function carsBefore(nowMs: number): SiteDraft[] {
  const evse = { chargePointId: "right", evseId: "right" };
  return Array.from({ length: CARS }, (_, index): SiteDraft[] => {
    const transactionId = 1000 + index;
    const startedMs = nowMs - 9 * 86_400_000 + index * 60_000;
    const start = { ...evse, transactionId, connectorId: 1, atMs: startedMs, replayed: false };
    const slotStartMs = Math.floor(startedMs / 900_000) * 900_000;
    const energy = { energyWh: 10_000, costEur: 2, maxPowerW: 11_000, limitedBySeconds: {} };
    const end = { ...evse, transactionId, atMs: startedMs + 50_000, reason: "Local", replayed: false };
    return [
      { type: "transaction-started", source: "test", data: start },
      { type: "transaction-ended", source: "test", data: end },
      { type: "transaction-metered", source: "test", data: { transactionId, evseId: "right", slotStartMs, ...energy } },
    ];
  }).flat();
}

describe.skipIf(browserMissing)(`the owner's page${skipped}`, () => {
  let browser: Browser;
  let pages: Awaited<ReturnType<typeof buildPage>>;
  let site: DriverRig;
  beforeAll(async () => {
    [browser, pages] = await Promise.all([openBrowser(), buildPage()]);
    site = await new DriverRig().start(pages);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  test("tells of the whole month by the site's clock, however many cars came", async () => {
    await site.rig.controller.record(carsBefore(site.rig.clock.wallMs()));
    const page = await browser.newPage({ viewport: { width: 360, height: 740 } });
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    await page.goto(site.url("/"));
    const month = page.locator("section", { has: page.getByRole("heading", { name: "This month" }) });
    // With the one that charges now.
    await month.getByText(String(CARS + 1), { exact: true }).waitFor();
    const text = (await month.textContent()) ?? "";
    expect(text).toContain("2,300.0 kWh");
    expect(text).toContain("€460.00");
    expect(problems).toEqual([]);
  });

  test("goes through the quarter-hours of the plan by the arrow keys, too", async () => {
    const page = await browser.newPage({ viewport: { width: 360, height: 740 } });
    await page.goto(site.url("/"));
    const chart = page.getByRole("slider", { name: "Plan" });
    await chart.focus();
    const time = () => chart.getAttribute("aria-valuetext");
    const first = await time();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    const second = await time();
    expect(second).not.toBe(first);
    await page.locator(".readout b", { hasText: second! }).waitFor();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    expect(await time()).toBe(first);
  });
});

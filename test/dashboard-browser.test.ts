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
    // What it asks for in vain is one, too.
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    await page.goto(site.url("/"));
    const month = page.locator("section", { has: page.getByRole("heading", { name: "This month" }) });
    // With the one that charges now.
    await month.getByText(String(CARS + 1), { exact: true }).waitFor();
    const text = (await month.textContent()) ?? "";
    expect(text).toContain("2,300.0 kWh");
    expect(text).toContain("€460.00");
    expect(problems).toEqual([]);
  });

  test("announces a car for an EVSE, shows it in the card and in the plan, and takes it back", async () => {
    const { rig } = site;
    const page = await browser.newPage({ viewport: { width: 360, height: 740 }, timezoneId: "America/New_York" });
    await page.goto(site.url("/"));
    const card = page.locator("article", { has: page.getByRole("heading", { name: "right", exact: true }) });
    await card.getByRole("button", { name: "Announce a car" }).click();
    const dialog = page.getByRole("dialog");
    // By the site's clock; the browser does not let a car leave before it comes.
    expect(await dialog.getByLabel("Comes at").inputValue()).toBe("2026-06-10T14:00");
    await dialog.getByLabel("Comes at").fill("2026-06-09T17:30");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByText("Refused: The arrival is not in the future.", { exact: true }).waitFor();
    await dialog.getByLabel("Comes at").fill("2026-06-10T17:30");
    await dialog.getByLabel("Leaves at").fill("2026-06-10T17:15");
    await dialog.getByLabel("Energy needed, kWh").fill("22");
    await dialog.getByRole("button", { name: "Save" }).click();
    expect(rig.facts("visit-announced")).toEqual([]);
    await dialog.getByLabel("Leaves at").fill("2026-06-11T07:00");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    const [fact] = rig.facts("visit-announced").map(({ data }) => data);
    expect(fact).toEqual({
      ...{ visitId: expect.stringMatching(/^page-right-\w+$/), evseId: "right", by: "api:local" },
      ...{ arrivalMs: Date.UTC(2026, 5, 10, 17, 30), departureMs: Date.UTC(2026, 5, 11, 7), energyWh: 22_000 },
    });
    await rig.run(10);
    await card.getByText("A car is announced for 17:30, until tomorrow 07:00, 22 kWh.").waitFor();
    await page.locator(".legend", { hasText: "right" }).waitFor();
    expect(await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    const much = { visitId: fact!.visitId, evseId: "right", arrivalMs: fact!.arrivalMs, energyWh: 50_000, by: "test" };
    const data = { ...much, departureMs: fact!.arrivalMs + 3_600_000 };
    await rig.controller.record([{ type: "visit-announced", source: "test", data }]);
    await rig.run(10);
    await card.getByText(/A car is announced for 17:30, until 18:30, 50 kWh; [\d.]+ kWh will be missing\./).waitFor();
    await card.getByRole("button", { name: "Withdraw" }).click();
    await dialog.getByRole("button", { name: "It does not come" }).click();
    await dialog.waitFor({ state: "detached" });
    await rig.run(10);
    await card.getByRole("button", { name: "Announce a car" }).waitFor();
    expect(rig.facts("visit-withdrawn").map(({ data }) => data.visitId)).toEqual([fact!.visitId]);
  });

  test("says that a car is taken for the announced one, and takes the owner's word that it is another", async () => {
    const { rig } = site;
    const [arrivalMs, departureMs] = [Date.UTC(2026, 5, 10, 13), Date.UTC(2026, 5, 11, 7)];
    const data = { visitId: "b-17", evseId: "right", arrivalMs, departureMs, by: "test" };
    await rig.controller.record([{ type: "visit-announced", source: "test", data }]);
    await rig.plugIn("right", { override: false });
    await rig.run(10);
    const page = await browser.newPage({ viewport: { width: 360, height: 740 } });
    await page.goto(site.url("/"));
    const card = page.locator("article", { has: page.getByRole("heading", { name: "right", exact: true }) });
    await card.getByText("Taken for the car that was announced for 13:00.").waitFor();
    await card.getByRole("button", { name: "It is another car" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "It is another car" }).click();
    await dialog.waitFor({ state: "detached" });
    await rig.run(10);
    await card.getByText("When does it leave?").waitFor();
    await card.getByText("A car is announced for 13:00").waitFor();
    expect(rig.facts("visit-mistaken")).toHaveLength(1);
    expect(await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
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

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { buildPage } from "../src/web/bundle.ts";
import { DriverRig } from "./driver-rig.ts";
import { browserMissing, openBrowser } from "./web/browser.ts";

const skipped = browserMissing ? ` (skipped: ${browserMissing})` : "";
/** The rig begins on 10 June 2026 at 12:02, UTC. */
const TOMORROW_MS = Date.UTC(2026, 5, 11, 7);

describe.skipIf(browserMissing)(`pages on a phone${skipped}`, () => {
  let browser: Browser;
  let pages: Awaited<ReturnType<typeof buildPage>>;
  let links: DriverRig;
  const problems: string[] = [];
  const asked: string[] = [];
  beforeAll(async () => {
    [browser, pages] = await Promise.all([openBrowser(), buildPage()]);
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await links.close();
    expect(problems.splice(0)).toEqual([]);
  });

  async function open(url: string, clock = false): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 360, height: 740 }, timezoneId: "America/New_York" });
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("request", (request) => void asked.push(request.url()));
    if (clock) await page.clock.install();
    await page.goto(url);
    return page;
  }
  const overflow = (page: Page) => page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
  const wishes = () => links.rig.facts("wish-stated").map(({ data }) => data);

  test("one tap says when the car leaves, and the page says when it is ready", async () => {
    links = await new DriverRig().start(pages);
    asked.length = 0;
    const page = await open(links.link("left"));
    await page.getByRole("heading", { name: "When do you leave?" }).waitFor();
    // The site's clock counts, not that of the phone.
    await page.getByRole("button", { name: "tomorrow 07:00" }).click();
    await page.getByRole("heading", { name: "Leaves tomorrow 07:00" }).waitFor();
    expect(wishes()).toEqual([{ evseId: "left", by: "driver-link", departureMs: TOMORROW_MS }]);
    await links.rig.run(10);
    await page.locator(".answer", { hasText: /ready by \d\d:\d\d/ }).waitFor();
    await page.getByRole("button", { name: "20 kWh" }).click();
    await page.getByText(/of 20\.\d kWh charged/).waitFor();
    await page.getByRole("button", { name: "As soon as it can" }).click();
    await page.getByRole("button", { name: "As soon as it can", pressed: true }).waitFor();
    expect(wishes().at(-1)).toMatchObject({ departureMs: TOMORROW_MS, preference: "fast" });
    await page.getByLabel("Another time").fill("13:15");
    await page.getByRole("button", { name: "Set" }).click();
    await page.getByRole("heading", { name: "Leaves 13:15" }).waitFor();
    await page.getByRole("button", { name: "As much as it takes" }).click();
    await page.getByRole("button", { name: "As much as it takes", pressed: true }).waitFor();
    expect(wishes().at(-1)).toEqual({
      ...{ evseId: "left", by: "driver-link", preference: "fast" },
      departureMs: Date.UTC(2026, 5, 10, 13, 15),
    });
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    // The key stands behind the #: no address that is asked for, and nobody else's, holds it.
    const requests = asked.map((url) => url.replace(/#.*/, ""));
    expect(requests.filter((url) => url.includes(links.key("left")))).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(links.url("/")))).toEqual([]);
  });

  test("an EVSE without a car waits for one; a link that opens nothing says so and asks no more", async () => {
    links = await new DriverRig().start(pages);
    const page = await open(links.link("right"));
    await page.getByText("Plug your car in").waitFor();
    await links.rig.plugIn("right", { override: false });
    await links.rig.run(5);
    await page.getByRole("heading", { name: "When do you leave?" }).waitFor();
    const wrong = await open(links.url("/car#left/AAAAAAAAAAAAAAAAAAAAAA"), true);
    await wrong.getByRole("heading", { name: "This link is not valid any more." }).waitFor();
    const before = asked.filter((url) => url.endsWith("/driver/left")).length;
    await wrong.clock.runFor(30_000);
    expect(asked.filter((url) => url.endsWith("/driver/left"))).toHaveLength(before);
    const half = await open(links.url("/car"));
    await half.getByRole("heading", { name: "This link is not whole." }).waitFor();
  });

  test("the owner's card asks for a departure that nobody said; one tap answers", async () => {
    links = await new DriverRig().start(pages);
    const page = await open(links.url("/"));
    const card = page.locator(".card", { hasText: "left" });
    await card.getByText("When does it leave?").waitFor();
    await card.getByRole("button", { name: "in 4 h" }).click();
    await expect.poll(() => wishes()).toMatchObject([{ evseId: "left", by: "api:local" }]);
    await links.rig.run(5);
    await card.getByText("When does it leave?").waitFor({ state: "detached" });
    expect(await overflow(page)).toBeLessThanOrEqual(0);
  });

  test("what the owner types stays, whatever comes in meanwhile", async () => {
    links = await new DriverRig().start(pages);
    const page = await open(links.url("/"));
    await page.locator(".card", { hasText: "left" }).getByRole("button", { name: "Set departure" }).click();
    await page.getByLabel("Energy needed").fill("12");
    await page.getByLabel("Leaves at").fill("2026-06-11T05:05");
    await page.getByLabel("Prefers").selectOption("green");
    for (let second = 0; second < 3; second++) {
      await links.rig.run(1);
      await page.getByText(`12:02:${String(20 + second + 1)}`).waitFor();
    }
    await page.getByRole("button", { name: "Save" }).click();
    await page.waitForSelector("dialog", { state: "detached" });
    const departureMs = Date.UTC(2026, 5, 11, 5, 5);
    expect(wishes()).toMatchObject([{ energyWh: 12_000, departureMs, preference: "green" }]);
  });

  test("the owner sets when cars usually leave; a card says so, and a tap changes it for today", async () => {
    links = await new DriverRig().start(pages);
    const page = await open(links.url("/"));
    const card = page.locator(".card", { hasText: "left" });
    await card.getByRole("button", { name: "Usual departures" }).click();
    await page.getByRole("button", { name: "Add a time" }).click();
    await page.getByRole("button", { name: "Wed" }).click();
    await page.getByLabel("Leaves at").fill("06:45");
    await page.getByLabel("kWh, if always the same").fill("9.5");
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    await page.getByRole("button", { name: "Save" }).click();
    await page.waitForSelector("dialog", { state: "detached" });
    const departures = [{ days: ["mon", "tue", "thu", "fri"], at: "06:45", energyWh: 9_500 }];
    expect(links.rig.facts("standing-departures-set").map(({ data }) => data)).toEqual([
      { evseId: "left", by: "api:local", departures },
    ]);
    await links.rig.run(5);
    await card.getByText("When does it leave?").waitFor({ state: "detached" });
    await card.getByRole("button", { name: /Usually leaves .*06:45/ }).click();
    await page.getByRole("button", { name: "Save" }).click();
    await page.waitForSelector("dialog", { state: "detached" });
    // The energy was not filled in: it stays as it usually is.
    expect(wishes()).toEqual([
      { evseId: "left", by: "api:local", departureMs: Date.UTC(2026, 5, 11, 6, 45), preference: "regular" },
    ]);
    await links.rig.run(2);
    expect(links.rig.controller.live().evses[0]).toMatchObject({ departureSaid: "driver", energySaid: "standing" });
    const driver = await open(links.link("left"));
    await driver.getByRole("heading", { name: "Leaves tomorrow 06:45" }).waitFor();
  });
});

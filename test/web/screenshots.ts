/**
 * Takes the README's pictures of a running site: `node test/web/screenshots.ts http://127.0.0.1:8080 docs/images`, and with
 * a driver's link as third argument that of its page.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openBrowser } from "./browser.ts";

const [url = "http://127.0.0.1:8080", directory = "docs/images", driverLink] = process.argv.slice(2);
const SHOTS = [
  { name: "dashboard", width: 1440, height: 1100, dark: false, whole: false },
  { name: "dashboard-dark", width: 1440, height: 1100, dark: true, whole: false },
  { name: "dashboard-whole", width: 1440, height: 900, dark: false, whole: true },
] as const;

mkdirSync(directory, { recursive: true });
const browser = await openBrowser();
async function driverShot(link: string): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 360, height: 740 }, locale: "en-GB" });
  await page.goto(link);
  await page.waitForSelector(".choices");
  await page.screenshot({ path: join(directory, "driver-phone.png") });
  await page.close();
}

if (driverLink !== undefined) await driverShot(driverLink);
for (const shot of SHOTS) {
  const page = await browser.newPage({
    viewport: { width: shot.width, height: shot.height },
    colorScheme: shot.dark ? "dark" : "light",
  });
  await page.goto(url);
  await page.waitForSelector(".card");
  await page.waitForSelector(".uplot", { timeout: 20_000 });
  await page.screenshot({ path: join(directory, `${shot.name}.png`), fullPage: shot.whole });
  await page.close();
}
await browser.close();

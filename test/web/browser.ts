/** Debian's Chromium, without a single request to the outside. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const EXECUTABLE = "/usr/bin/chromium";

/** Why browser tests cannot run here; `undefined` when they can. */
export const browserMissing = existsSync(EXECUTABLE)
  ? undefined
  : "chromium is not installed (apt-get install chromium)";

export function openBrowser(): Promise<Browser> {
  const quiet = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  return chromium.launch({ executablePath: EXECUTABLE, args: quiet });
}

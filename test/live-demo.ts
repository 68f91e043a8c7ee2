/** The demonstration of `npm start` for a suite, on free ports, gone with it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { realClock } from "../src/app/clock.ts";
import { type RunningDemo, startDemo } from "../src/app/demo.ts";
import { silentLog } from "../src/app/log.ts";

/** Of the running demonstration: itself, and its addresses. */
export function demoOfSuite(): { readonly demo: () => RunningDemo; readonly url: (path: string) => string } {
  const directory = mkdtempSync(join(tmpdir(), "wattledger-demo-"));
  let demo: RunningDemo;
  beforeAll(async () => {
    const ports = { meter: 0, garageMeter: 0, hybrid: 0, control: 0, ocpp: 0, api: 0 };
    const started = await startDemo({ host: "127.0.0.1", directory, ports, clock: realClock(), log: silentLog });
    if ("problems" in started) throw new Error(JSON.stringify(started.problems));
    demo = started;
  });
  afterAll(async () => {
    await demo?.close("test");
    rmSync(directory, { recursive: true, force: true });
  });
  return { demo: () => demo, url: (path) => `http://127.0.0.1:${demo.site.apiPort}${path}` };
}

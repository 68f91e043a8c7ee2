import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { explain } from "../src/cli/explain.ts";
import { ocpi } from "../src/cli/ocpi.ts";
import { localTime } from "../src/core/time/local-time.ts";
import type { PlanReasons } from "../src/core/view/plan-reasons.ts";
import type { LiveSite } from "../src/core/view/view.ts";
import { freePort } from "./free-port.ts";
import { demoOfSuite } from "./live-demo.ts";
import { until } from "./until.ts";
import { browserMissing, openBrowser } from "./web/browser.ts";

const BIN = fileURLToPath(new URL("../bin/wattledger.mjs", import.meta.url));

describe("the demonstration over real sockets", () => {
  const { demo, url } = demoOfSuite();
  const live = async () => (await (await fetch(url("/api/v1/site"))).json()) as LiveSite;

  test("meters, inverter and charge points of both OCPP versions answer, and cars charge within their limits", async () => {
    const site = await until(async () => {
      const now = await live();
      const charging = now.evses.filter((evse) => (evse.powerW ?? 0) > 1000);
      return charging.length > 0 ? now : undefined;
    });
    expect(site.meter.quality).toBe("good");
    expect(site.flow.pvW).toBeDefined();
    expect(site.evses.filter((evse) => evse.online).map((evse) => evse.id)).toEqual(
      expect.arrayContaining(["stall-1", "stall-7", "stall-8"]),
    );
    const plan = await until(async () => ((await fetch(url("/api/v1/plan"))).ok ? true : undefined));
    expect(plan).toBe(true);
  });

  test("a charge point of another make is limited as well: its safe default is there before it charges", async () => {
    const { WebSocket } = await import("ws");
    const socket = new WebSocket(`ws://127.0.0.1:${demo().site.ocppPort}/ocpp/guest-16`, ["ocpp1.6"], {
      auth: "guest-16:demo-password",
    });
    const seen: string[] = [];
    socket.on("message", (data) => {
      const [type, id, action, payload] = JSON.parse(String(data));
      if (type !== 2) return;
      if (action === "SetChargingProfile") seen.push(payload.csChargingProfiles.chargingProfilePurpose);
      socket.send(
        JSON.stringify([
          3,
          id,
          action === "GetConfiguration" ? { configurationKey: [], unknownKey: [] } : { status: "Accepted" },
        ]),
      );
    });
    await new Promise((resolve, reject) => {
      socket.on("open", resolve);
      socket.on("error", reject);
    });
    const send = (id: string, action: string, payload: object) => socket.send(JSON.stringify([2, id, action, payload]));
    send("1", "BootNotification", { chargePointVendor: "Other", chargePointModel: "Make" });
    await until(async () => (seen.includes("TxDefaultProfile") ? true : undefined));
    send("2", "StartTransaction", {
      connectorId: 1,
      idTag: "GUEST",
      meterStart: 0,
      timestamp: new Date().toISOString(),
    });
    await until(async () => (seen.includes("TxProfile") ? true : undefined));
    socket.terminate();
  });

  test("a wrong password does not get in", async () => {
    const { WebSocket } = await import("ws");
    const socket = new WebSocket(`ws://127.0.0.1:${demo().site.ocppPort}/ocpp/guest-201`, ["ocpp2.0.1"], {
      auth: "guest-201:wrong",
    });
    const outcome = await new Promise((resolve) => {
      socket.on("open", () => resolve("open"));
      socket.on("error", (error) => resolve(error.message));
    });
    expect(outcome).toMatch(/401/);
  });

  test("charge now is one request, and the page's stream tells it with the ledger's sequence", async () => {
    const abort = new AbortController();
    const stream = await fetch(url("/api/v1/events/stream?after=0"), { signal: abort.signal });
    const reader = stream.body!.getReader();
    const answer = await fetch(url("/api/v1/evses/stall-1/override"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"active":true}',
    });
    const { seq } = (await answer.json()) as { seq: number };
    let text = "";
    while (!text.includes(`id: ${seq}\n`)) text += new TextDecoder().decode((await reader.read()).value);
    abort.abort();
    const ids = [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
    expect(ids).toEqual(ids.map((_, index) => index + 1));
    expect(text).not.toContain("DEMO0001");
  });

  test("a foreign page in the browser at the machine may not change anything", async () => {
    const status = await new Promise((resolve) => {
      const options = {
        port: demo().site.apiPort,
        path: "/api/v1/evses/stall-1/override",
        method: "POST",
        headers: { host: "evil.example", "content-type": "application/json" },
      };
      request(options, (response) => resolve(response.statusCode)).end('{"active":false}');
    });
    expect(status).toBe(403);
  });

  test("nor may somebody behind a proxy at the machine", async () => {
    const response = await fetch(`http://127.0.0.1:${demo().site.apiPort}/api/v1/evses/stall-1/override`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-forwarded-for": "203.0.113.9" },
      body: JSON.stringify({ active: true }),
    });
    expect(response.status).toBe(403);
  });

  test("a forecast of the sun that is sent becomes the plan's", async () => {
    const url = (kind: string) => `http://127.0.0.1:${demo().site.apiPort}/api/v1/forecasts/${kind}`;
    const put = (kind: string, body: object) =>
      fetch(url(kind), { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    const { nowMs } = (await (await fetch(`http://127.0.0.1:${demo().site.apiPort}/api/v1/site`)).json()) as {
      nowMs: number;
    };
    const series = { startMs: nowMs - 3_600_000, minutes: 60, powerW: new Array(30).fill(1234) };
    expect((await put("pv", series)).status).toBe(200);
    expect(await (await put("wind", series)).json()).toMatchObject({
      title: "The request does not fit: params/kind must be one of: pv, building",
    });
    expect((await put("co2", { startMs: nowMs, minutes: 60, gramsPerKwh: [320, 90] })).status).toBe(200);
    expect((await put("co2", series)).status).toBe(400);
    const old = await put("pv", { ...series, startMs: 0 });
    expect(old.status).toBe(422);
    expect(await old.json()).toMatchObject({ title: "The forecast says nothing of the next week" });
  });

  test("bad requests get a problem that says what to do", async () => {
    const wrong = await fetch(url("/api/v1/evses/nowhere/wish"), {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect([wrong.status, wrong.headers.get("content-type")]).toEqual([404, "application/problem+json; charset=utf-8"]);
    expect(((await wrong.json()) as { detail: string }).detail).toMatch(/stall-1/);
    const past = await fetch(url("/api/v1/evses/stall-1/wish"), {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: '{"departureMs":1}',
    });
    expect(past.status).toBe(422);
    const unknown = await fetch(url("/api/v1/evses/stall-1/wish"), {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: '{"energy":1}',
    });
    expect(unknown.status).toBe(400);
  });

  test("who leaves something out is told what, each thing once", async () => {
    const answer = await fetch(url("/api/v1/charge-points/garage-a/commands"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"type":"trigger","message":"everything"}',
    });
    const { title } = (await answer.json()) as { title: string };
    expect(answer.status).toBe(400);
    expect(title).toContain("body/message must be one of: boot, status");
    expect(title).not.toContain("anyOf");
    const parts = title.split(", ");
    expect(new Set(parts).size).toBe(parts.length);
  });

  test("a command needs no more than its documentation says: to whom it goes is looked at next", async () => {
    for (const body of ['{"type":"reset"}', '{"type":"reset","hard":true}', '{"type":"trigger","message":"status"}']) {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(url("/api/v1/charge-points/nobody/commands"), { method: "POST", headers, body });
      expect([body, answer.status]).toEqual([body, 404]);
    }
  });

  test("who asks for partners where there are none is told so", async () => {
    const said = vi.spyOn(console, "log").mockImplementation(() => {});
    expect(await ocpi(["status", "--url", url("/")])).toBe(0);
    expect(said.mock.calls.flat()).toEqual(["No partners in site.yaml"]);
    said.mockRestore();
    const refused = vi.spyOn(console, "error").mockImplementation(() => {});
    expect(await ocpi(["update", "emsp", "--url", url("/")])).toBe(1);
    expect(refused.mock.calls.flat().join("\n")).toBe(
      "Nothing was done: The site has no partners: site.yaml has no upstream",
    );
    refused.mockRestore();
  });

  test("the plan says why each car gets what it gets, and so does the command line", async () => {
    const reasonsUrl = url("/api/v1/plan/reasons");
    const reasons = await until(async () => {
      const found = (await (await fetch(reasonsUrl)).json()) as PlanReasons;
      return (found.evses?.length ?? 0) > 0 ? found : undefined;
    });
    const [row] = reasons.evses;
    expect(row?.slots).toHaveLength(96);
    const second = row!.slots[1]!;
    const one = (await (await fetch(`${reasonsUrl}?evse=${row!.evseId}&at=${second.startMs}`)).json()) as PlanReasons;
    expect(one.evses.map(({ evseId, slots }) => [evseId, slots.length])).toEqual([[row!.evseId, 1]]);
    const [battery] = reasons.batteries;
    expect(battery?.slots).toHaveLength(96);
    const ofBattery = `${reasonsUrl}?evse=${battery!.deviceId}&at=${battery!.slots[1]!.startMs}`;
    const alone = (await (await fetch(ofBattery)).json()) as PlanReasons;
    expect(alone.evses).toEqual([]);
    expect(alone.batteries.map(({ slots }) => slots.map(({ text }) => text))).toEqual([[battery!.slots[1]!.text]]);
    const said = vi.spyOn(console, "log").mockImplementation(() => {});
    expect(await explain([battery!.deviceId, "--url", url("/")])).toBe(0);
    expect(said.mock.calls.flat().join("\n")).toContain(`\nBattery (${battery!.deviceId})\n`);
    said.mockClear();
    expect(await explain([row!.evseId, "--url", url("/")])).toBe(0);
    const text = said.mock.calls.flat().join("\n");
    expect(text).toContain(row!.name);
    // Its column of times speaks the site's local time, as the reasons beside it do.
    const { site } = (await (await fetch(url("/api/v1/site"))).json()) as { site: { timeZone: string } };
    expect(text).toContain(`(times of ${site.timeZone})`);
    const shown = row!.slots.map(({ startMs }) => `\n  ${localTime(startMs, reasons.madeMs, site.timeZone)} `);
    expect(shown.slice(0, 2).some((line) => text.includes(line))).toBe(true);
    said.mockRestore();
    const refused = vi.spyOn(console, "error").mockImplementation(() => {});
    expect(await explain(["attic", "--url", url("/")])).toBe(1);
    expect(refused.mock.calls.flat().join("\n")).toContain('There is no EVSE "attic". Known: stall-1');
    expect(await explain(["--url", "http://127.0.0.1:1"])).toBe(1);
    expect(refused.mock.calls.flat().join("\n")).toContain("does not answer");
    refused.mockRestore();
  });

  test("OpenAPI, health and metrics are there", async () => {
    const api = (await (await fetch(url("/api/v1/openapi.json"))).json()) as { openapi: string; paths: object };
    expect(api.openapi).toBe("3.1.0");
    expect(Object.keys(api.paths)).toEqual(
      expect.arrayContaining([
        "/api/v1/site",
        "/api/v1/plan",
        "/api/v1/plan/reasons",
        "/api/v1/capacity",
        "/api/v1/evses/{id}/wish",
      ]),
    );
    expect((await fetch(url("/healthz"))).status).toBe(200);
    const metrics = await (await fetch(url("/metrics"))).text();
    expect(metrics).toMatch(/wattledger_circuit_current_amperes\{circuit="grid",phase="L1"\}/);
    expect(metrics).toMatch(/^wattledger_plan_by_rules [01]$/m);
  });

  test.skipIf(browserMissing)(
    `the page shows the fuse, the cars and the plan${browserMissing ? ` (skipped: ${browserMissing})` : ""}`,
    async () => {
      const browser = await openBrowser();
      const page = await browser.newPage({ viewport: { width: 360, height: 800 } });
      const problems: string[] = [];
      page.on("pageerror", (error) => problems.push(error.message));
      page.on(
        "requestfailed",
        (failed) => void (failed.url().includes("/events/stream") || problems.push(failed.url())),
      );
      await page.goto(url("/"));
      await page.waitForSelector(".card");
      expect(await page.locator(".phase").count()).toBe(6);
      expect(await page.locator(".strip-word").innerText()).toMatch(/Normal|Limited|Safe mode/);
      await page.waitForSelector(".uplot");
      await page.locator("article", { hasText: "Stall 8" }).getByText("A car is announced for ").waitFor();
      await page.locator(".reasons li", { hasText: /^Battery (holds|charges|gives)/ }).waitFor();
      const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      expect(overflow).toBeLessThanOrEqual(0);
      await page.getByRole("button", { name: "Set departure" }).first().click();
      await page.getByLabel("Energy needed from now, kWh").fill("12");
      await page.getByRole("button", { name: "Save" }).click();
      await page.waitForSelector("dialog", { state: "detached" });
      expect(problems).toEqual([]);
      await browser.close();
    },
  );
});

describe("the process is killed", () => {
  test("at any moment: the ledger opens again, and its state equals the refold", async () => {
    const directory = mkdtempSync(join(tmpdir(), "wattledger-kill-"));
    const [api, ocpp, control] = await Promise.all([freePort(), freePort(), freePort()]);
    // The meter takes three ports in a row, below those that the system hands out.
    const meter = 20_000 + (process.pid % 4_000) * 3;
    const args = [
      "start",
      "--directory",
      join(directory, "demo"),
      "--api-port",
      `${api}`,
      "--ocpp-port",
      `${ocpp}`,
      "--meter-port",
      `${meter}`,
      "--control-port",
      `${control}`,
    ];
    let lastSeq = 0;
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, [BIN, ...args], { cwd: directory, stdio: "ignore" });
      const site = await until(async () => {
        const now = (await (await fetch(`http://127.0.0.1:${api}/api/v1/site`)).json()) as LiveSite;
        return now.seq > lastSeq + 20 + 7 * round && now.evses.some((evse) => evse.transactionId !== undefined)
          ? now
          : undefined;
      });
      lastSeq = site.seq;
      child.kill("SIGKILL");
      await new Promise((resolve) => child.on("exit", resolve));
    }
    const replay = spawn(process.execPath, [BIN, "replay", join(directory, "demo", "data")], { stdio: "pipe" });
    let text = "";
    replay.stdout.on("data", (data) => {
      text += data;
    });
    const code = await new Promise((resolve) => replay.on("exit", resolve));
    expect(text).toMatch(/equal/);
    expect(code).toBe(0);
    expect(Number(/^(\d+) facts/.exec(text)?.[1])).toBeGreaterThanOrEqual(lastSeq);
    rmSync(directory, { recursive: true, force: true });
  }, 90_000);
});

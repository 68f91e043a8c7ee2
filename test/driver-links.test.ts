import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { driverKey, prepareDriverSecrets } from "../src/app/driver-links/keys.ts";
import { silentLog } from "../src/app/log.ts";
import { driverLinksCommand } from "../src/cli/driver-links.ts";
import { chargePoint, homeConfiguration } from "../src/core/site/site.test-kit.ts";
import type { DriverView } from "../src/core/view/driver.ts";
import { DriverRig } from "./driver-rig.ts";

const MINUTE_S = 60;
const HOUR_MS = 3_600_000;
const rigs: DriverRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

async function site(log = silentLog): Promise<DriverRig> {
  const rig = new DriverRig();
  rigs.push(rig);
  return rig.start(undefined, log);
}

async function viewOf(answer: Response): Promise<DriverView> {
  expect(answer.status).toBe(200);
  return (await answer.json()) as DriverView;
}

describe("who scans the code at an EVSE", () => {
  test("sees the car there, and nothing of the site beside it", async () => {
    const links = await site();
    const answer = await links.see("left", links.key("left"));
    const text = await answer.clone().text();
    const view = await viewOf(answer);
    expect(view).toMatchObject({ name: "left", pluggedIn: true, online: true, planned: true });
    expect(view.sentence).toMatch(/Charging|Waiting/);
    const known = [
      "nowMs",
      "timeZone",
      "site",
      "name",
      "online",
      "pluggedIn",
      "planned",
      "powerW",
      "energyWh",
      "askedWh",
    ];
    const plans = ["departureMs", "readyMs", "shortfallWh", "preference", "override", "sentence", "because"];
    expect([...known, ...plans]).toEqual(expect.arrayContaining(Object.keys(view)));
    expect(text).not.toMatch(/right|costEur|eurPerKwh|per kWh/);
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  test("says when the car leaves and what it needs: one fact, and a plan for it", async () => {
    const links = await site();
    const departureMs = links.rig.clock.wallMs() + 4 * HOUR_MS;
    const answer = await links.say("left", links.key("left"), { departureMs, energyWh: 8_000 });
    expect(answer.status).toBe(200);
    expect(await viewOf(await links.see("left", links.key("left")))).toMatchObject({
      departureSaid: "driver",
      planned: false,
    });
    await links.rig.run(10);
    const view = await viewOf(await links.see("left", links.key("left")));
    expect(view).toMatchObject({ departureMs, departureSaid: "driver", energySaid: "driver", planned: true });
    expect(view.readyMs).toBeLessThanOrEqual(departureMs);
    expect(links.rig.facts("wish-stated").map(({ data }) => data)).toEqual([
      { evseId: "left", by: "driver-link", departureMs, energyWh: 8_000 },
    ]);
  });

  test("without a car there sees that, and sets nothing", async () => {
    const links = await site();
    expect(await viewOf(await links.see("right", links.key("right")))).toMatchObject({
      name: "right",
      pluggedIn: false,
    });
    const answer = await links.say("right", links.key("right"), { departureMs: links.rig.clock.wallMs() + HOUR_MS });
    expect(answer.status).toBe(409);
    expect(links.rig.facts("wish-stated")).toEqual([]);
  });

  test("may ask for nothing else, not for the past, and not all the time", async () => {
    const links = await site();
    const key = links.key("left");
    const nowMs = links.rig.clock.wallMs();
    expect((await links.say("left", key, { dischargeAllowed: true })).status).toBe(400);
    expect((await links.say("left", key, { energyWh: -1 })).status).toBe(400);
    expect((await links.say("left", key, { departureMs: nowMs - 1 })).status).toBe(422);
    const answers = [];
    for (let index = 0; index < 12; index++)
      answers.push((await links.say("left", key, { departureMs: nowMs + HOUR_MS + index })).status);
    expect(answers).toEqual([...new Array(9).fill(200), 429, 429, 429]);
    await links.rig.run(MINUTE_S);
    expect((await links.say("left", key, { departureMs: nowMs + HOUR_MS })).status).toBe(200);
  });
});

describe("a key", () => {
  test("opens its own EVSE only, and is needed at the machine itself", async () => {
    const links = await site();
    for (const key of [undefined, "wrong", links.key("right"), `${links.key("left")}x`]) {
      expect((await links.see("left", key)).status).toBe(401);
      if (key !== undefined) await links.rig.run(MINUTE_S);
    }
    expect((await links.say("left", links.key("right"), { energyWh: 1 })).status).toBe(401);
    expect((await links.see("nowhere", links.key("left"))).status).toBe(401);
    expect(links.rig.facts("wish-stated")).toEqual([]);
  });

  test("is no token of the owner, and the owner's token is no key", async () => {
    const links = await site();
    const abroad = { "x-forwarded-for": "203.0.113.9", "content-type": "application/json" };
    const headers = { ...abroad, authorization: `Bearer ${links.key("left")}` };
    const override = await fetch(links.url("/api/v1/evses/left/override"), {
      method: "POST",
      headers,
      body: '{"active":true}',
    });
    expect(override.status).toBe(401);
    const own = { method: "PUT", headers, body: '{"energyWh":1}' };
    expect((await fetch(links.url("/api/v1/evses/left/wish"), own)).status).toBe(401);
    expect((await links.see("left", "owner's")).status).toBe(401);
  });

  test("that is wrong five times is not looked at for a minute, and neither is a right one", async () => {
    const links = await site();
    const tries = [];
    for (let index = 0; index < 6; index++) tries.push((await links.see("left", `guess-${index}`)).status);
    expect(tries).toEqual([401, 401, 401, 401, 401, 429]);
    expect((await links.see("left", links.key("left"))).status).toBe(429);
    await links.rig.run(MINUTE_S);
    expect((await links.see("left", links.key("left"))).status).toBe(200);
  });

  test("cannot be borrowed by a foreign page: nothing is sent along by itself, and no other origin is let in", async () => {
    const links = await site();
    const { port } = new URL(links.url("/"));
    const asForeignPage = (method: string, headers: Record<string, string>) =>
      new Promise<{ status: number | undefined; allowed: string | undefined }>((resolve) => {
        const foreign = { host: "evil.example", origin: "http://evil.example", ...headers };
        const options = { port, path: "/api/v1/driver/left/wish", method, headers: foreign };
        request(options, (response) => {
          response.resume();
          const allowed = response.headers["access-control-allow-origin"];
          resolve({ status: response.statusCode, allowed });
        }).end(method === "PUT" ? '{"energyWh":1}' : undefined);
      });
    expect(await asForeignPage("PUT", { "content-type": "application/json" })).toEqual({ status: 401 });
    const preflight = { "access-control-request-method": "PUT", "access-control-request-headers": "authorization" };
    expect(await asForeignPage("OPTIONS", preflight)).toEqual({ status: 404 });
  });

  test("can be renewed for one EVSE while the site runs; the others' go on", async () => {
    const links = await site();
    const [left, right] = [links.key("left"), links.key("right")];
    expect((await links.see("left", left)).status).toBe(200);
    prepareDriverSecrets(links.directory, { evseId: "left" });
    await links.rig.run(5);
    expect((await links.see("left", left)).status).toBe(401);
    expect((await links.see("left", links.key("left"))).status).toBe(200);
    expect((await links.see("right", right)).status).toBe(200);
    prepareDriverSecrets(links.directory, "all");
    await links.rig.run(5);
    expect((await links.see("right", right)).status).toBe(401);
  });

  test("opens nothing where no links were made, or their file is broken, which is said once", async () => {
    const warnings: string[] = [];
    const links = await site({ ...silentLog, warn: (message) => void warnings.push(message) });
    const key = driverKey({ secret: "", renewed: {} }, "left");
    expect((await links.see("left", key)).status).toBe(401);
    expect(warnings).toEqual([]);
    writeFileSync(join(links.directory, "driver-links.json"), '{"version":1,"secret":"","renewed":{}}');
    for (let round = 0; round < 3; round++) {
      await links.rig.run(5);
      expect((await links.see("left", key)).status).toBe(401);
    }
    expect(warnings).toEqual(["The drivers' links open nothing: their keys cannot be read"]);
  });
});

describe("wattledger driver-links", () => {
  const directory = mkdtempSync(join(tmpdir(), "wattledger-links-"));
  afterAll(() => rmSync(directory, { recursive: true }));
  const config = join(directory, "site.yaml");
  const out = join(directory, "links.html");
  const chargePoints = [chargePoint("garage", { name: "Left <b>" }), chargePoint("yard", { safeCurrentA: 0 })];
  writeFileSync(config, stringify({ ...homeConfiguration({ chargePoints }), ledger: { directory: "books" } }));

  async function run(...args: string[]) {
    const [lines, errors]: string[][] = [[], []];
    const log = vi.spyOn(console, "log").mockImplementation((line) => void lines!.push(String(line)));
    const error = vi.spyOn(console, "error").mockImplementation((line) => void errors!.push(String(line)));
    const code = await driverLinksCommand(["--config", config, "--out", out, ...args]);
    log.mockRestore();
    error.mockRestore();
    const links = lines!.filter((line) => line.includes("/car#"));
    return { code, links: links.map((line) => line.split(/\s+/)[1]!), errors: errors!.join("\n") };
  }

  test("says so where the file would go into a folder that does not exist", async () => {
    const { code, errors } = await run("--out", join(directory, "nowhere", "codes.html"));
    expect(code).toBe(1);
    expect(errors).toContain("Write --out into a folder that exists.");
  });

  test("prints the same link for each EVSE every time, with the key behind the #, and a page of codes", async () => {
    const { code, links } = await run("--url", "http://10.0.0.7:8080/");
    expect(code).toBe(0);
    const secrets = prepareDriverSecrets(join(directory, "books"));
    const expected = ["garage-evse", "yard-evse"].map(
      (id) => `http://10.0.0.7:8080/car#${id}/${driverKey(secrets, id)}`,
    );
    expect(links).toEqual(expected);
    expect((await run("--url", "http://10.0.0.7:8080")).links).toEqual(expected);
    const page = readFileSync(out, "utf8");
    expect(page.match(/<svg /g)).toHaveLength(2);
    expect(page).toContain("<h2>Left &#60;b&#62;</h2>");
    expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
  });

  test("keeps secret and page from other users of the machine", () => {
    for (const file of [out, join(directory, "books", "driver-links.json")])
      expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test("renews one, or all", async () => {
    const [left, right] = (await run()).links;
    const one = await run("--renew", "garage-evse");
    expect(one.links[0]).not.toBe(left);
    expect(one.links[1]).toBe(right);
    const all = await run("--renew", "all");
    expect(all.links[0]).not.toBe(one.links[0]);
    expect(all.links[1]).not.toBe(right);
  });

  test("says when phones cannot reach the page, and what it cannot use", async () => {
    expect(await run()).toMatchObject({ code: 3, errors: expect.stringContaining("api.host: 0.0.0.0") });
    expect(await run("--renew", "cellar")).toMatchObject({
      code: 2,
      errors: expect.stringContaining("known: garage-evse"),
    });
    expect(await run("--url", "ftp://x")).toMatchObject({ code: 2 });
    expect(await run("--url", "http://x/path")).toMatchObject({ code: 2 });
    writeFileSync(join(directory, "books", "driver-links.json"), "{}");
    expect(await run()).toMatchObject({ code: 1, errors: expect.stringContaining("print all links anew") });
  });
});

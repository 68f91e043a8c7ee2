/** A real mosquitto on loopback: what subscribers see of a site, whatever happens to broker and controller. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync, type MqttClient } from "mqtt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { selfSigned } from "../../test/certificate.ts";
import { freePort } from "../../test/free-port.ts";
import { until } from "../../test/until.ts";
import { cursorsIn } from "../app/recording/cursor.ts";
import type { Envelope } from "../core/facts/fact.ts";
import type { SiteDraft, SiteFact } from "../core/facts/index.ts";
import type { Log } from "../core/ports.ts";
import { homeConfiguration } from "../core/site/site.test-kit.ts";
import { siteModel } from "../core/site/site-model.ts";
import { initialState } from "../core/state/state.ts";
import type { LiveSite } from "../core/view/view.ts";
import { VirtualClock } from "../sim/virtual-clock.ts";
import { type Broker, type BrokerOptions, startBroker } from "./broker.ts";

const HAS_MOSQUITTO = spawnSync("mosquitto", ["-h"]).error === undefined;
const START_MS = Date.UTC(2026, 5, 10, 12);

let directory = "";
const ends: (() => unknown)[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "wattledger-mqtt-"));
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  rmSync(directory, { recursive: true, force: true });
});

function listening(port: number): Promise<true> {
  return until(
    () =>
      new Promise<boolean>((resolve) => {
        const socket = connect(port, "127.0.0.1", () => resolve(true));
        socket.on("error", () => resolve(false)).on("connect", () => socket.destroy());
      }),
  ) as Promise<true>;
}

/** Starts mosquitto; `lines` go into its configuration. */
async function mosquitto(port: number, lines: readonly string[] = ["allow_anonymous true"]): Promise<ChildProcess> {
  const file = join(directory, "mosquitto.conf");
  writeFileSync(file, [`listener ${port} 127.0.0.1`, ...lines, "user root", ""].join("\n"));
  const child = spawn("mosquitto", ["-c", file], { stdio: "ignore" });
  ends.push(() => {
    child.kill("SIGKILL");
  });
  await listening(port);
  return child;
}

async function gone(child: ChildProcess): Promise<void> {
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await exit;
}

/** A ledger of so many facts, and a live picture that can be changed. */
class FakeSite {
  readonly facts: Envelope[] = [];
  readonly recorded: SiteDraft[] = [];
  readonly #listeners = new Set<(facts: readonly SiteFact[]) => void>();
  gridW = 1000;

  add(count: number, data: object = { reason: "test" }): void {
    const added = Array.from({ length: count }, (_, index) => ({
      seq: this.facts.length + index + 1,
      atMs: START_MS,
      monoMs: 0,
      wallTrusted: true,
      boot: "b",
      version: 1,
      source: "test",
      type: "stopped",
      data,
    })) as unknown as SiteFact[];
    this.facts.push(...added);
    for (const listener of this.#listeners) listener(added);
  }
  state() {
    return { ...initialState(), seq: this.facts.length };
  }
  read(after: number, limit: number) {
    return this.facts.slice(after, after + limit);
  }
  async record(drafts: readonly SiteDraft[]) {
    this.recorded.push(...drafts);
    this.add(drafts.length);
    return this.facts.slice(-drafts.length) as SiteFact[];
  }
  subscribe(listener: (facts: readonly SiteFact[]) => void) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  live(): LiveSite {
    return {
      seq: this.facts.length,
      nowMs: START_MS,
      wallTrusted: true,
      site: { id: "home", name: "Home", timeZone: "UTC", country: "NL", phases: 3, simulated: true },
      mode: { word: "normal", sinceMs: START_MS, text: "" },
      meter: { deviceId: "grid-meter", quality: "good", ageMs: this.gridW },
      devices: [{ id: "grid-meter", role: "meter", quality: "good", ageMs: this.gridW, detail: "" }],
      circuits: [{ id: "grid", limitA: 25, quality: "good", currentA: [1, 2, 3] }],
      flow: { gridW: this.gridW },
      price: {},
      evses: [],
    };
  }
}

const model = siteModel(homeConfiguration());
const EVSE = model.evses[0]!.id;
const ROOT = `test/${model.configuration.site.id}`;

interface Started {
  readonly broker: Broker;
  readonly clock: VirtualClock;
  readonly lines: string[];
}

function start(site: FakeSite, port: number, options: Partial<BrokerOptions> = {}): Started {
  const clock = new VirtualClock(START_MS);
  const lines: string[] = [];
  const say = (message: string, details?: object) => void lines.push(`${message} ${JSON.stringify(details ?? {})}`);
  const log: Log = { debug: say, info: say, warn: say, error: say };
  const broker = startBroker({
    url: `mqtt://127.0.0.1:${port}`,
    topicRoot: "test",
    everySeconds: 5,
    facts: true,
    requests: false,
    openCursor: cursorsIn(directory, { clock, log }),
    site,
    model,
    live: () => site.live(),
    clock,
    log,
    ...options,
  });
  ends.push(() => broker.close());
  return { broker, clock, lines };
}

interface Seen {
  readonly topic: string;
  readonly text: string;
  readonly retain: boolean;
}

/** Somebody who listens to everything. */
class Listener {
  readonly seen: Seen[] = [];
  readonly client: MqttClient;
  #wake = () => {};

  constructor(client: MqttClient) {
    this.client = client;
    client.on("message", (topic, payload, { retain }) => {
      this.seen.push({ topic, text: payload.toString(), retain });
      this.#wake();
    });
  }
  static async at(port: number, options: object = {}): Promise<Listener> {
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 20, ...options });
    const listener = new Listener(client);
    ends.push(() => client.endAsync(true));
    await client.subscribeAsync("test/#", { qos: 1 });
    return listener;
  }
  /** Resolves when `what` is true of what was seen. */
  async until(what: (seen: readonly Seen[]) => boolean): Promise<readonly Seen[]> {
    while (!what(this.seen))
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.seen;
  }
  facts(): number[] {
    return this.seen.filter(({ topic }) => topic.startsWith(`${ROOT}/facts/`)).map(({ text }) => JSON.parse(text).seq);
  }
  last(topic: string): string | undefined {
    return this.seen.findLast((message) => message.topic === topic)?.text;
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

// apt-get install mosquitto
describe.skipIf(!HAS_MOSQUITTO)("a site at a broker (skipped without mosquitto)", () => {
  test("says that it is online, publishes what it knows, and again only what changed", async () => {
    const port = await freePort();
    await mosquitto(port);
    const listener = await Listener.at(port);
    const site = new FakeSite();
    const { clock } = start(site, port);
    await listener.until((seen) => seen.some(({ topic }) => topic === `${ROOT}/circuits/grid`));
    expect(listener.last(`${ROOT}/status`)).toBe("online");
    expect(JSON.parse(listener.last(`${ROOT}/site`)!)).toMatchObject({
      mode: { word: "normal" },
      flow: { gridW: 1000 },
    });
    const before = listener.seen.length;
    site.gridW = 2000;
    await clock.advance(5_000);
    await listener.until((seen) => seen.length > before);
    expect(listener.seen.slice(before).map(({ topic }) => topic)).toEqual([`${ROOT}/site`]);
    const late = await Listener.at(port);
    await late.until((seen) => seen.length >= 4);
    expect(late.seen.every(({ retain }) => retain)).toBe(true);
    expect(JSON.parse(late.last(`${ROOT}/site`)!).flow.gridW).toBe(2000);
  });

  test("is offline by its last will when it dies, and by its own word when it stops", async () => {
    const port = await freePort();
    await mosquitto(port);
    const listener = await Listener.at(port);
    const { broker } = start(new FakeSite(), port);
    await listener.until(() => listener.last(`${ROOT}/status`) === "online");
    await broker.close();
    await listener.until(() => listener.last(`${ROOT}/status`) === "offline");

    const worker = new URL("./dying-site.test-kit.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, [worker, String(port)], { stdio: "ignore" });
    await listener.until(() => listener.last(`${ROOT}/status`) === "online");
    await gone(child);
    await listener.until(() => listener.last(`${ROOT}/status`) === "offline");
  });

  test("delivers facts in order without a gap, over an outage of the broker and a restart of the controller", async () => {
    const port = await freePort();
    const first = await mosquitto(port);
    const listener = await Listener.at(port);
    const site = new FakeSite();
    const before = start(site, port);
    await listener.until(() => listener.last(`${ROOT}/status`) === "online");
    site.add(50);
    await listener.until(() => listener.facts().length >= 50);
    await gone(first);
    site.add(130);
    await mosquitto(port);
    await new Promise<void>((resolve) =>
      listener.client.connected ? resolve() : listener.client.once("connect", () => resolve()),
    );
    await listener.client.subscribeAsync("test/#", { qos: 1 });
    await until(async () => {
      await before.clock.advance(1_000);
      return before.broker.connected;
    });
    await listener.until(() => listener.facts().includes(180));
    await before.broker.close();
    // The last acknowledgements may still have been on their way.
    expect(JSON.parse(readFileSync(join(directory, "mqtt-cursor.json"), "utf8")).seq).toBeGreaterThanOrEqual(160);
    site.add(20);
    start(site, port);
    await listener.until(() => listener.facts().includes(200));
    expect([...new Set(listener.facts())]).toEqual(upTo(200));
    expect(before.lines.filter((line) => line.includes("is away"))).toHaveLength(1);
  });

  test("hides the tokens of drivers", async () => {
    const port = await freePort();
    await mosquitto(port);
    const listener = await Listener.at(port);
    const site = new FakeSite();
    start(site, port);
    await listener.until(() => listener.last(`${ROOT}/status`) === "online");
    site.add(1, { token: "04A1B2C3D4E5F6" });
    await listener.until(() => listener.facts().length > 0);
    expect(listener.seen.some(({ text }) => text.includes("A1B2C3"))).toBe(false);
  });

  test("needs the password, and never says it", async () => {
    const port = await freePort();
    const passwords = join(directory, "passwords");
    execFileSync("mosquitto_passwd", ["-b", "-c", passwords, "site", "right-secret"]);
    await mosquitto(port, ["allow_anonymous false", `password_file ${passwords}`]);
    const credentials = { username: "site", password: "right-secret" };
    const listener = await Listener.at(port, credentials);
    const wrong = start(new FakeSite(), port, { username: "site", password: "wrong-secret" });
    await until(() => wrong.lines.some((line) => line.includes("was not reached")));
    expect(wrong.broker.connected).toBe(false);
    expect(wrong.lines.join("\n")).not.toContain("secret");
    await wrong.broker.close();
    start(new FakeSite(), port, credentials);
    await listener.until(() => listener.last(`${ROOT}/status`) === "online");
  });

  test("takes requests only where that is configured", async () => {
    const port = await freePort();
    await mosquitto(port);
    const listener = await Listener.at(port);
    const site = new FakeSite();
    const quiet = start(site, port);
    await listener.until(() => listener.last(`${ROOT}/status`) === "online");
    await listener.client.publishAsync(`${ROOT}/evses/${EVSE}/override/set`, '{"active":true}', { qos: 1 });
    await quiet.broker.close();
    expect(site.recorded).toEqual([]);
    start(site, port, { requests: true });
    await listener.until((seen) => seen.filter(({ text }) => text === "online").length === 2);
    const ask = (topic: string, text: string, retain = false) =>
      listener.client.publishAsync(`${ROOT}/${topic}`, text, { qos: 1, retain });
    await ask(`evses/${EVSE}/override/set`, '{"active":true}');
    await ask(`evses/${EVSE}/wish/set`, JSON.stringify({ departureMs: START_MS + 3_600_000, energyWh: 8000 }));
    await ask("grid-limit/set", '{"limitW":4200}');
    await ask("grid-limit/set", '{"limitW":"all"}');
    await ask("forecasts/building/set", '{"startMs":0,"minutes":20,"powerW":[1]}');
    const grams = { startMs: START_MS, minutes: 60, gramsPerKwh: [320, 90] };
    await ask("forecasts/co2/set", JSON.stringify(grams));
    await ask("grid-limit/set", "x".repeat(9_000));
    await ask(`evses/${EVSE}/wish/set`, JSON.stringify({ departureMs: START_MS - 1 }));
    await listener.until((seen) => seen.filter(({ topic }) => topic === `${ROOT}/responses`).length >= 8);
    expect(site.recorded.map(({ type }) => type)).toEqual([
      "override-changed",
      "wish-stated",
      "grid-limit-received",
      "grid-intensity-received",
    ]);
    const answers = listener.seen
      .filter(({ topic }) => topic === `${ROOT}/responses`)
      .map(({ text }) => JSON.parse(text));
    // A refusal need not wait for the ledger: it may overtake.
    const refused = answers.filter(({ ok }) => !ok);
    expect([answers.length, refused.length]).toEqual([8, 4]);
    expect(refused.map(({ detail }) => detail).join()).toContain("limitW");
  });

  test("a flood of requests is cut off with one answer, and a retained one is refused", async () => {
    const port = await freePort();
    await mosquitto(port);
    const listener = await Listener.at(port);
    await listener.client.publishAsync(`${ROOT}/grid-limit/set`, '{"limitW":0}', { qos: 1, retain: true });
    const site = new FakeSite();
    start(site, port, { requests: true });
    const answers = () => listener.seen.filter(({ topic }) => topic === `${ROOT}/responses`);
    await listener.until(() => answers().length === 1);
    expect(answers()[0]!.text).toContain("retained");
    for (let count = 0; count < 200; count++)
      void listener.client.publish(`${ROOT}/grid-limit/set`, `{"limitW":${count}}`, { qos: 1 });
    await listener.until(() => answers().some(({ text }) => text.includes("Too many")));
    expect(site.recorded).toHaveLength(60);
  });

  test("hangs up within a message that no memory should hold, and comes back when it is gone", async () => {
    const port = await freePort();
    await mosquitto(port);
    const listener = await Listener.at(port);
    const large = (bytes: number) =>
      listener.client.publishAsync(`${ROOT}/grid-limit/set`, Buffer.alloc(bytes, "x"), { qos: 1, retain: true });
    await large(8_000_000);
    const { broker, clock, lines } = start(new FakeSite(), port, { requests: true });
    await until(() => lines.some((line) => line.includes("more than 1 MB")));
    await until(() => !broker.connected);
    await large(0);
    await clock.advance(60_000);
    await until(() => broker.connected);
    expect(listener.last(`${ROOT}/responses`)).toBeUndefined();
  });

  test("speaks TLS to a broker whose authority is configured, and to no other", async () => {
    const port = await freePort();
    const name = (file: string) => join(directory, file);
    selfSigned({ name: "127.0.0.1", alt: "IP:127.0.0.1", keyFile: name("key.pem"), certFile: name("cert.pem") });
    await mosquitto(port, ["allow_anonymous true", `certfile ${name("cert.pem")}`, `keyfile ${name("key.pem")}`]);
    const url = `mqtts://127.0.0.1:${port}`;
    const stranger = start(new FakeSite(), port, { url });
    await until(() => stranger.lines.some((line) => line.includes("was not reached")));
    expect(stranger.broker.connected).toBe(false);
    await stranger.broker.close();
    const trusted = start(new FakeSite(), port, { url, ca: readFileSync(name("cert.pem"), "utf8") });
    await until(() => trusted.broker.connected);
  });
});

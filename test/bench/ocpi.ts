/** What partners may ask of a site of 250 EVSEs: requests by the second of one core, with all checks, and memory. */
import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import { fileURLToPath } from "node:url";
import type { BenchLine } from "./line.ts";

const CONNECTIONS = 16;
const SERVER = fileURLToPath(new URL("./ocpi-server.ts", import.meta.url));
const EVSES = 250;
/** By then the results of all profiles have left. */
const RESULTS_MS = 4_000;

interface Usage {
  readonly cpuS: number;
  readonly rssMb: number;
}
interface Ask {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

async function usageOf(child: ChildProcess): Promise<Usage> {
  const answer = once(child, "message") as Promise<[Usage]>;
  child.send("usage");
  return (await answer)[0];
}

const driver = (uid: string) => ({
  country_code: "NL",
  party_id: "EMS",
  uid,
  type: "RFID",
  contract_id: uid,
  issuer: "bench",
  valid: true,
  whitelist: "ALLOWED",
  last_updated: new Date().toISOString(),
});

/** `npm run bench -- ocpi`. */
export async function benchOcpi(): Promise<BenchLine[]> {
  // Takes the results that follow, and says yes.
  const peer = createServer((incoming, response) => {
    incoming.resume();
    incoming.on("end", () => response.end(JSON.stringify({ status_code: 1000, timestamp: new Date().toISOString() })));
  });
  peer.listen(0, "127.0.0.1");
  await once(peer, "listening");
  const { port } = peer.address() as { port: number };
  const token = randomUUID();
  const child = fork(SERVER, [`http://127.0.0.1:${port}`, token], {
    // As bin/wattledger.mjs starts the controller.
    execArgv: ["--max-semi-space-size=1", "--optimize-for-size", "--no-sparkplug", "--no-short-builtin-calls"],
    env: { ...process.env, MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "65536" },
  });
  const [{ base, ids }] = (await once(child, "message")) as [{ base: string; ids: readonly string[] }];
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const authorization = `Token ${Buffer.from(token).toString("base64")}`;

  async function ask({ method, path, body }: Ask): Promise<void> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const length =
      text === undefined ? {} : { "content-length": Buffer.byteLength(text), "content-type": "application/json" };
    const outgoing = request(`${base}${path}`, { method, agent, headers: { authorization, ...length } });
    outgoing.end(text);
    const [response] = await once(outgoing, "response");
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const { status_code, status_message, data } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    if (status_code !== 1000 || (data?.result ?? "ACCEPTED") !== "ACCEPTED")
      throw new Error(`${method} ${path}: ${response.statusCode} ${status_code} ${data?.result} ${status_message}`);
  }

  async function measure(name: string, count: number, make: (index: number) => Ask): Promise<BenchLine> {
    let index = 0;
    const before = await usageOf(child);
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        while (index < count) await ask(make(index++));
      }),
    );
    // What follows an answer is work too.
    await new Promise((resolve) => setTimeout(resolve, name.includes("profile") ? RESULTS_MS : 0));
    const after = await usageOf(child);
    const perCore = count / (after.cpuS - before.cpuS);
    return {
      name: `ocpi ${name}`,
      value: Math.round(perCore),
      unit: "requests/s of one core",
      detail: `${count} requests`,
    };
  }

  const response_url = `http://127.0.0.1:${port}/result`;
  const charging_profile = { charging_rate_unit: "W", charging_profile_period: [{ start_period: 0, limit: 7_000 }] };
  const pageAt = (index: number) => `/sessions?date_from=2020-01-01T00:00:00Z&limit=100&offset=${(index % 3) * 100}`;
  const cases: [string, number, (index: number) => Ask][] = [
    ["PUT token", 4_000, (index) => ({ method: "PUT", path: `/tokens/NL/EMS/C${index}`, body: driver(`C${index}`) })],
    ["GET EVSE", 4_000, (index) => ({ method: "GET", path: `/locations/depot/evse-${index % EVSES}` })],
    [
      "PUT charging profile, with its result",
      500,
      (index) => ({
        method: "PUT",
        path: `/chargingprofiles/${ids[index % EVSES]}`,
        body: { charging_profile, response_url },
      }),
    ],
    ["GET location of 250 EVSEs", 300, () => ({ method: "GET", path: "/locations/depot" })],
    ["GET 100 sessions of 32 quarter-hours", 60, (index) => ({ method: "GET", path: pageAt(index) })],
  ];
  try {
    await ask({ method: "GET", path: "/locations/depot" });
    const lines: BenchLine[] = [];
    for (const [name, count, make] of cases) lines.push(await measure(name, count, make));
    const { rssMb } = await usageOf(child);
    const detail = "the OCPI process alone: 250 EVSEs and sessions, 4,000 tokens";
    return [...lines, { name: "ocpi memory", value: Math.round(rssMb), unit: "MB", detail }];
  } finally {
    child.kill();
    agent.destroy();
    peer.closeAllConnections();
    peer.close();
  }
}

/** A small HTTP server on loopback with which a user provokes faults in the demonstration. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export interface DemoControls {
  /** What `GET /` says. */
  describe(): readonly string[];
  stopMeter(): Promise<void>;
  startMeter(): Promise<void>;
  addLoad(load: { readonly phase: 1 | 2 | 3; readonly watts: number; readonly seconds: number }): void;
  /** Both answer whether there was something to do. */
  plug(evseId: string): boolean;
  unplug(evseId: string): boolean;
}

function bounded(value: string | null, least: number, most: number, otherwise: number): number {
  const number = value === null ? otherwise : Number(value);
  return Number.isFinite(number) ? Math.min(most, Math.max(least, number)) : otherwise;
}

async function answer(request: IncomingMessage, controls: DemoControls): Promise<{ status: number; text: string }> {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (request.method === "GET" && url.pathname === "/") return { status: 200, text: controls.describe().join("\n") };
  if (request.method !== "POST") return { status: 405, text: "POST, or GET / for help" };
  if (url.pathname === "/meter/stop") await controls.stopMeter();
  else if (url.pathname === "/meter/start") await controls.startMeter();
  else if (url.pathname === "/load") {
    const phase = bounded(url.searchParams.get("phase"), 1, 3, 2) as 1 | 2 | 3;
    const watts = bounded(url.searchParams.get("watts"), 0, 30_000, 9_000);
    controls.addLoad({ phase, watts, seconds: bounded(url.searchParams.get("seconds"), 1, 3600, 60) });
  } else {
    const match = /^\/evses\/([\w.-]+)\/(plug|unplug)$/.exec(url.pathname);
    if (!match) return { status: 404, text: "GET / says what there is" };
    const done = match[2] === "plug" ? controls.plug(match[1]!) : controls.unplug(match[1]!);
    if (!done) return { status: 409, text: `Nothing to ${match[2]} at ${match[1]}` };
  }
  return { status: 200, text: "done" };
}

/** Listens on `host:port`; resolves with the port and how to close it. */
export async function startDemoControls(options: {
  host: string;
  port: number;
  controls: DemoControls;
}): Promise<{ port: number; close(): Promise<void> }> {
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    answer(request, options.controls).then(
      ({ status, text }) =>
        response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`),
      (error) => response.writeHead(500).end(`${String(error)}\n`),
    );
  };
  const server = createServer(handle);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  return {
    port: address && typeof address === "object" ? address.port : options.port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

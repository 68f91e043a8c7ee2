/** `wattledger run`, whose shells can be made to fail the way that nobody foresees: what the parent names throws once. */
import { subscribe } from "node:diagnostics_channel";
import { ServerResponse } from "node:http";
import type { Worker } from "node:worker_threads";
import { run } from "../../src/cli/run.ts";
import { Bus } from "../../src/modbus/bus.ts";
import { FrameSocket } from "../../src/ocpp/frame-socket.ts";

const wanted = new Set<string>();
const workers: Worker[] = [];

/** Throws outside of every call that could catch it. */
function boom(where: string): void {
  setTimeout(() => {
    throw new Error(`boom in ${where}`);
  }, 0);
}

function once(name: string): boolean {
  return wanted.delete(name);
}

const { emit } = FrameSocket.prototype;
FrameSocket.prototype.emit = function (event, ...values) {
  // Thrown through the socket that a server accepted.
  if (event === "message" && once("ocpp")) throw new Error("boom in a message");
  return emit.call(this, event, ...values);
};

const { request } = Bus.prototype;
Bus.prototype.request = function (...of) {
  if (once(`modbus ${this.name}`)) boom(this.name);
  return request.apply(this, of);
};

const { writeHead } = ServerResponse.prototype;
// biome-ignore lint/suspicious/noExplicitAny: the overloads of node:http
ServerResponse.prototype.writeHead = function (...of: any[]) {
  if (once("api")) boom("the API");
  return writeHead.apply(this, of as [number]);
};

const { timeout } = AbortSignal;
let asked = 0;
AbortSignal.timeout = (ms) => {
  // The market is asked at the start.
  if (asked++ === 0) void Promise.reject(new Error("boom in the prices"));
  return timeout.call(AbortSignal, ms);
};

subscribe("worker_threads", (message) => workers.push((message as { worker: Worker }).worker));

process.on("message", (name: string) => {
  if (name === "writer") void workers[0]!.terminate();
  else if (name === "core") boom("the core");
  else wanted.add(name);
});
process.exitCode = await run(process.argv.slice(3));

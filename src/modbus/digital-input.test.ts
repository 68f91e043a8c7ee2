/** Contacts of the grid operator at a real Modbus TCP module, read over a socket. */
import { afterEach, expect, test } from "vitest";
import { freePort } from "../../test/free-port.ts";
import { clock } from "../../test/real-time.ts";
import { until } from "../../test/until.ts";
import type { DeviceSink, Log } from "../core/ports.ts";
import type { GridInputConfiguration } from "../core/site/site-grid-operator.ts";
import { type ModbusServer, startModbusServer } from "../sim/servers/modbus-server.ts";
import { startModbusDevices } from "./devices.ts";
import { Ghosts } from "./ghosts.ts";
import { replyLength } from "./pdu.ts";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const nobody = () => {};
const sink: DeviceSink = { meter: nobody, pv: nobody, battery: nobody, trouble: nobody };

function contact(port: number, more: Partial<GridInputConfiguration> = {}): GridInputConfiguration {
  return {
    id: "box",
    connection: { tcp: { host: "127.0.0.1", port, framing: "tcp" } },
    unitId: 1,
    functionCode: 2,
    address: 5,
    bit: 0,
    activeWhen: "closed",
    limitW: 4200,
    failSafeW: 4200,
    pollMs: 100,
    ...more,
  };
}

/** A module with these words, and what is heard of its contacts. */
async function ioModule(words: Map<number, number>) {
  const table = { read: (address: number) => words.get(address), refresh: nobody };
  const server: ModbusServer = await startModbusServer({ host: "127.0.0.1", port: await freePort(), unitId: 1, table });
  ends.push(() => server.close());
  return server;
}

function listen(inputs: readonly GridInputConfiguration[]) {
  const heard: string[] = [];
  const warnings: string[] = [];
  const log: Log = { debug: nobody, info: nobody, error: nobody, warn: (text) => void warnings.push(text) };
  const onRead = (id: string, closed: boolean) => {
    heard.push(`${id} ${closed ? "closed" : "open"}`);
  };
  const devices = startModbusDevices({ devices: [], inputs: { all: inputs, onRead }, sink, clock, log });
  ends.push(() => devices.close());
  return { heard, warnings };
}

test("discrete inputs, coils and bits of registers are read, each from its place", async () => {
  const words = new Map([
    [5, 1],
    [6, 0],
    [7, 0b1000],
  ]);
  const { port } = await ioModule(words);
  const { heard } = listen([
    contact(port, { id: "discrete" }),
    contact(port, { id: "coil", functionCode: 1, address: 6 }),
    contact(port, { id: "bit", functionCode: 3, address: 7, bit: 3 }),
    contact(port, { id: "neighbour", functionCode: 4, address: 7, bit: 2 }),
  ]);
  await Promise.all(
    ["discrete closed", "coil open", "bit closed", "neighbour open"].map((what) => until(() => heard.includes(what))),
  );
  expect(new Set(heard)).toEqual(new Set(["discrete closed", "coil open", "bit closed", "neighbour open"]));
});

test("a contact that turns is heard of, and a module that dies is said once and heard of again", async () => {
  const words = new Map([[5, 0]]);
  const server = await ioModule(words);
  const { heard, warnings } = listen([contact(server.port)]);
  await until(() => heard.includes("box open"));
  await server.stop();
  await until(() => warnings.length > 0);
  const silentAfter = heard.length;
  words.set(5, 1);
  await server.start();
  await until(() => heard.includes("box closed"));
  expect(heard[silentAfter]).toBe("box closed");
  expect(warnings.filter((text) => text.includes("contact"))).toHaveLength(1);
});

test("a module that has no such input is no reading", async () => {
  const server = await ioModule(new Map());
  const { heard, warnings } = listen([contact(server.port)]);
  await until(() => warnings.length > 0);
  expect(heard).toEqual([]);
});

test("the late answer for one contact is not taken for that of another at the same module", () => {
  const ghosts = new Ghosts(clock);
  const read = (address: number) => ({ kind: "read", unitId: 1, functionCode: 2, address, count: 1 }) as const;
  ghosts.add(read(0), 60_000);
  expect(ghosts.mayAnswer(read(1))).toBe(true);
  const probe = ghosts.probeFor(read(1))!;
  expect(replyLength(probe)).not.toBe(replyLength(read(0)));
});

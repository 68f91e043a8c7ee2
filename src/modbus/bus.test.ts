import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { clock, log } from "../../test/real-time.ts";
import { Bus, type BusOptions, DEFAULT_BUS_OPTIONS } from "./bus.ts";
import type { BusAddress } from "./connection.ts";
import { crc16 } from "./crc16.ts";
import type { Outcome } from "./line.ts";

type Answer = (request: Buffer, socket: Socket, count: number) => void;
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

/** A peer that does with each request frame whatever the test says. */
async function peer(frameLength: (bytes: Buffer) => number, answer: Answer) {
  const sockets: Socket[] = [];
  let count = 0;
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    let received = Buffer.alloc(0);
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes) => {
      received = Buffer.concat([received, bytes]);
      while (received.length >= 8 && received.length >= frameLength(received)) {
        const frame = received.subarray(0, frameLength(received));
        received = received.subarray(frame.length);
        answer(Buffer.from(frame), socket, count++);
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, sockets };
}

const tcpLength = (bytes: Buffer) => 6 + bytes.readUInt16BE(4);
const rtuLength = () => 8;
/** What register `address` holds on every peer here: itself, so that a wrong register shows. */
const valuesFrom = (address: number, count: number) => Array.from({ length: count }, (_, index) => address + index);

function readPdu(functionCode: number, values: readonly number[]): Buffer {
  const words = Buffer.alloc(2 * values.length);
  values.forEach((value, index) => {
    words.writeUInt16BE(value, 2 * index);
  });
  return Buffer.concat([Buffer.from([functionCode, words.length]), words]);
}

function tcpFrame(transaction: number, unitId: number, pdu: Buffer): Buffer {
  const head = Buffer.alloc(7);
  head.writeUInt16BE(transaction, 0);
  head.writeUInt16BE(pdu.length + 1, 4);
  head.writeUInt8(unitId, 6);
  return Buffer.concat([head, pdu]);
}

/** The right answer to a Modbus TCP read. */
function tcpReply(request: Buffer): Buffer {
  const values = valuesFrom(request.readUInt16BE(8), request.readUInt16BE(10));
  return tcpFrame(request.readUInt16BE(0), request[6]!, readPdu(request[7]!, values));
}

/** The right answer to a Modbus RTU read. */
function rtuReply(request: Buffer): Buffer {
  const values = valuesFrom(request.readUInt16BE(2), request.readUInt16BE(4));
  const body = Buffer.concat([request.subarray(0, 1), readPdu(request[1]!, values)]);
  const checksum = Buffer.alloc(2);
  checksum.writeUInt16LE(crc16(body), 0);
  return Buffer.concat([body, checksum]);
}

function busTo(address: BusAddress, options: Partial<BusOptions> = {}): Bus {
  const bus = new Bus(address, { ...DEFAULT_BUS_OPTIONS, maximumBackOffMs: 10, ...options }, { clock, log });
  cleanups.push(() => bus.close());
  return bus;
}

const tcp = (port: number, framing: "tcp" | "rtu" = "tcp"): BusAddress => ({
  tcp: { host: "127.0.0.1", port, framing },
});

function read(bus: Bus, address: number, options: { count?: number; timeoutMs?: number; unitId?: number } = {}) {
  const { count = 2, timeoutMs = 60, unitId = 1 } = options;
  return bus.request({ kind: "read", unitId, functionCode: 3, address, count }, { timeoutMs, gapMs: 0 });
}

const right = (address: number, count = 2): Outcome => ({ status: "ok", registers: valuesFrom(address, count) });

/** Asks until the bus has a line again; bounded by the test's own time limit. */
async function readUntilAnswered(bus: Bus, address: number): Promise<Outcome> {
  for (;;) {
    const outcome = await read(bus, address);
    if (outcome.status === "ok") return outcome;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Numbers from a seed, 0 to 1 (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("a device on Modbus TCP", () => {
  test("that answers in single bytes is understood", async () => {
    const { port } = await peer(tcpLength, (request, socket) => {
      for (const byte of tcpReply(request)) socket.write(Buffer.from([byte]));
    });
    expect(await read(busTo(tcp(port)), 100)).toEqual(right(100));
  });

  test("that answers for another unit first is waited for", async () => {
    const { port } = await peer(tcpLength, (request, socket) => {
      const other = tcpReply(request);
      other[6] = 9;
      other.writeUInt16BE(0xdead, 9);
      socket.write(Buffer.concat([other, tcpReply(request)]));
    });
    expect(await read(busTo(tcp(port)), 100)).toEqual(right(100));
  });

  test("that answers an older transaction is not believed", async () => {
    const { port } = await peer(tcpLength, (request, socket) => {
      const old = tcpReply(request);
      old.writeUInt16BE((request.readUInt16BE(0) + 0xffff) & 0xffff, 0);
      socket.write(old);
    });
    expect(await read(busTo(tcp(port)), 100)).toEqual({
      status: "timeout",
      detail: "it answers another request than the last one",
    });
  });

  test("that answers with fewer registers than asked is not believed", async () => {
    const { port } = await peer(tcpLength, (request, socket) => {
      socket.write(tcpFrame(request.readUInt16BE(0), request[6]!, readPdu(3, [1])));
    });
    expect(await read(busTo(tcp(port)), 100)).toMatchObject({ status: "timeout" });
  });

  test.each([2, 6])("that answers with exception %i is heard at once, and asked on", async (code) => {
    const { port } = await peer(tcpLength, (request, socket, count) => {
      const refusal = tcpFrame(request.readUInt16BE(0), request[6]!, Buffer.from([0x83, code]));
      socket.write(count === 0 ? refusal : tcpReply(request));
    });
    const bus = busTo(tcp(port));
    expect(await read(bus, 100)).toEqual({ status: "exception", code });
    expect(await read(bus, 100)).toEqual(right(100));
  });

  test("that resets the connection is called again, and the request in flight ends at once", async () => {
    const { port } = await peer(tcpLength, (request, socket, count) => {
      if (count === 1) socket.resetAndDestroy();
      else socket.write(tcpReply(request));
    });
    const bus = busTo(tcp(port));
    expect(await read(bus, 100)).toEqual(right(100));
    expect(await read(bus, 100, { timeoutMs: 60_000 })).toMatchObject({ status: "offline" });
    expect(await read(bus, 200)).toEqual(right(200));
  });

  test("that hangs up while nobody asks is called again without a missed reading", async () => {
    const { port, sockets } = await peer(tcpLength, (request, socket) => socket.write(tcpReply(request)));
    const bus = busTo(tcp(port), { maximumBackOffMs: 60_000 });
    expect(await read(bus, 100)).toEqual(right(100));
    const gone = once(sockets[0]!, "close");
    sockets[0]!.end();
    await gone;
    expect(await readUntilAnswered(bus, 200)).toEqual(right(200));
  });

  test("that hangs with an open connection gets a new one after two unanswered requests", async () => {
    const { port, sockets } = await peer(tcpLength, (request, socket) => {
      if (sockets.indexOf(socket) > 0) socket.write(tcpReply(request));
    });
    const bus = busTo(tcp(port));
    expect(await read(bus, 100)).toMatchObject({ status: "timeout" });
    expect(await read(bus, 100)).toMatchObject({ status: "timeout" });
    expect(await readUntilAnswered(bus, 100)).toEqual(right(100));
    expect(sockets).toHaveLength(2);
  });

  test("that is not there is not called more often than the back-off allows", async () => {
    const { port } = await peer(tcpLength, () => {});
    for (const cleanup of cleanups.splice(0)) cleanup();
    const bus = busTo(tcp(port), { maximumBackOffMs: 60_000 });
    expect(await read(bus, 100)).toMatchObject({ status: "offline", detail: /refuses the connection/ as never });
    expect(await read(bus, 100)).toMatchObject({ detail: expect.stringContaining("next attempt in 1 s") });
  });

  test("that cannot be asked so is answered for with why, and its neighbours are asked on", async () => {
    const { port } = await peer(tcpLength, (request, socket) => socket.write(tcpReply(request)));
    const bus = busTo(tcp(port));
    const beyond = read(bus, 65_535);
    const options = { timeoutMs: 60, gapMs: 0 };
    const tooLarge = bus.request({ kind: "write", unitId: 1, functionCode: 6, address: 1, values: [70_000] }, options);
    const next = read(bus, 100, { timeoutMs: 1000 });
    expect([(await beyond).status, (await tooLarge).status]).toEqual(["offline", "offline"]);
    expect(await next).toEqual(right(100));
  });

  test("that is asked too much says so instead of growing a queue", async () => {
    const { port } = await peer(tcpLength, () => {});
    const bus = busTo(tcp(port), { maximumQueue: 3 });
    const outcomes = Array.from({ length: 6 }, () => read(bus, 1));
    bus.close();
    const states = (await Promise.all(outcomes)).map((outcome) => outcome.status);
    expect(states.filter((status) => status === "busy")).toHaveLength(2);
  });
});

describe("a device on Modbus RTU", () => {
  test("whose answer has a wrong checksum is not believed, and the trouble says what to look at", async () => {
    const { port } = await peer(rtuLength, (request, socket) => {
      const reply = rtuReply(request);
      reply[4]! ^= 1;
      socket.write(reply);
    });
    expect(await read(busTo(tcp(port, "rtu")), 100)).toMatchObject({
      status: "timeout",
      detail: expect.stringContaining("checksum"),
    });
  });

  test("behind a converter that adds noise is understood", async () => {
    const { port } = await peer(rtuLength, (request, socket) => {
      socket.write(Buffer.concat([Buffer.from([0x00, 0x01, 0x03]), rtuReply(request)]));
    });
    expect(await read(busTo(tcp(port, "rtu")), 100)).toEqual(right(100));
  });

  test("that answers late after the line was drained does not answer the next request", async () => {
    const waiting: (() => void)[] = [];
    const { port } = await peer(rtuLength, (request, socket, count) => {
      // The first answer comes just before the answer to the third request, long after its own deadline.
      if (count === 0) waiting.push(() => socket.write(rtuReply(request)));
      else {
        for (const late of waiting.splice(0)) late();
        socket.write(rtuReply(request));
      }
    });
    const bus = busTo(tcp(port, "rtu"));
    expect(await read(bus, 100)).toMatchObject({ status: "timeout" });
    expect(await read(bus, 200)).toEqual(right(200));
    expect(await read(bus, 300)).toEqual(right(300));
  });

  test("that is dead does not keep its neighbours from being read", async () => {
    const { port } = await peer(rtuLength, (request, socket) => {
      if (request[0] === 1) socket.write(rtuReply(request));
    });
    const bus = busTo(tcp(port, "rtu"));
    for (let round = 0; round < 3; round++) {
      const [dead, alive] = await Promise.all([read(bus, 100, { unitId: 2 }), read(bus, 200)]);
      expect(dead).toMatchObject({ status: "timeout" });
      expect(alive).toEqual(right(200));
    }
  });
});

/** Reads random registers until `answers` reads were answered; returns the wrong ones and how many timed out. */
async function soak(bus: Bus, answers: number, random: () => number) {
  const wrong: string[] = [];
  let timeouts = 0;
  for (let answered = 0; answered < answers; ) {
    const address = Math.floor(random() * 1000) * 10;
    const outcome = await read(bus, address, { timeoutMs: 20 });
    if (outcome.status === "timeout") timeouts++;
    if (outcome.status === "offline") await new Promise((resolve) => setImmediate(resolve));
    if (outcome.status !== "ok") continue;
    answered++;
    if (outcome.registers.some((value, at) => value !== address + at)) wrong.push(`${address}: ${outcome.registers}`);
  }
  return { wrong, timeouts };
}

describe.each([11, 12])("a peer that stalls at random (seed %i)", (seed) => {
  test.each([
    ["tcp", tcpLength, tcpReply],
    ["rtu", rtuLength, rtuReply],
  ] as const)("never makes a wrong value on %s", async (framing, length, replyTo) => {
    const random = randomFrom(seed);
    // In order, as a device does it: a stall of up to three and a half timeouts delays everything behind it.
    let before = Promise.resolve();
    const { port } = await peer(length, (request, socket) => {
      const stallMs = random() < 0.2 ? 10 + random() * 60 : 0;
      before = before.then(async () => {
        if (stallMs > 0) await new Promise((resolve) => setTimeout(resolve, stallMs));
        if (socket.writable) socket.write(replyTo(request));
      });
    });
    const { wrong, timeouts } = await soak(busTo(tcp(port, framing)), 80, randomFrom(seed + 100));
    expect(wrong).toEqual([]);
    expect(timeouts).toBeGreaterThan(10);
  });
});

const socat = spawnSync("socat", ["-V"]).status === 0;
describe("a serial line", () => {
  test.skipIf(!socat)("(pty by socat; skipped where socat is not installed) is read, and found again", async () => {
    const { port } = await peer(rtuLength, (request, socket) => socket.write(rtuReply(request)));
    const path = join(mkdtempSync(join(tmpdir(), "wattledger-")), "tty");
    const pty = spawn("socat", [`pty,raw,echo=0,link=${path}`, `tcp:127.0.0.1:${port}`], { stdio: "ignore" });
    cleanups.push(() => pty.kill());
    while (!existsSync(path)) await new Promise((resolve) => setImmediate(resolve));
    const bus = busTo({ serial: { path, baudRate: 9600, parity: "none", stopBits: 1 } });
    expect(await read(bus, 100, { timeoutMs: 2000 })).toEqual(right(100));
    expect(await read(bus, 300, { timeoutMs: 2000, count: 40 })).toEqual(right(300, 40));
    bus.close();
  });

  test("that is not there says what to check", async () => {
    const bus = busTo({ serial: { path: "/dev/no-such-port", baudRate: 9600, parity: "none", stopBits: 1 } });
    expect(await read(bus, 1)).toMatchObject({ status: "offline", detail: expect.stringContaining("check the cable") });
  });
});

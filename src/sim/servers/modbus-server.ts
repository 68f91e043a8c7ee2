/** A small Modbus TCP server: function codes 1 to 4, 6 and 16 over a table of registers, and the faults of real devices. */
import { createServer, type Server, type Socket } from "node:net";

export interface RegisterTable {
  /** The word at an address, or `undefined` where the device has none (exception 2). */
  read(address: number): number | undefined;
  write?(address: number, values: readonly number[]): boolean;
  /** Called before each request, so that one answer belongs together. */
  refresh(): void;
}

export interface ModbusServer {
  readonly port: number;
  /** Closes the port and every connection, as a device without power. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Takes requests and never answers. */
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

export interface ModbusServerOptions {
  readonly host: string;
  readonly port: number;
  readonly unitId: number;
  readonly table: RegisterTable;
}

const MOST_BUFFERED = 4096;

function exception(functionCode: number, code: number): Buffer {
  return Buffer.from([functionCode | 0x80, code]);
}

function readReply(pdu: Buffer, table: RegisterTable): Buffer {
  const functionCode = pdu[0]!;
  const address = pdu.readUInt16BE(1);
  const count = pdu.readUInt16BE(3);
  if (count < 1 || count > 125) return exception(functionCode, 3);
  const reply = Buffer.alloc(2 + 2 * count);
  reply.writeUInt8(functionCode, 0);
  reply.writeUInt8(2 * count, 1);
  for (let index = 0; index < count; index++) {
    const word = table.read(address + index);
    if (word === undefined) return exception(functionCode, 2);
    reply.writeUInt16BE(word & 0xffff, 2 + 2 * index);
  }
  return reply;
}

/** Coils and discrete inputs: one bit for each address, set where its word is not 0. */
function bitsReply(pdu: Buffer, table: RegisterTable): Buffer {
  const functionCode = pdu[0]!;
  const address = pdu.readUInt16BE(1);
  const count = pdu.readUInt16BE(3);
  if (count < 1 || count > 2000) return exception(functionCode, 3);
  const reply = Buffer.alloc(2 + Math.ceil(count / 8));
  reply.writeUInt8(functionCode, 0);
  reply.writeUInt8(reply.length - 2, 1);
  for (let index = 0; index < count; index++) {
    const word = table.read(address + index);
    if (word === undefined) return exception(functionCode, 2);
    if (word !== 0) reply[2 + (index >> 3)]! |= 1 << (index & 7);
  }
  return reply;
}

function writeReply(pdu: Buffer, table: RegisterTable): Buffer {
  const functionCode = pdu[0]!;
  const address = pdu.readUInt16BE(1);
  const count = functionCode === 6 ? 1 : pdu.readUInt16BE(3);
  const from = functionCode === 6 ? 3 : 6;
  if (pdu.length < from + 2 * count) return exception(functionCode, 3);
  const values = Array.from({ length: count }, (_, index) => pdu.readUInt16BE(from + 2 * index));
  if (!table.write?.(address, values)) return exception(functionCode, 2);
  return pdu.subarray(0, 5);
}

function replyTo(pdu: Buffer, table: RegisterTable): Buffer {
  const functionCode = pdu[0] ?? 0;
  if (pdu.length < 5) return exception(functionCode, 3);
  table.refresh();
  if (functionCode === 1 || functionCode === 2) return bitsReply(pdu, table);
  if (functionCode === 3 || functionCode === 4) return readReply(pdu, table);
  if (functionCode === 6 || functionCode === 16) return writeReply(pdu, table);
  return exception(functionCode, 1);
}

function serve(socket: Socket, options: ModbusServerOptions, isPaused: () => boolean): void {
  let buffered = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("data", (bytes) => {
    buffered = Buffer.concat([buffered, bytes]);
    if (buffered.length > MOST_BUFFERED) socket.destroy();
    while (buffered.length >= 8 && buffered.length >= 6 + buffered.readUInt16BE(4)) {
      const frame = buffered.subarray(0, 6 + buffered.readUInt16BE(4));
      buffered = buffered.subarray(frame.length);
      if (isPaused() || frame[6] !== options.unitId) continue;
      const pdu = replyTo(frame.subarray(7), options.table);
      const head = Buffer.from(frame.subarray(0, 7));
      head.writeUInt16BE(pdu.length + 1, 4);
      socket.write(Buffer.concat([head, pdu]));
    }
  });
}

/** Listens on `host:port`; port 0 takes a free one and keeps it over `stop` and `start`. */
export async function startModbusServer(options: ModbusServerOptions): Promise<ModbusServer> {
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let paused = false;
  let { port } = options;

  async function start(): Promise<void> {
    if (server) return;
    const listening = createServer((socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      serve(socket, options, () => paused);
    });
    await new Promise<void>((resolve, reject) => {
      listening.once("error", reject);
      listening.listen(port, options.host, resolve);
    });
    const address = listening.address();
    if (address && typeof address === "object") port = address.port;
    server = listening;
  }

  async function stop(): Promise<void> {
    const closing = server;
    server = undefined;
    for (const socket of sockets) socket.destroy();
    if (closing) await new Promise<void>((resolve) => closing.close(() => resolve()));
  }

  await start();
  return {
    get port() {
      return port;
    },
    start,
    stop,
    close: stop,
    pause: () => {
      paused = true;
    },
    resume: () => {
      paused = false;
    },
  };
}

/** Words of a 32-bit float, most significant first. */
export function floatWords(value: number): [number, number] {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return [view.getUint16(0), view.getUint16(2)];
}

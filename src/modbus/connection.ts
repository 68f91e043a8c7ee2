/** A byte stream to a bus: a TCP socket or a serial port. Opened once, used, destroyed; a new one for each attempt. */
import { createConnection } from "node:net";
import type { DeviceConfiguration } from "../core/site/site.ts";

export type BusAddress = DeviceConfiguration["connection"];

/** Called by a connection; never again after `destroy`. */
export interface ConnectionEvents {
  opened(): void;
  data(bytes: Buffer): void;
  closed(reason: string): void;
}

export interface Connection {
  write(bytes: Buffer): void;
  isOpen(): boolean;
  destroy(): void;
}

export type Connect = (address: BusAddress, events: ConnectionEvents) => Connection;

/** One name for one physical bus, so that devices on it share one queue. */
export function busName(address: BusAddress): string {
  return "tcp" in address ? `${address.tcp.host}:${address.tcp.port}` : address.serial.path;
}

/** Opens the stream that `address` names. Failures are told by `closed`; nothing is thrown. */
export const connect: Connect = (address, events) =>
  "tcp" in address ? connectTcp(address.tcp, events) : connectSerial(address.serial, events);

const SOCKET_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "it refuses the connection: check the port, and whether another client holds its only connection",
  ECONNRESET: "it reset the connection",
  EHOSTUNREACH: "there is no way to this address: check the network",
  ENETUNREACH: "there is no way to this address: check the network",
  ENOTFOUND: "the name is not known: check the host name",
  ETIMEDOUT: "the address does not answer: check the network and whether the device is on",
  ENOENT: "there is no such serial port: check the cable and the path (/dev/serial/by-id/...)",
  EACCES: "the serial port may not be opened: add the user to the group dialout",
};

function words(error: NodeJS.ErrnoException): string {
  const code = error.code ?? Object.keys(SOCKET_WORDS).find((name) => error.message.includes(name)) ?? "";
  if (error.message.includes("No such file")) return SOCKET_WORDS.ENOENT!;
  if (error.message.includes("Permission denied")) return SOCKET_WORDS.EACCES!;
  return SOCKET_WORDS[code] ?? error.message;
}

/** Passes events on until the connection is destroyed, and `closed` once. */
function guarded(events: ConnectionEvents) {
  let over = false;
  return {
    opened: () => {
      if (!over) events.opened();
    },
    data: (bytes: Buffer) => {
      if (!over) events.data(bytes);
    },
    closed: (reason: string) => {
      if (over) return;
      over = true;
      events.closed(reason);
    },
    end: () => {
      over = true;
    },
  };
}

function connectTcp(tcp: { host: string; port: number }, events: ConnectionEvents): Connection {
  const told = guarded(events);
  const socket = createConnection({ host: tcp.host, port: tcp.port, noDelay: true, keepAlive: true });
  let failure: string | undefined;
  socket.on("connect", told.opened);
  socket.on("data", told.data);
  socket.on("error", (error) => {
    failure = words(error);
  });
  socket.on("close", () => told.closed(failure ?? "it closed the connection"));
  return {
    write: (bytes) => {
      if (!socket.destroyed) socket.write(bytes);
    },
    isOpen: () => !socket.connecting && !socket.destroyed && socket.writable,
    destroy: () => {
      told.end();
      // A reset, not a lingering FIN: inverters with a single slot then free it at once.
      socket.resetAndDestroy();
    },
  };
}

type SerialAddress = Extract<BusAddress, { serial: unknown }>["serial"];
type SerialPort = InstanceType<typeof import("serialport").SerialPort>;

function connectSerial(serial: SerialAddress, events: ConnectionEvents): Connection {
  const told = guarded(events);
  let port: SerialPort | undefined;
  let destroyed = false;
  // Loaded when first needed: a site without a serial bus never loads the native module.
  void import("serialport").then(
    ({ SerialPort }) => {
      if (!destroyed) port = openSerial(new SerialPort({ ...serial, dataBits: 8, autoOpen: false }), told);
    },
    (error: Error) => told.closed(`serial ports cannot be used on this machine: ${error.message}`),
  );
  return {
    write: (bytes) => {
      if (port?.isOpen) port.write(bytes);
    },
    isOpen: () => port?.isOpen ?? false,
    destroy: () => {
      destroyed = true;
      told.end();
      if (port?.isOpen) port.close();
    },
  };
}

function openSerial(port: SerialPort, told: ConnectionEvents): SerialPort {
  port.on("data", told.data);
  port.on("error", (error) => told.closed(words(error)));
  port.on("close", () => told.closed("the serial port went away"));
  port.open((error) => {
    if (error) told.closed(words(error));
    // Input from before we opened it answers nobody.
    else port.flush(() => told.opened());
  });
  return port;
}

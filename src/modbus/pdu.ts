/** The function codes we use, as bytes: requests out, and what counts as the answer to a request. */

export interface ReadRequest {
  readonly kind: "read";
  readonly unitId: number;
  /** 1 coils, 2 discrete inputs, 3 holding registers, 4 input registers. */
  readonly functionCode: 1 | 2 | 3 | 4;
  /** Zero-based, as on the wire. */
  readonly address: number;
  readonly count: number;
}

export interface WriteRequest {
  readonly kind: "write";
  readonly unitId: number;
  /** 6 one register, 16 several. */
  readonly functionCode: 6 | 16;
  readonly address: number;
  readonly values: readonly number[];
}

export type Request = ReadRequest | WriteRequest;

export type Reply =
  /** Of coils and discrete inputs one 0 or 1 each. */
  | { readonly status: "ok"; readonly registers: readonly number[] }
  | { readonly status: "exception"; readonly code: number };

/** Modbus application protocol 6.3, 6.4: one read carries at most 125 registers. */
export const MAX_READ_REGISTERS = 125;
const MAX_WRITE_REGISTERS = 123;

const EXCEPTIONS: Readonly<Record<number, string>> = {
  1: "it does not know this kind of request",
  2: "it has no such register: the profile does not fit this device or its firmware",
  3: "it refuses the value or the length",
  4: "it reports a failure of its own",
  5: "it needs longer for this",
  6: "it is busy: it is polled too fast, or another master talks to it",
  10: "the gateway has no path to it",
  11: "the gateway gets no answer from it: check unit id and wiring",
};

/** What an exception code means, in words that complete "The device answered: ...". */
export function exceptionWords(code: number): string {
  return `${EXCEPTIONS[code] ?? "an error that the standard does not name"} (exception ${code})`;
}

/** Throws on a request that no device can answer: that is a defect of the profile, caught when it is loaded. */
function assertSendable(request: Request): void {
  const length = request.kind === "read" ? request.count : request.values.length;
  const longest = request.kind === "read" ? MAX_READ_REGISTERS : request.functionCode === 6 ? 1 : MAX_WRITE_REGISTERS;
  const inside = request.address >= 0 && request.address + length <= 0x10000;
  if (!Number.isInteger(length) || length < 1 || length > longest || !inside)
    throw new RangeError(`Modbus request outside of the protocol: ${JSON.stringify(request)}`);
}

/** The request as protocol data unit, without unit id and checksum. */
export function encodeRequest(request: Request): Buffer {
  assertSendable(request);
  if (request.kind === "read" || request.functionCode === 6) {
    const pdu = Buffer.alloc(5);
    pdu.writeUInt8(request.functionCode, 0);
    pdu.writeUInt16BE(request.address, 1);
    pdu.writeUInt16BE(request.kind === "read" ? request.count : request.values[0]!, 3);
    return pdu;
  }
  const pdu = Buffer.alloc(6 + request.values.length * 2);
  pdu.writeUInt8(16, 0);
  pdu.writeUInt16BE(request.address, 1);
  pdu.writeUInt16BE(request.values.length, 3);
  pdu.writeUInt8(request.values.length * 2, 5);
  request.values.forEach((value, index) => {
    pdu.writeUInt16BE(value, 6 + index * 2);
  });
  return pdu;
}

function dataBytes({ functionCode, count }: ReadRequest): number {
  return functionCode <= 2 ? Math.ceil(count / 8) : count * 2;
}

/** Bytes of the answer's protocol data unit when all goes well. */
export function replyLength(request: Request): number {
  return request.kind === "read" ? 2 + dataBytes(request) : 5;
}

/**
 * The reply in `pdu`, or `undefined` when it does not answer `request`: another function, another length, another
 * address. Such a frame is skipped, never believed.
 */
export function decodeReply(request: Request, pdu: Buffer): Reply | undefined {
  if (pdu.length === 2 && pdu[0] === (request.functionCode | 0x80)) return { status: "exception", code: pdu[1]! };
  if (pdu[0] !== request.functionCode || pdu.length !== replyLength(request)) return undefined;
  return request.kind === "read" ? decodeRead(request, pdu) : decodeWrite(request, pdu);
}

function decodeRead(request: ReadRequest, pdu: Buffer): Reply | undefined {
  if (pdu[1] !== dataBytes(request)) return undefined;
  const at = (index: number) =>
    request.functionCode <= 2 ? (pdu[2 + (index >> 3)]! >> (index & 7)) & 1 : pdu.readUInt16BE(2 + index * 2);
  return { status: "ok", registers: Array.from({ length: request.count }, (_, index) => at(index)) };
}

function decodeWrite(request: WriteRequest, pdu: Buffer): Reply | undefined {
  const echoed = request.functionCode === 6 ? request.values[0] : request.values.length;
  if (pdu.readUInt16BE(1) !== request.address || pdu.readUInt16BE(3) !== echoed) return undefined;
  return { status: "ok", registers: [] };
}

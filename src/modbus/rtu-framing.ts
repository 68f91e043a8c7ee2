/** Modbus RTU: unit id, protocol data unit, CRC. Nothing on the wire says which request a reply belongs to. */
import { crc16 } from "./crc16.ts";
import type { Framing } from "./framing.ts";
import { decodeReply, encodeRequest, type Reply, type Request, replyLength } from "./pdu.ts";

const MAX_BUFFER_BYTES = 1024;
const EXCEPTION_BYTES = 5;

function withCrc(bytes: Buffer): Buffer {
  const checksum = Buffer.alloc(2);
  checksum.writeUInt16LE(crc16(bytes), 0);
  return Buffer.concat([bytes, checksum]);
}

/**
 * A framing for Modbus RTU. A reply counts only with the unit id, function and length of its request and a good
 * checksum; it may start anywhere in what was received, because lines echo and converters add noise. That a reply
 * is not the late one of an earlier request is the business of the bus.
 */
export class RtuFraming implements Framing {
  #request: Request | undefined;
  #received: Buffer = Buffer.alloc(0);
  #anything = false;

  encode(request: Request): Buffer {
    this.#request = request;
    this.clear();
    return withCrc(Buffer.concat([Buffer.from([request.unitId]), encodeRequest(request)]));
  }

  push(bytes: Buffer): void {
    this.#anything = true;
    this.#received = Buffer.concat([this.#received, bytes]).subarray(-MAX_BUFFER_BYTES);
  }

  take(): Reply | undefined {
    if (!this.#request) return undefined;
    for (let start = 0; start + EXCEPTION_BYTES <= this.#received.length; start++) {
      const reply = this.#replyAt(start, this.#request);
      if (reply) {
        this.clear();
        return reply;
      }
    }
    return undefined;
  }

  clear(): void {
    this.#received = Buffer.alloc(0);
    this.#anything = false;
  }

  complaint(): string {
    return this.#anything
      ? "what came back has a wrong checksum or belongs to another request: check baud rate, parity, termination, and whether a second master is on the bus"
      : "";
  }

  #replyAt(start: number, request: Request): Reply | undefined {
    const functionCode = this.#received[start + 1];
    if (this.#received[start] !== request.unitId) return undefined;
    if (functionCode !== request.functionCode && functionCode !== (request.functionCode | 0x80)) return undefined;
    const length = functionCode === request.functionCode ? replyLength(request) + 3 : EXCEPTION_BYTES;
    const frame = this.#received.subarray(start, start + length);
    if (frame.length < length || frame.readUInt16LE(length - 2) !== crc16(frame.subarray(0, -2))) return undefined;
    return decodeReply(request, frame.subarray(1, -2));
  }
}

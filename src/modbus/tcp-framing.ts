/** Modbus TCP: a header of transaction, protocol and length before unit id and protocol data unit. */
import type { Framing } from "./framing.ts";
import { decodeReply, encodeRequest, type Reply, type Request } from "./pdu.ts";

const HEADER_BYTES = 7;
/** Unit id and the largest protocol data unit, 253 bytes. */
const MAX_LENGTH_FIELD = 254;
const MAX_BUFFER_BYTES = 4096;

/** A framing for Modbus TCP. A reply counts only with the transaction id and the unit id of its request. */
export class TcpFraming implements Framing {
  #transaction = 0;
  #request: Request | undefined;
  #received: Buffer = Buffer.alloc(0);
  #complaint = "";

  encode(request: Request): Buffer {
    const pdu = encodeRequest(request);
    this.#transaction = (this.#transaction + 1) & 0xffff;
    this.#request = request;
    this.#complaint = "";
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt16BE(this.#transaction, 0);
    header.writeUInt16BE(pdu.length + 1, 4);
    header.writeUInt8(request.unitId, 6);
    return Buffer.concat([header, pdu]);
  }

  push(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    if (this.#received.length > MAX_BUFFER_BYTES) this.#refuse("it sends more than was asked");
  }

  take(): Reply | undefined {
    for (let frame = this.#nextFrame(); frame; frame = this.#nextFrame()) {
      const reply = this.#answer(frame);
      if (reply) return reply;
    }
    return undefined;
  }

  clear(): void {
    this.#received = Buffer.alloc(0);
  }

  complaint(): string {
    return this.#complaint;
  }

  #refuse(complaint: string): void {
    this.#complaint = complaint;
    this.clear();
  }

  #nextFrame(): Buffer | undefined {
    if (this.#received.length < HEADER_BYTES) return undefined;
    const length = this.#received.readUInt16BE(4);
    if (this.#received.readUInt16BE(2) !== 0 || length < 2 || length > MAX_LENGTH_FIELD) {
      this.#refuse("what it sends is not Modbus TCP: if it is a serial converter, set framing: rtu");
      return undefined;
    }
    if (this.#received.length < 6 + length) return undefined;
    const frame = this.#received.subarray(0, 6 + length);
    this.#received = this.#received.subarray(6 + length);
    return frame;
  }

  #answer(frame: Buffer): Reply | undefined {
    if (!this.#request) return undefined;
    if (frame.readUInt16BE(0) !== this.#transaction) this.#complaint = "it answers another request than the last one";
    else if (frame[6] !== this.#request.unitId) this.#complaint = `the answer is from unit ${frame[6]}`;
    else {
      const reply = decodeReply(this.#request, frame.subarray(HEADER_BYTES));
      if (!reply) this.#complaint = "its answer does not fit the request";
      return reply;
    }
    return undefined;
  }
}

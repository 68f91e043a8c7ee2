/** How a request and its reply lie on the wire. A framing belongs to one connection at a time. */
import type { Reply, Request } from "./pdu.ts";

export interface Framing {
  /** Bytes to send; whatever was received before does not answer it. */
  encode(request: Request): Buffer;
  /** Adds received bytes. */
  push(bytes: Buffer): void;
  /** The reply to the request that was encoded last, once it is complete; frames that do not answer it are skipped. */
  take(): Reply | undefined;
  /** Forgets received bytes. */
  clear(): void;
  /** What was wrong with what came instead of a reply, in words; empty when nothing came. */
  complaint(): string;
}

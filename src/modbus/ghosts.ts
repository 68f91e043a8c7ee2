/**
 * Requests on an RTU line that were given up and may still be answered. RTU replies carry no transaction id, so a
 * late reply looks like the answer to the next request of the same unit, function and length. While such a ghost may
 * come, the bus first asks for a length that no ghost has: devices answer in order, so its reply buries them all.
 */
import type { Clock } from "../core/ports.ts";
import { MAX_READ_REGISTERS, type ReadRequest, type Request, replyLength } from "./pdu.ts";

/** A device that answers after ten timeouts is taken for dead. */
const LIFE_IN_TIMEOUTS = 10;
/** Even first: some meters refuse half a float. */
const PROBE_COUNTS = [2, 4, 6, 8, 10, 12, 14, 16, 1, 3, 5];

interface Ghost {
  readonly unitId: number;
  readonly functionCode: number;
  /** Bytes: up to eight coils look alike. */
  readonly length: number;
  readonly untilMonoMs: number;
}

export class Ghosts {
  readonly #clock: Clock;
  #ghosts: Ghost[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Remembers a request that got no answer in time. Writes are echoed with address and value: no mistaking them. */
  add(request: Request, timeoutMs: number): void {
    if (request.kind === "write") return;
    const { unitId, functionCode } = request;
    const untilMonoMs = this.#clock.monoMs() + LIFE_IN_TIMEOUTS * timeoutMs;
    const others = this.#living().filter((ghost) => !this.#looksLike(ghost, request));
    this.#ghosts = [...others, { unitId, functionCode, length: replyLength(request), untilMonoMs }];
  }

  /** Whether a reply to `request` could be the late reply of an earlier one. */
  mayAnswer(request: Request): boolean {
    return request.kind === "read" && this.#living().some((ghost) => this.#looksLike(ghost, request));
  }

  /** A request like `request` whose reply no ghost can imitate; `undefined` when there is none: wait. */
  probeFor(request: ReadRequest): ReadRequest | undefined {
    const fits = (count: number) => count <= MAX_READ_REGISTERS && request.address + count <= 0x10000;
    const inside = PROBE_COUNTS.filter((count) => count < request.count);
    const beyond = PROBE_COUNTS.filter((count) => count > request.count);
    return [...inside, ...beyond]
      .filter(fits)
      .map((count) => ({ ...request, count }))
      .find((probe) => !this.mayAnswer(probe));
  }

  /** The unit answered something that was asked after all its ghosts. */
  bury(unitId: number): void {
    this.#ghosts = this.#ghosts.filter((ghost) => ghost.unitId !== unitId);
  }

  #living(): readonly Ghost[] {
    this.#ghosts = this.#ghosts.filter((ghost) => ghost.untilMonoMs > this.#clock.monoMs());
    return this.#ghosts;
  }

  #looksLike(ghost: Ghost, request: ReadRequest): boolean {
    return (
      ghost.unitId === request.unitId &&
      ghost.functionCode === request.functionCode &&
      ghost.length === replyLength(request)
    );
  }
}

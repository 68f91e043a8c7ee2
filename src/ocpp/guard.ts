/** Who may open a WebSocket: decided before ocpp-rpc sees the request, because a bad URL there ends the process. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "../core/ports.ts";
import type { ChargePointConfiguration } from "../core/site/site.ts";
import { PasswordCheck, secretOf, type VerifyPassword } from "./credentials.ts";
import { Pace, PasswordFlood } from "./flood.ts";
import { identityOf } from "./url.ts";
import { VerifyQueue } from "./verify-queue.ts";
import { type Negotiation, negotiate } from "./version.ts";

interface Refusal {
  readonly code: 400 | 401 | 404 | 429;
  readonly reason: string;
}
export type Admission =
  | { readonly identity: string; readonly negotiation: Negotiation }
  | (Refusal & { readonly identity: string });

/** Connections of one identity: a line that flaps gets in, two charge points that throw each other out do not for ever. */
const CONNECTS_AT_ONCE = 10;
const CONNECTS_PER_SECOND = 1 / 15;

export class Guard {
  readonly #chargePoints: ReadonlyMap<string, ChargePointConfiguration>;
  readonly #passwords: PasswordCheck;
  readonly #flood = new PasswordFlood();
  readonly #clock: Clock;
  readonly #queue = new VerifyQueue();
  readonly #connects = new Map<string, Pace>();

  constructor(chargePoints: readonly ChargePointConfiguration[], verify: VerifyPassword, clock: Clock) {
    this.#chargePoints = new Map(chargePoints.map((chargePoint) => [chargePoint.id, chargePoint]));
    this.#passwords = new PasswordCheck(verify);
    this.#clock = clock;
  }

  async admit(request: IncomingMessage): Promise<Admission> {
    const identity = identityOf(request.url);
    if (identity === undefined) return { code: 400, identity: "?", reason: "the URL names no charge point" };
    const chargePoint = this.#chargePoints.get(identity);
    if (!chargePoint) return { code: 404, identity, reason: "this charge point is not in the configuration" };
    const header = request.headers["sec-websocket-protocol"];
    const refusal = await this.#refusal(request, identity, chargePoint.passwordHash);
    if (refusal) return { ...refusal, identity };
    const pace = this.#connects.get(identity) ?? new Pace(CONNECTS_AT_ONCE, CONNECTS_PER_SECOND);
    this.#connects.set(identity, pace);
    if (pace.take(this.#clock.monoMs()) > 0)
      return { code: 429, identity, reason: "it connects too often: are there two charge points with this identity?" };
    return { identity, negotiation: negotiate(header) };
  }

  /** Why the password does not let it in. */
  async #refusal(request: IncomingMessage, identity: string, hash: string | undefined): Promise<Refusal | undefined> {
    if (hash === undefined) return undefined;
    const secret = secretOf(request.headers.authorization, identity);
    if (secret === "missing") return { code: 401, reason: "no password was sent" };
    if (secret === "wrong-user") return { code: 401, reason: "the user name is not the identity of the charge point" };
    if (this.#passwords.known(hash, secret)) return undefined;
    const word = await this.#verify(request.socket.remoteAddress ?? "?", identity, { hash, secret });
    if (word === "fits") return undefined;
    if (word === "wrong") return { code: 401, reason: "wrong password" };
    return { code: 429, reason: "too many wrong passwords for this charge point from this address" };
  }

  /** Who guesses for one identity makes nobody else wait, be it behind the same address. */
  async #verify(
    address: string,
    identity: string,
    { hash, secret }: { hash: string; secret: Uint8Array },
  ): Promise<"fits" | "wrong" | "wait"> {
    if (this.#passwords.knownWrong(hash, secret)) return "wrong";
    const key = `${address} ${identity}`;
    const mustWait = () => this.#flood.waitMs(key, this.#clock.monoMs()) > 0;
    if (mustWait()) return "wait";
    const turn = this.#queue.add(address, async () => {
      // What was learned while it waited.
      if (this.#passwords.known(hash, secret)) return "fits" as const;
      if (mustWait()) return "wait" as const;
      const fits = await this.#passwords.check(hash, secret);
      if (fits) this.#flood.succeeded(key);
      else this.#flood.failed(key, this.#clock.monoMs());
      return fits ? ("fits" as const) : ("wrong" as const);
    });
    return turn ?? "wait";
  }
}

const REASONS = { 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests", 500: "Error" };

const HANG_UP_MS = 1_000;

/** Answers an upgrade with a refusal and hangs up, also on who does not. */
export function refuseUpgrade(socket: Duplex, code: keyof typeof REASONS): void {
  const challenge = code === 401 ? 'WWW-Authenticate: Basic realm="OCPP"\r\n' : "";
  socket.end(`HTTP/1.1 ${code} ${REASONS[code]}\r\n${challenge}Connection: close\r\nContent-Length: 0\r\n\r\n`);
  setTimeout(() => socket.destroy(), HANG_UP_MS).unref();
}

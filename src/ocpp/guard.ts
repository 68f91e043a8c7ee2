/** Who may open a WebSocket: decided before ocpp-rpc sees the request, because a bad URL there ends the process. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "../core/ports.ts";
import type { ChargePointConfiguration } from "../core/site.ts";
import { PasswordCheck, secretOf, type VerifyPassword } from "./credentials.ts";
import { PasswordFlood } from "./flood.ts";
import { identityOf } from "./url.ts";
import { type Negotiation, negotiate } from "./version.ts";

export type Admission =
  | { readonly identity: string; readonly negotiation: Negotiation }
  | { readonly code: 400 | 401 | 404 | 429; readonly identity: string; readonly reason: string };

const MAX_VERIFYING_PER_ADDRESS = 300;

export class Guard {
  readonly #chargePoints: ReadonlyMap<string, ChargePointConfiguration>;
  readonly #passwords: PasswordCheck;
  readonly #flood = new PasswordFlood();
  readonly #clock: Clock;
  /** One password hash at a time for each address, so that a flood cannot run ahead of its delay. */
  readonly #verifying = new Map<string, { chain: Promise<unknown>; waiting: number }>();

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
    const admitted = { identity, negotiation: negotiate(header) };
    if (chargePoint.passwordHash === undefined) return admitted;
    const secret = secretOf(request.headers.authorization, identity);
    const refuse = (code: 401 | 429, reason: string) => ({ code, identity, reason }) as const;
    if (secret === "missing") return refuse(401, "no password was sent");
    if (secret === "wrong-user") return refuse(401, "the user name is not the identity of the charge point");
    if (this.#passwords.known(chargePoint.passwordHash, secret)) return admitted;
    const word = await this.#verify(request.socket.remoteAddress ?? "?", chargePoint.passwordHash, secret);
    if (word === "fits") return admitted;
    return word === "wrong" ? refuse(401, "wrong password") : refuse(429, "too many wrong passwords from this address");
  }

  async #verify(address: string, hash: string, secret: Uint8Array): Promise<"fits" | "wrong" | "wait"> {
    const line = this.#verifying.get(address) ?? { chain: Promise.resolve(), waiting: 0 };
    if (line.waiting >= MAX_VERIFYING_PER_ADDRESS) return "wait";
    this.#verifying.set(address, line);
    line.waiting += 1;
    const turn = line.chain.then(async () => {
      if (this.#flood.waitMs(address, this.#clock.monoMs()) > 0) return "wait" as const;
      const fits = await this.#passwords.check(hash, secret);
      if (fits) this.#flood.succeeded(address);
      else this.#flood.failed(address, this.#clock.monoMs());
      return fits ? ("fits" as const) : ("wrong" as const);
    });
    line.chain = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      line.waiting -= 1;
      if (line.waiting === 0) this.#verifying.delete(address);
    }
  }
}

const REASONS = { 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests", 500: "Error" };

/** Answers an upgrade with a refusal and hangs up. */
export function refuseUpgrade(socket: Duplex, code: keyof typeof REASONS): void {
  const challenge = code === 401 ? 'WWW-Authenticate: Basic realm="OCPP"\r\n' : "";
  socket.end(`HTTP/1.1 ${code} ${REASONS[code]}\r\n${challenge}Connection: close\r\nContent-Length: 0\r\n\r\n`);
}

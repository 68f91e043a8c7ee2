/** Results that follow an answer: one message to the address that the partner named, within the time that was promised. */
import type { Clock, Log } from "../core/ports.ts";
import { whyNotCalled } from "./allow.ts";
import { callPartner, type PartyName } from "./call.ts";
import type { OcpiRequest } from "./module.ts";
import type { WireObject } from "./objects/wire-object.ts";
import type { Partner } from "./partner.ts";
import type { Secrets } from "./secrets.ts";
import { INVALID_PARAMETERS, type Refusal, refuse } from "./status.ts";

/** Seconds within which a result is promised. */
export const RESULT_WITHIN_S = 30;
const PAUSE_MS = 4_000;
const TRIES = 3;
const MOST_AT_ONCE = 100;

export interface Results {
  /** Refuses an address that is not the partner's. */
  check(partner: Partner, responseUrl: string): Refusal | undefined;
  /** Sends what `result` comes to, some time after the answer to the request has gone. */
  send(request: OcpiRequest, responseUrl: string, result: () => Promise<WireObject>): void;
}

export function createResults(options: {
  readonly us: PartyName;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly log: Log;
}): Results {
  const { us, secrets, clock, log } = options;
  let underWay = 0;

  async function deliver(request: OcpiRequest, url: string, body: WireObject): Promise<void> {
    const { partner, from, correlationId } = request;
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      const token = secrets.outbound(partner.id);
      if (token === undefined) return;
      const route = {
        from: us,
        ...(from ? { to: from } : {}),
        ...(correlationId === undefined ? {} : { correlationId }),
      };
      const outcome = await callPartner(
        partner,
        { method: "POST", url, token, body, ...route, timeoutMs: PAUSE_MS },
        clock,
      );
      if (outcome.kind !== "away") return;
      if (attempt < TRIES) await new Promise<void>((resolve) => void clock.after(PAUSE_MS, "ocpi-result", resolve));
      else log.warn("A result could not be handed to the partner", { partner: partner.id, reason: outcome.reason });
    }
  }

  return {
    check(partner, responseUrl) {
      const why = whyNotCalled(responseUrl, partner.reach());
      return why === undefined ? undefined : refuse(INVALID_PARAMETERS, `response_url is not called: ${why}`);
    },
    send(request, responseUrl, result) {
      if (underWay >= MOST_AT_ONCE) {
        log.warn("Too many results wait; one is not sent", { partner: request.partner.id });
        return;
      }
      underWay++;
      // The answer goes first: partners do not expect the result before it.
      setImmediate(() => {
        result()
          .then((body) => deliver(request, responseUrl, body))
          .catch((error) => log.error("A result failed", { partner: request.partner.id, error: String(error) }))
          .finally(() => {
            underWay--;
          });
      });
    },
  };
}

/** Who may charge: the tokens of the configuration, or anyone where the owner says so. */
import type { ChargePointAnswer, TokenStatus } from "../charge-point-input.ts";
import type { SiteDraft } from "../facts/index.ts";
import type { DecideContext } from "./context.ts";

/** Status of a token. OCPP tokens are case-insensitive strings (1.6 IdToken is CiString20). */
export function tokenStatus(context: DecideContext, token: string | undefined): TokenStatus {
  const { acceptUnknownTokens, tokens } = context.site.configuration.charging;
  const asked = token?.toLowerCase();
  const known = asked !== undefined && tokens.some((entry) => entry.token.toLowerCase() === asked);
  return known || acceptUnknownTokens ? "accepted" : "unknown";
}

const MINUTE_MS = 60_000;

/** Decides an authorisation request. The same token at the same charge point is one fact a minute. */
export function checkToken(
  context: DecideContext,
  chargePointId: string,
  token: string,
): { drafts: SiteDraft[]; answer: ChargePointAnswer } {
  const status = tokenStatus(context, token);
  const answer: ChargePointAnswer = { tokenStatus: status };
  const key = `token:${chargePointId}:${token}:${Math.floor(context.nowMs / MINUTE_MS)}`;
  if (context.findByKey(key)) return { drafts: [], answer };
  const source = `charge-point:${chargePointId}`;
  return { drafts: [{ type: "token-checked", source, key, data: { chargePointId, token, status } }], answer };
}

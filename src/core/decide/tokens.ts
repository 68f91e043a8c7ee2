/** Who may charge: the tokens of the configuration, or anyone where the owner says so. */
import type { ChargePointAnswer, TokenStatus } from "../charge-point-input.ts";
import type { SiteDraft } from "../facts/index.ts";
import type { DecideContext } from "./context.ts";

/** A token as a charge point presents it, and when. */
export interface Presented {
  readonly chargePointId: string;
  readonly token?: string;
  readonly atMs: number;
}

/** A car is plugged in within this after a remote start, or the charge point gives up (its ConnectionTimeOut). */
const REMOTE_START_MS = 600_000;

/** Status of a token. OCPP tokens are case-insensitive strings (1.6 IdToken is CiString20). */
export function tokenStatus(
  { site, state, nowMs, verdict }: DecideContext,
  { chargePointId, token, atMs }: Presented,
): TokenStatus {
  const { acceptUnknownTokens, tokens } = site.configuration.charging;
  const isSame = (other: string) => other.toLowerCase() === token?.toLowerCase();
  const isKnown = tokens.some((entry) => isSame(entry.token));
  // Its clock may be wrong, or its message late.
  const isNear = (askedMs: number) => [atMs, nowMs].some((ms) => Math.abs(ms - askedMs) < REMOTE_START_MS);
  const wasAsked = state.sessions.remoteStarts?.some(
    (asked) => asked.chargePointId === chargePointId && isSame(asked.token) && isNear(asked.atMs),
  );
  if (isKnown || wasAsked) return "accepted";
  return verdict?.status ?? (acceptUnknownTokens ? "accepted" : "unknown");
}

/** Whether an open transaction of the charge point was begun with the token. */
function hasBegun({ state }: DecideContext, { chargePointId, token }: Omit<Presented, "atMs">): boolean {
  return Object.values(state.sessions.open).some(
    (session) => session.chargePointId === chargePointId && token !== undefined && session.token === token,
  );
}

/** The token with which a transaction was begun is welcome to end it. */
export function tokenStatusAtEnd(context: DecideContext, presented: Presented): TokenStatus {
  return hasBegun(context, presented) ? "accepted" : tokenStatus(context, presented);
}

/** The same word of a partner on the same driver is one fact in so long. */
const SAME_WORD_MS = 900_000;

/** What a partner says of a driver, unless that is on record already. */
export function driverDrafts(context: DecideContext, token: string | undefined, source: string): SiteDraft[] {
  const { verdict, state, nowMs } = context;
  if (verdict === undefined || token === undefined) return [];
  const { status, authorised } = verdict;
  const known = state.upstream.drivers[token.toLowerCase()];
  const isSame =
    known?.contract.contractId === authorised.contract.contractId &&
    known.authorizationReference === authorised.authorizationReference &&
    nowMs - known.atMs < SAME_WORD_MS;
  if (isSame && status === "accepted") return [];
  return [{ type: "driver-authorised", source, data: { token, allowed: status === "accepted", ...authorised } }];
}

const MINUTE_MS = 60_000;

/**
 * Decides an authorisation request. The same token at the same charge point is one fact a minute, and none where it is the accepted
 * one of an open transaction: OCPP 2.0.1 may tell it with each event.
 */
export function checkToken(
  context: DecideContext,
  chargePointId: string,
  token: string,
): { drafts: SiteDraft[]; answer: ChargePointAnswer } {
  const status = tokenStatus(context, { chargePointId, token, atMs: context.nowMs });
  const answer: ChargePointAnswer = { tokenStatus: status };
  const key = `token:${chargePointId}:${token}:${Math.floor(context.nowMs / MINUTE_MS)}`;
  const source = `charge-point:${chargePointId}`;
  const driver = driverDrafts(context, token, source);
  const isNothingNew = status === "accepted" && hasBegun(context, { chargePointId, token });
  if (isNothingNew || context.findByKey(key)) return { drafts: driver, answer };
  return {
    drafts: [...driver, { type: "token-checked", source, key, data: { chargePointId, token, status } }],
    answer,
  };
}

import type { TokenStatus } from "../charge-point-input.ts";
import type { Envelope } from "../facts/fact.ts";
import type { SiteDraft } from "../facts/index.ts";
import type { EvseModel, SiteModel } from "../site/site-model.ts";
import type { SiteState } from "../state/state.ts";

/** A partner's word on a driver, and how it was had. */
export interface DriverVerdict {
  readonly status: TokenStatus;
  readonly authorised: Omit<Extract<SiteDraft, { type: "driver-authorised" }>["data"], "token" | "allowed">;
}

/** What a decision about a charge point's message may know. */
export interface DecideContext {
  readonly site: SiteModel;
  readonly state: SiteState;
  /** Wall clock, epoch ms. */
  readonly nowMs: number;
  /** The fact that has this idempotency key already. */
  findByKey(key: string): Envelope | undefined;
  /** What is known of the driver whose token the message holds, where that is a partner's. */
  readonly verdict?: DriverVerdict;
}

/** Key of the start of a 1.6 transaction that was found running under an id that is not ours. */
export function adoptedKey(chargePointId: string, itsId: number): string {
  return `transaction:${chargePointId}:adopted:${itsId}`;
}

/** Our id of the transaction that a 1.6 charge point names: what it repeats is ours, but for what was found running. */
export function ourId(context: DecideContext, chargePointId: string, itsId: number): number {
  const adopted = context.findByKey(adoptedKey(chargePointId, itsId));
  return (adopted?.data as { transactionId: number } | undefined)?.transactionId ?? itsId;
}

interface About {
  readonly chargePointId: string;
  readonly connector: number;
  readonly transactionId?: number;
  readonly remoteId?: string;
}

/** The message with its connector: that of the open transaction it names, where it does not say (2.0.1 E02). */
export function located<T extends About>(context: DecideContext, input: T): T {
  const { chargePointId, remoteId } = input;
  if (input.connector !== 0 || (input.transactionId === undefined && remoteId === undefined)) return input;
  const transactionId = input.transactionId && ourId(context, chargePointId, input.transactionId);
  const session = Object.values(context.state.sessions.open).find(
    (open) =>
      open.chargePointId === chargePointId &&
      (remoteId === undefined ? open.transactionId === transactionId : open.remoteId === remoteId),
  );
  return session ? { ...input, connector: session.connectorId } : input;
}

/** The EVSE behind a charge point's connector (1.6) or EVSE id (2.0.1). */
export function evseAt(site: SiteModel, chargePointId: string, connector: number): EvseModel | undefined {
  return site.evses.find((evse) => evse.chargePointId === chargePointId && evse.connector === connector);
}

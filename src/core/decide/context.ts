import type { Envelope } from "../fact.ts";
import type { EvseModel, SiteModel } from "../site-model.ts";
import type { SiteState } from "../state.ts";

/** What a decision about a charge point's message may know. */
export interface DecideContext {
  readonly site: SiteModel;
  readonly state: SiteState;
  /** Wall clock, epoch ms. */
  readonly nowMs: number;
  /** The fact that has this idempotency key already. */
  findByKey(key: string): Envelope | undefined;
}

/** The EVSE behind a charge point's connector (1.6) or EVSE id (2.0.1). */
export function evseAt(site: SiteModel, chargePointId: string, connector: number): EvseModel | undefined {
  return site.evses.find((evse) => evse.chargePointId === chargePointId && evse.connector === connector);
}

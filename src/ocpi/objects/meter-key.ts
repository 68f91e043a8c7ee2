/** The public key of an EVSE's meter, where somebody told it. */
import type { Market } from "./location.ts";

export interface KnownKey {
  readonly key: string;
  readonly from: "site.yaml" | "charge-point";
}

/** The configuration's word counts before the charge point's own. */
export function knownMeterKey(market: Omit<Market, "version">, evseId: string): KnownKey | undefined {
  const configured = market.upstream.evses.find(({ id }) => id === evseId)?.meterPublicKey;
  if (configured !== undefined) return { key: configured, from: "site.yaml" };
  const evse = market.site.evseById.get(evseId);
  const known = evse && market.state.chargePoints.byId[evse.chargePointId]?.meterKeys;
  const isOnly = market.site.evses.filter(({ chargePointId }) => chargePointId === evse?.chargePointId).length === 1;
  const key = evse && (known?.[evse.connector] ?? (isOnly ? known?.["0"] : undefined));
  return key === undefined ? undefined : { key, from: "charge-point" };
}

/** Facts about partners in the market, as lines of text. */

// biome-ignore lint/suspicious/noExplicitAny: a fact of an unknown type has fields of unknown types
type Data = Record<string, any>;

const kwh = (wh: unknown) => `${(Number(wh) / 1000).toFixed(2)} kWh`;

export const MARKET_LINES: Readonly<Record<string, (data: Data) => string>> = {
  "partner-registered": (data) => `${data.partnerId} is registered on OCPI ${data.version}`,
  "partner-unregistered": (data) => `${data.partnerId} is no longer registered`,
  "partner-refused": (data) => `${data.partnerId} asked for ${data.what} and did not get it: ${data.reason}`,
  "partner-request-accepted": (data) => `${data.partnerId} asked for ${data.kind}; its result follows`,
  "partner-request-answered": (data) =>
    data.heard
      ? `${data.partnerId} has the result ${data.result}`
      : `${data.partnerId} did not take the result ${data.result}: ${data.reason}`,
  "driver-authorised": (data) =>
    `${data.contract.partnerId} ${data.allowed ? "lets its driver charge" : `does not let its driver charge (${data.answer})`}`,
  "cdr-issued": (data) => `The record of ${kwh(data.energyWh)} at ${data.evseId} is made`,
  "cdr-delivered": (data) =>
    data.taken
      ? `${data.partnerId} has the record ${data.cdrId}`
      : `${data.partnerId} did not want the record ${data.cdrId}: ${data.reason}`,
  "signed-values-checked": (data) =>
    `The meter's signature at ${data.evseId} is ${data.verdict}${data.keyFrom ? ` (key from ${data.keyFrom})` : ""}`,
  "optimisation-context-received": (data) => `${data.partnerId} told prices or limits to plan with`,
  "optimisation-context-ended": (data) => `What ${data.partnerId} told to plan with counts no longer`,
  "charging-profile-received": (data) => `${data.partnerId} caps the session at ${data.evseId}`,
  "charging-profile-ended": (data) => `The cap of ${data.partnerId} at ${data.evseId} has ended: ${data.reason}`,
  "preferences-agreed": (data) => `${data.partnerId}: its driver at ${data.evseId} wants ${data.preference}`,
  "reservation-made": (data) => `${data.evseId} is kept for a driver of ${data.partnerId}`,
  "reservation-cancelled": (data) => `A reservation of ${data.partnerId} is cancelled`,
};

/** A party of the market: country and party id, in capitals. */
export interface PartyName {
  readonly countryCode: string;
  readonly partyId: string;
}

export const isSameParty = (one: PartyName, other: PartyName) =>
  one.countryCode === other.countryCode && one.partyId === other.partyId;

/** What the API and the command line may see and ask of the partners: the port that the OCPI room implements. */
import { type Static, Type } from "typebox";

export const PartnerStatusSchema = Type.Object({
  id: Type.String(),
  registered: Type.Boolean(),
  pending: Type.Integer({ description: "Objects that wait to be sent" }),
  refusedRecords: Type.Integer({ description: "CDRs that it did not want; they are kept, `send` sends them again" }),
  refusedReason: Type.Optional(Type.String({ description: "Why it did not want the last one, in its own words" })),
  nextAttemptMs: Type.Optional(Type.Number({ description: "It does not answer; when it is tried again" })),
  version: Type.Optional(Type.String()),
  sinceMs: Type.Optional(Type.Number()),
  parties: Type.Array(Type.String({ description: "Role, country, party and name" })),
  lastSentMs: Type.Optional(Type.Number()),
  lastHeardMs: Type.Optional(Type.Number()),
  lastProblem: Type.Optional(Type.String()),
  lastProblemMs: Type.Optional(Type.Number()),
});
export type PartnerStatus = Static<typeof PartnerStatusSchema>;

/** What came of an attempt, in words for people. */
export interface Attempt {
  readonly ok: boolean;
  readonly message: string;
}

export interface UpstreamAdmin {
  status(): readonly PartnerStatus[];
  /** A token with which a partner may register with us; missing where there is no such partner. */
  issueToken(partnerId: string): string | undefined;
  register(partnerId: string, token: string, versionsUrl?: string): Promise<Attempt>;
  /** New tokens in both directions, versions and endpoints read again. */
  update(partnerId: string): Promise<Attempt>;
  unregister(partnerId: string): Promise<Attempt>;
  /** Sends what waits now, also out of a pause. */
  send(partnerId: string): Promise<Attempt>;
}

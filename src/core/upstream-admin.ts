/** What the API and the command line may see and ask of the partners: the port that the OCPI room implements. */
import { type Static, Type } from "./schema.ts";

const CONDITIONS = ["well", "sending", "away", "refusing", "unregistered"] as const;
const ConditionSchema = Type.Unsafe<(typeof CONDITIONS)[number]>(
  Type.Union(
    CONDITIONS.map((name) => Type.Literal(name)),
    { description: "In one word" },
  ),
);
const Count = Type.Integer({ minimum: 0 });

export const PartnerStatusSchema = Type.Object({
  id: Type.String(),
  text: Type.String({ description: "How it stands, what waits, and what to do, in English words" }),
  condition: ConditionSchema,
  registered: Type.Boolean(),
  pending: Type.Integer({ description: "Objects that wait to be sent" }),
  waiting: Type.Object(
    {
      place: Count,
      sessions: Count,
      records: Count,
      profiles: Count,
      results: Count,
      contexts: Count,
    },
    { description: "The same by kind, and results that were promised" },
  ),
  refusedRecords: Type.Integer({ description: "CDRs that it did not want; they are kept, `send` sends them again" }),
  refusedReason: Type.Optional(Type.String({ description: "Why it did not want the last one, in its own words" })),
  nextAttemptMs: Type.Optional(Type.Number({ description: "It does not answer; when it is tried again" })),
  version: Type.Optional(Type.String()),
  sinceMs: Type.Optional(Type.Number()),
  parties: Type.Array(
    Type.Object({ role: Type.String(), countryCode: Type.String(), partyId: Type.String(), name: Type.String() }),
  ),
  modules: Type.Array(Type.String(), { description: "What it offers, as `identifier ROLE`" }),
  may: Type.Array(Type.String(), { description: "What its contracts let it ask for" }),
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

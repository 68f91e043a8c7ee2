/**
 * Who may ask what, and who wins: safety and the grid operator stand above all of this, then a driver's override, then
 * profiles of partners, then the site's plan. Decided once, before anything reaches a charge point; what loses is a fact.
 */
import type { SiteDraft } from "../facts/index.ts";
import type { PartnerConfiguration, PartnerRight } from "../site/site-upstream.ts";
import type { Session } from "../state/sessions.ts";
import type { SiteState } from "../state/state.ts";
import type { Ceiling, Profile } from "./profile.ts";

export interface Claim {
  readonly partner: PartnerConfiguration;
  readonly right: PartnerRight;
  readonly evseId: string;
  /** Whether the session belongs to a driver of the partner; what a partner commands is always its own. */
  readonly own: boolean;
}

/** Why a claim is not covered by the partner's contract; missing where it is. */
export function whyNotCovered({ partner, right, evseId, own }: Claim): string | undefined {
  const rights = partner.contracts.filter(({ may }) => may.includes(right));
  if (rights.length === 0) return `No contract lets it ask for ${right}`;
  const here = rights.filter(({ evses }) => evses === undefined || evses.includes(evseId));
  if (here.length === 0) return `Its contract for ${right} does not cover EVSE ${evseId}`;
  if (own || here.some(({ tokens }) => tokens === "all")) return undefined;
  return `Its contract for ${right} covers its own drivers only`;
}

const sourceOf = (partnerId: string) => `partner:${partnerId}`;

/** A ceiling is taken, unless a driver has asked for full power. */
export function decideProfile(
  state: SiteState,
  session: Session,
  sender: { readonly partnerId: string; readonly party?: NonNullable<Profile["party"]> | undefined },
  ceiling: Ceiling,
): { readonly drafts: readonly SiteDraft[] } | { readonly refused: string } {
  const { transactionId, evseId } = session;
  if (state.sessions.overrides[evseId]) return { refused: "The driver has asked for full power" };
  const { partnerId, party } = sender;
  const data = { partnerId, transactionId, evseId, ceiling, ...(party ? { party } : {}) };
  return { drafts: [{ type: "charging-profile-received", source: sourceOf(partnerId), data }] };
}

function ended(
  session: Session,
  partnerId: string,
  reason: "cleared" | "overridden" | "rejected",
  by: string,
): SiteDraft {
  const { transactionId, evseId } = session;
  const data = { partnerId, transactionId, evseId, reason, by };
  return { type: "charging-profile-ended", source: by, data };
}

/** Takes a partner's own profile back; no drafts where it has none. */
export function decideClear(state: SiteState, session: Session, partnerId: string): readonly SiteDraft[] {
  const profiles = state.upstream.profiles[session.transactionId] ?? [];
  const has = profiles.some((profile) => profile.partnerId === partnerId);
  return has ? [ended(session, partnerId, "cleared", sourceOf(partnerId))] : [];
}

/** The profile of a partner on a session. */
export function ceilingOfPartner(state: SiteState, session: Session, partnerId: string): Ceiling | undefined {
  return state.upstream.profiles[session.transactionId]?.find((profile) => profile.partnerId === partnerId)?.ceiling;
}

/**
 * The charge point did not take a ceiling, and its sender is told so: the one before it holds again, where there was one.
 * No drafts where something else holds meanwhile.
 */
export function decideRejected(
  state: SiteState,
  session: Session,
  partnerId: string,
  { rejected, before }: { readonly rejected: Ceiling; readonly before?: Ceiling | undefined },
): readonly SiteDraft[] {
  const now = ceilingOfPartner(state, session, partnerId);
  if (!now || JSON.stringify(now) !== JSON.stringify(rejected)) return [];
  const by = `charge-point:${session.chargePointId}`;
  const { transactionId, evseId } = session;
  if (!before) return [ended(session, partnerId, "rejected", by)];
  return [
    {
      type: "charging-profile-received",
      source: sourceOf(partnerId),
      data: { partnerId, transactionId, evseId, ceiling: before },
    },
  ];
}

export interface Preferences {
  readonly preference: "cheap" | "fast" | "green" | "regular";
  readonly energyWh?: number;
  readonly departureMs?: number;
  readonly dischargeAllowed?: boolean;
}

/**
 * A driver's wish through a partner. FAST is an override: every profile on the session ends with it. Anything else takes
 * an override of the same partner back.
 */
export function decidePreferences(
  state: SiteState,
  session: Session,
  partnerId: string,
  wish: Preferences,
): readonly SiteDraft[] {
  const { transactionId, evseId } = session;
  const by = sourceOf(partnerId);
  const override = state.sessions.overrides[evseId];
  const isFast = wish.preference === "fast";
  const drafts: SiteDraft[] = [
    { type: "wish-stated", source: by, data: { evseId, by, ...wish } },
    { type: "preferences-agreed", source: by, data: { partnerId, transactionId, evseId, preference: wish.preference } },
  ];
  if (isFast) {
    const profiles = state.upstream.profiles[transactionId] ?? [];
    drafts.push(...profiles.map((profile) => ended(session, profile.partnerId, "overridden", by)));
    if (!override) drafts.push({ type: "override-changed", source: by, data: { evseId, active: true, by } });
  } else if (override?.by === by) {
    drafts.push({ type: "override-changed", source: by, data: { evseId, active: false, by } });
  }
  return drafts;
}

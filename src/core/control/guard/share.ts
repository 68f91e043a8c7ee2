/** Shares what is available: minimum currents first, then evenly upwards until something binds. */
import type { Constraint } from "../circuits/constraint.ts";
import type { Slack } from "../circuits/slack.ts";

export interface Claim {
  /** Position of the EVSE in the site. */
  readonly index: number;
  readonly minA: number;
  readonly wantedA: number;
  /** What it takes on top of that when all have what they want; missing where nothing. */
  readonly moreA?: number;
  /** It rises before the others: what it does not get now cannot be made up. */
  readonly first?: boolean;
  /** Lower goes first when not all can have their minimum. Asked only then. */
  readonly rank: () => number;
}

const TINY = 1e-6;

function wantsMinimum(claim: Claim): boolean {
  return claim.wantedA >= claim.minA - TINY;
}

/** What leaves somebody without its minimum current, by position of the EVSE. */
export type LeftOut = Map<number, Constraint>;

/** Minimum currents to all who want them, as long as they fit, and what left out the others; true when all did. */
function giveMinima(claims: readonly Claim[], given: Map<number, number>, slack: Slack, leftOut: LeftOut): boolean {
  leftOut.clear();
  for (const claim of claims) {
    const { currentA: roomA, binding } = slack.room(claim.index);
    const fits = wantsMinimum(claim) && roomA >= claim.minA - TINY;
    given.set(claim.index, fits ? claim.minA : 0);
    if (fits) slack.give(claim.index, claim.minA);
    else if (wantsMinimum(claim) && binding) leftOut.set(claim.index, binding);
  }
  return leftOut.size === 0;
}

function inOrder(claims: readonly Claim[]): Claim[] {
  return claims
    .map((claim) => ({ claim, rank: claim.rank() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ claim }) => claim);
}

/** Everybody rises together; who has what was wanted, or is bound, stops; the others go on. */
function fill(claims: readonly Claim[], given: Map<number, number>, slack: Slack): void {
  let active = claims.filter((claim) => claim.wantedA - given.get(claim.index)! > TINY);
  // Each round at least one stops.
  for (let round = claims.length; active.length > 0 && round > 0; round--) {
    let wanted = Number.POSITIVE_INFINITY;
    for (const claim of active) wanted = Math.min(wanted, claim.wantedA - given.get(claim.index)!);
    const step = Math.min(wanted, slack.commonStep(active.map((claim) => claim.index)));
    for (const { index } of active) {
      given.set(index, given.get(index)! + step);
      slack.give(index, step);
    }
    active = active.filter(
      (claim) => claim.wantedA - given.get(claim.index)! > TINY && slack.room(claim.index).currentA > TINY,
    );
  }
}

/** What rounding down left over goes out again, an ampere each in the order of the claims. */
function topUp(claims: readonly Claim[], given: Map<number, number>, slack: Slack): void {
  for (const { index, wantedA } of claims) {
    const heldA = given.get(index)!;
    if (wantedA - heldA < 1 - TINY || slack.room(index).currentA < 1 - TINY) continue;
    given.set(index, heldA + 1);
    slack.give(index, 1);
  }
}

/** Whole amperes, rounded down. */
function floor(claims: readonly Claim[], given: Map<number, number>, slack: Slack): void {
  for (const claim of claims) {
    const exact = given.get(claim.index)!;
    const whole = Math.max(claim.minA, Math.floor(exact + TINY));
    given.set(claim.index, whole);
    slack.give(claim.index, whole - exact);
  }
}

/** What is left when all have what they want goes to those who take more, evenly; who has nothing begins with its minimum. */
function giveMore(claims: readonly Claim[], given: Map<number, number>, slack: Slack): void {
  const takers = claims.flatMap((claim): Claim[] => {
    const { moreA = 0, minA } = claim;
    return moreA >= Math.max(minA, given.get(claim.index)! + 1) - TINY ? [{ ...claim, wantedA: moreA }] : [];
  });
  if (takers.length === 0) return;
  for (const { index, minA } of inOrder(takers.filter((claim) => given.get(claim.index) === 0))) {
    if (slack.room(index).currentA < minA - TINY) continue;
    given.set(index, minA);
    slack.give(index, minA);
  }
  const charging = takers.filter((claim) => given.get(claim.index)! > 0);
  fill(charging, given, slack);
  floor(charging, given, slack);
}

/**
 * Gives each claim 0, or between its minimum and what it wants (or takes on top), within the slack. Whole amperes, rounded down, so that
 * the sum holds. By position of the EVSE; `leftOut` comes back with what leaves somebody without anything.
 */
export function share(claims: readonly Claim[], slack: Slack, leftOut: LeftOut = new Map()): Map<number, number> {
  const given = new Map<number, number>();
  if (!giveMinima(claims, given, slack, leftOut)) {
    for (const [index, currentA] of given) slack.give(index, -currentA);
    giveMinima(inOrder(claims), given, slack, leftOut);
  }
  const charging = claims.filter((claim) => given.get(claim.index)! > 0);
  fill(
    charging.filter(({ first }) => first),
    given,
    slack,
  );
  fill(charging, given, slack);
  floor(charging, given, slack);
  topUp(charging, given, slack);
  giveMore(claims, given, slack);
  return given;
}

/** How it stands with a partner, for people: the page, the API and the command line. */

import type { SiteState } from "../core/state/state.ts";
import { localTime } from "../core/time/local-time.ts";
import type { PartnerStatus } from "../core/upstream-admin.ts";
import { en } from "../core/words/en.ts";
import type { PartnerWords, WaitingKind } from "../core/words/words.ts";
import { refusedBy } from "./delivery/books.ts";
import { REFUSED } from "./delivery/deliveries.ts";
import type { Pump } from "./delivery/pump.ts";
import type { Partner } from "./partner.ts";

/** By the kind of an object as the pump names it. */
const KINDS: Readonly<Record<string, WaitingKind>> = {
  everything: "place",
  evse: "place",
  "charge-point": "place",
  session: "sessions",
  reserved: "sessions",
  cdr: "records",
  profile: "profiles",
  "profiles-at": "profiles",
  optimisation: "contexts",
};

type Waiting = PartnerStatus["waiting"];

function waitingOf(pending: readonly string[], results: number): Waiting {
  const waiting: Waiting = { place: 0, sessions: 0, records: 0, profiles: 0, results, contexts: 0 };
  for (const name of pending) {
    const kind = KINDS[name.slice(0, name.indexOf(":"))];
    if (kind) waiting[kind]++;
  }
  return waiting;
}

function conditionOf(status: Omit<PartnerStatus, "condition" | "text">): PartnerStatus["condition"] {
  if (!status.registered) return "unregistered";
  if (status.nextAttemptMs !== undefined) return "away";
  if (status.refusedRecords > 0) return "refusing";
  return status.pending > 0 ? "sending" : "well";
}

interface Now {
  readonly state: SiteState;
  readonly nowMs: number;
  readonly timeZone: string;
}

function textOf(
  status: Omit<PartnerStatus, "condition" | "text">,
  calledOnly: boolean,
  { nowMs, timeZone }: Now,
): string {
  const { id, sinceMs, lastHeardMs, nextAttemptMs, lastProblem, waiting, refusedRecords, refusedReason } = status;
  const time = (ms: number) => localTime(ms, nowMs, timeZone);
  const words: PartnerWords = {
    id,
    waiting,
    refusedRecords,
    calledOnly,
    ...(sinceMs === undefined ? {} : { since: time(sinceMs) }),
    ...(lastHeardMs === undefined ? {} : { lastHeard: time(lastHeardMs) }),
    ...(nextAttemptMs === undefined ? {} : { nextAttempt: time(nextAttemptMs) }),
    ...(lastProblem === undefined ? {} : { problem: lastProblem }),
    ...(refusedReason === undefined ? {} : { refusedReason }),
  };
  return en.partner(words);
}

/** The state of a partner. */
export function statusOf(partner: Partner, pump: Pump | undefined, now: Now): PartnerStatus {
  const { refusedCdrs, results } = now.state.upstream;
  const known = partner.registration();
  const refused = refusedBy(refusedCdrs, partner.id);
  const last = refused.at(-1);
  const pending = (pump?.pending ?? []).filter((name) => name !== REFUSED);
  const promised = Object.values(results).filter(({ partnerId }) => partnerId === partner.id).length;
  const status = {
    id: partner.id,
    registered: known !== undefined,
    pending: pending.length,
    waiting: waitingOf(pending, promised),
    refusedRecords: refused.length,
    parties: [...(known?.parties ?? [])],
    modules: (known?.endpoints ?? []).map(({ identifier, role }) => `${identifier} ${role}`),
    may: [...new Set(partner.configuration.contracts.flatMap(({ may }) => may))],
    ...(known ? { version: known.version, sinceMs: known.sinceMs } : {}),
    ...(pump?.nextMs === undefined ? {} : { nextAttemptMs: pump.nextMs }),
    ...(last ? { refusedReason: last.reason } : {}),
    ...partner.traffic,
  };
  const calledOnly = partner.has("no-credentials-exchange");
  return { ...status, condition: conditionOf(status), text: textOf(status, calledOnly, now) };
}

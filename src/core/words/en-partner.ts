/** English: how it stands with an OCPI partner, and what to do. */
import type { PartnerWords, WaitingKind } from "./words.ts";

const KINDS: Readonly<Record<WaitingKind, readonly [string, string]>> = {
  place: ["the place and its tariffs", "changes of the place"],
  sessions: ["1 session", "sessions"],
  records: ["1 record", "records"],
  profiles: ["1 profile", "profiles"],
  results: ["1 result", "results"],
  contexts: ["the context of the plan", "contexts"],
};

function waitingText(waiting: PartnerWords["waiting"]): string {
  const parts = Object.entries(waiting).flatMap(([kind, count]) => {
    const [one, many] = KINDS[kind as WaitingKind];
    return count > 0 ? [count === 1 ? one : `${count} ${many}`] : [];
  });
  return parts.length < 2 ? (parts[0] ?? "") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

/** What systems say where nobody is reached. */
const UNREACHED: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing answers at its address",
  ECONNRESET: "it broke the connection off",
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "its name cannot be looked up at present",
  ETIMEDOUT: "no answer in time",
  EHOSTUNREACH: "there is no way to it",
  ENETUNREACH: "there is no network",
};

/** The reason alone, in words where there are some. */
function plain(problem: string): string {
  const reason = problem.replace(/^[A-Z]+ \S+: /, "");
  return UNREACHED[reason] ?? reason;
}

function exchanged({ waiting, nextAttempt, lastHeard, problem }: PartnerWords): string {
  const what = waitingText(waiting);
  const heard = lastHeard === undefined ? "not heard of since the controller started" : `last heard ${lastHeard}`;
  if (nextAttempt !== undefined)
    return `It does not take what it is sent${problem === undefined ? "" : `: ${plain(problem)}`}; ${heard}. Charging goes on. ${what === "" ? "It" : `Waiting for it: ${what}. It`} is tried again at ${nextAttempt}.`;
  if (what !== "") return `It is being sent ${what}, ${heard}.`;
  return `It has everything, ${heard}.`;
}

/** Its state, what waits, and what to do. */
export function partner(words: PartnerWords): string {
  const { id, since, refusedRecords, refusedReason } = words;
  if (since === undefined) {
    const handed = words.calledOnly
      ? "Use its token"
      : `Hand it a token (\`wattledger ocpi token ${id}\`) or use its own`;
    return `Not registered, so nothing is exchanged. ${handed} (\`wattledger ocpi register ${id} --token-file FILE\`).`;
  }
  if (refusedRecords === 0) return exchanged(words);
  const why = refusedReason === undefined ? "" : ` (${refusedReason})`;
  const [what, they] = refusedRecords === 1 ? ["a record", "It is"] : [`${refusedRecords} records`, "They are"];
  return `${exchanged(words)} It did not want ${what}${why}. ${they} kept; when it is put right, \`wattledger ocpi send ${id}\` sends them again.`;
}

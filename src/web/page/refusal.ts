/** What the controller refused, as people at the page are told it. */

/** Body of a refusal (RFC 9457). */
export interface Problem {
  readonly title: string;
  readonly detail: string;
}

/** What to send, and where else to look, is for programs. */
const FOR_PROGRAMS = /^(Send|See) /;

/** The sentence of a refusal; nothing where there was no answer that says why. */
export function refusalText(problem: Partial<Problem> | undefined): string | undefined {
  if (problem?.title === undefined) return undefined;
  const { title, detail = "" } = problem;
  return detail === "" || FOR_PROGRAMS.test(detail) ? `${title}.` : `${title}. ${detail}`;
}

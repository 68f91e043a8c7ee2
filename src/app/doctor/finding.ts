/** What the doctor found: one line for a person, and what to do where something has to be done. */
export interface Finding {
  readonly about: string;
  /** `unknown`: it could not be looked at, which is no fault by itself. */
  readonly state: "ok" | "warning" | "fault" | "unknown";
  readonly text: string;
  readonly advice?: string;
}

/** Makes findings about one thing. */
export function findingsOn(about: string) {
  return {
    ok: (text: string): Finding => ({ about, state: "ok", text }),
    unknown: (text: string): Finding => ({ about, state: "unknown", text }),
    warning: (text: string, advice: string): Finding => ({ about, state: "warning", text, advice }),
    fault: (text: string, advice: string): Finding => ({ about, state: "fault", text, advice }),
  };
}

const MARKS = { ok: "ok     ", warning: "WARNING", fault: "FAULT  ", unknown: "?      " } as const;
const ABOUT_WIDTH = 14;

/** One line, and the advice on one below it. */
export function findingText({ about, state, text, advice }: Finding): string {
  const line = `${MARKS[state]}  ${about.padEnd(ABOUT_WIDTH)} ${text}`;
  return advice === undefined ? line : `${line}\n         ${" ".repeat(ABOUT_WIDTH)} -> ${advice}`;
}

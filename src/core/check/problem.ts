/** Something that a person has to put right in a configuration. */
export interface Problem {
  readonly severity: "error" | "warning";
  /** Where in the document. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** What to do. */
  readonly advice: string;
}

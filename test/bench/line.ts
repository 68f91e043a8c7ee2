/** One figure. `limit` is the budget that it stands beside. */
export interface BenchLine {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly limit?: number;
  readonly detail?: string;
}

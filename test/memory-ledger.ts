/** A ledger in memory that refuses or hangs as a disk does. */
import type { Envelope } from "../src/core/facts/fact.ts";
import type { SiteFact } from "../src/core/facts/index.ts";
import type { Ledger } from "../src/core/ports.ts";
import { assertValidFact } from "../src/ledger/index.ts";

/** A ledger in memory that a second controller can be started from. */
export class MemoryLedger implements Ledger {
  readonly facts: SiteFact[] = [];
  refuse: string | undefined;
  #held: Promise<void> | undefined;
  #release = () => {};
  /** A disk that hangs: nothing is written, nothing refused, until it is let go. */
  hold(): void {
    this.#held = new Promise((resolve) => {
      this.#release = resolve;
    });
  }
  letGo(): void {
    this.#held = undefined;
    this.#release();
  }
  get isHeld(): boolean {
    return this.#held !== undefined;
  }
  get lastSeq(): number {
    return this.facts.length;
  }
  async append(facts: readonly SiteFact[]): Promise<void> {
    await this.#held;
    if (this.refuse !== undefined) throw new Error(this.refuse);
    for (const fact of facts) {
      if (fact.seq !== this.facts.length + 1) throw new Error(`gap at ${fact.seq}`);
      assertValidFact(fact);
      this.facts.push(fact);
    }
  }
  findByKey(key: string): Envelope | undefined {
    return this.facts.find((fact) => fact.key === key);
  }
  read(afterSeq: number, limit: number): readonly Envelope[] {
    return this.facts.slice(afterSeq, afterSeq + limit);
  }
  saveSnapshot(): void {}
  close(): void {}
}

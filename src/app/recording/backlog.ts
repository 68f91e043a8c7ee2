/** Facts that wait for a disk that refuses: bounded, in order, numbered so that the ledger gets no gap. */
import type { SiteFact } from "../../core/facts/index.ts";
import { evolve, type SiteState } from "../../core/state/state.ts";

const FACTS_MAX = 5000;
/** Given up at once when it is full: to refold for each single fact would cost the guard its time. */
const GIVEN_UP_AT_ONCE = 500;

export class Backlog {
  #facts: SiteFact[] = [];
  #dropped = 0;
  #committed: SiteState;
  #state: SiteState;
  readonly #byKey = new Map<string, SiteFact>();

  constructor(state: SiteState) {
    this.#committed = state;
    this.#state = state;
  }

  get length(): number {
    return this.#facts.length;
  }

  /** Facts that were given up, the oldest ones of a full backlog. */
  get dropped(): number {
    return this.#dropped;
  }

  /** State of the disk, and of what waits. */
  get state(): SiteState {
    return this.#state;
  }

  findByKey(key: string): SiteFact | undefined {
    return this.#byKey.get(key);
  }

  /** The oldest facts that wait. */
  first(count: number): readonly SiteFact[] {
    return this.#facts.slice(0, count);
  }

  /** The oldest ones reached the disk. */
  written(count: number): void {
    for (const fact of this.#facts.splice(0, count)) {
      this.#committed = evolve(this.#committed, fact);
      if (fact.key !== undefined) this.#byKey.delete(fact.key);
    }
  }

  /** Nothing waits, and the disk is at this state. */
  committed(state: SiteState): void {
    this.#committed = state;
    this.#state = state;
  }

  /** Keeps facts for later, behind those that wait. */
  keep(facts: readonly SiteFact[]): void {
    const tooMany = this.#facts.length + facts.length - FACTS_MAX;
    if (tooMany <= 0) {
      for (const fact of facts) this.#push(fact);
      return;
    }
    const all = [...this.#facts, ...facts];
    const givenUp = Math.min(all.length, Math.max(tooMany, GIVEN_UP_AT_ONCE));
    this.#dropped += givenUp;
    this.#facts = [];
    this.#byKey.clear();
    this.#state = this.#committed;
    for (const fact of all.slice(givenUp)) this.#push(fact);
  }

  #push(fact: SiteFact): void {
    const renumbered = { ...fact, seq: this.#state.seq + 1 };
    this.#state = evolve(this.#state, renumbered);
    this.#facts.push(renumbered);
    if (renumbered.key !== undefined) this.#byKey.set(renumbered.key, renumbered);
  }
}

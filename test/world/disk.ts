/** The disk of the controller: a real ledger file or facts in memory, behind faults that come and go. */
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../src/app/log.ts";
import type { Envelope } from "../../src/core/facts/fact.ts";
import type { SiteFact } from "../../src/core/facts/index.ts";
import type { Clock, Ledger } from "../../src/core/ports.ts";
import { evolve, initialState, type SiteState } from "../../src/core/state/state.ts";
import { assertValidFact, openLedger } from "../../src/ledger/index.ts";

export interface Opened {
  readonly ledger: Ledger;
  readonly state: SiteState;
  readonly cleanStop: boolean;
}

/** Where a commit costs no wear: the world commits thousands of times. */
const FAST = "/dev/shm";

export class SimulatedDisk {
  /** Why it refuses at present. */
  refuses: string | undefined;
  /** Milliseconds that each commit takes on top, in virtual time; infinite hangs until {@link letGo}. */
  slowMs = 0;
  /** A commit that is on its way to the file; the world waits for it. */
  flight: Promise<unknown> | undefined;
  readonly #root: string | undefined;
  readonly #clock: Clock;
  #facts: SiteFact[] = [];
  #boots = 0;
  #directory = "";
  #file: Ledger | undefined;
  #hung: (() => void)[] = [];

  constructor(kind: "file" | "memory", clock: Clock) {
    this.#clock = clock;
    this.#root =
      kind === "file" ? mkdtempSync(join(existsSync(FAST) ? FAST : tmpdir(), "wattledger-world-")) : undefined;
  }

  /** Opens what the boots before have left, as after a crash: without their goodbye. */
  open(): Opened {
    this.#boots++;
    this.#hung = [];
    if (this.#root === undefined) {
      const ledger = this.#guarded(memoryLedger(this.#facts));
      return { ledger, state: refold(this.#facts), cleanStop: this.#boots === 1 };
    }
    const directory = join(this.#root, `boot-${this.#boots}`);
    if (this.#boots > 1) this.#copyTo(directory);
    this.#file?.close();
    this.#directory = directory;
    const { ledger, state, cleanStop } = openLedger({ directory, log: silentLog });
    this.#file = ledger;
    return { ledger: this.#guarded(ledger), state, cleanStop };
  }

  /** What a process that is killed leaves behind: everything written, nothing closed. */
  #copyTo(directory: string): void {
    const isLedger = (path: string) => !path.endsWith(".lock") && !path.endsWith("-shm");
    cpSync(this.#directory, directory, { recursive: true, filter: isLedger });
  }

  /** Facts on the disk after the first `known`. */
  factsAfter(known: number): readonly SiteFact[] {
    if (this.#root === undefined) return this.#facts.slice(known);
    const facts: SiteFact[] = [];
    for (;;) {
      const more = this.#file!.read(facts.at(-1)?.seq ?? known, 1000) as SiteFact[];
      if (more.length === 0) return facts;
      facts.push(...more);
    }
  }

  /** A disk that hung goes on. */
  letGo(): void {
    this.slowMs = 0;
    for (const go of this.#hung.splice(0)) go();
  }

  close(): void {
    this.#file?.close();
    if (this.#root !== undefined) rmSync(this.#root, { recursive: true, force: true });
  }

  #guarded(ledger: Ledger): Ledger {
    const boot = this.#boots;
    return {
      get lastSeq() {
        return ledger.lastSeq;
      },
      append: (facts) => this.#append(ledger, boot, facts),
      findByKey: (key) => ledger.findByKey(key),
      read: (afterSeq, limit) => ledger.read(afterSeq, limit),
      saveSnapshot: (state) => ledger.saveSnapshot(state),
      close: () => ledger.close(),
    };
  }

  async #append(ledger: Ledger, boot: number, facts: readonly SiteFact[]): Promise<void> {
    const { slowMs } = this;
    if (slowMs === Number.POSITIVE_INFINITY) await new Promise<void>((resolve) => this.#hung.push(resolve));
    else if (slowMs > 0) await new Promise<void>((resolve) => this.#clock.after(slowMs, "slow disk", resolve));
    // Whoever asked is dead: nothing reaches the disk any more, nobody hears.
    if (boot !== this.#boots) return new Promise(() => {});
    if (this.refuses !== undefined) throw new Error(this.refuses);
    const flight = ledger.append(facts);
    this.flight = flight.catch(() => undefined);
    try {
      await flight;
    } finally {
      this.flight = undefined;
    }
  }
}

/** The state by folding all facts from the first on. */
export function refold(facts: readonly SiteFact[]): SiteState {
  return facts.reduce(evolve, initialState());
}

function memoryLedger(facts: SiteFact[]): Ledger {
  const keyed = new Map<string, Envelope>();
  for (const fact of facts) if (fact.key !== undefined) keyed.set(fact.key, fact);
  return {
    get lastSeq() {
      return facts.length;
    },
    async append(more) {
      more.forEach((fact, index) => {
        assertValidFact(fact);
        if (fact.seq !== facts.length + 1 + index) throw new Error(`a gap in the ledger at fact ${fact.seq}`);
        if (fact.key !== undefined && keyed.has(fact.key)) throw new Error(`the key ${fact.key} is taken`);
      });
      for (const fact of more) {
        facts.push(fact);
        if (fact.key !== undefined) keyed.set(fact.key, fact);
      }
    },
    findByKey: (key) => keyed.get(key),
    read: (afterSeq, limit) => facts.slice(afterSeq, afterSeq + limit),
    saveSnapshot: () => {},
    close: () => {},
  };
}

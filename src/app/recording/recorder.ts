/**
 * The one writer: gives facts their sequence, folds them into the state and gets them to disk, in that order for
 * everybody who asks. Who asks with `record` hears of success only when the facts are on disk. Facts of the control
 * loop (`note`) must not be lost when the disk is full for a while: they wait in a bounded backlog and go first.
 */
import type { Draft, Envelope } from "../../core/facts/fact.ts";
import { FACT_DECLARATIONS, type SiteDraft, type SiteFact } from "../../core/facts/index.ts";
import type { Clock, Ledger, LedgerDamage, Log } from "../../core/ports.ts";
import { evolve, type SiteState } from "../../core/state/state.ts";
import { assertValidFact, LedgerError } from "../../ledger/index.ts";
import { Backlog } from "./backlog.ts";

const QUEUE_MAX = 10_000;
/** What waited goes to the disk in pieces: a disk that still refuses is found out with little work. */
const PIECE_FACTS = 200;

/** What a caller wants recorded, given the state at its turn, and what it is answered once that is on disk. */
export interface Decision<Answer> {
  readonly drafts: readonly SiteDraft[];
  readonly answer: Answer;
}

interface Job {
  decide(state: SiteState): readonly SiteDraft[];
  done(facts: readonly SiteFact[]): void;
  failed(error: unknown): void;
  /** The disk refused and the facts wait in the backlog. Without it they are dropped, and the job has failed. */
  readonly waits?: (facts: readonly SiteFact[]) => void;
}

/** Asks the disk again. */
const NOTHING: Job = { decide: () => [], done() {}, failed() {} };

interface Failure {
  readonly reason: string;
  readonly sinceMs: number;
  readonly droppedBefore: number;
}

/** The disk, as it is now. */
export interface LedgerHealth {
  readonly lastCommitMs: number;
  /** Why it refuses at present, and since when (epoch ms). */
  readonly failure?: string;
  readonly failingSinceMs?: number;
  /** Facts that wait for it, and facts that were given up since the start. */
  readonly backlog: number;
  readonly dropped: number;
  /** Facts that were recorded before are not whole any more. */
  readonly damage?: LedgerDamage;
}

export interface RecorderOptions {
  readonly ledger: Ledger;
  readonly state: SiteState;
  readonly boot: string;
  readonly clock: Clock;
  readonly log: Log;
}

function isInvalid(error: unknown): boolean {
  return error instanceof LedgerError && error.kind === "invalid-fact";
}

/** What was decided, and the facts of it that are on disk. */
interface Recorded<Answer> {
  readonly answer: Answer;
  readonly facts: readonly SiteFact[];
}

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #listeners = new Set<(facts: readonly SiteFact[]) => void>();
  #queue: Job[] = [];
  #running = false;
  readonly #backlog: Backlog;
  #lastCommitMs = 0;
  #failure: Failure | undefined;
  /** Facts with a key that are being decided. */
  readonly #keyed = new Map<string, SiteFact>();

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#backlog = new Backlog(options.state);
  }

  state(): SiteState {
    return this.#backlog.state;
  }

  health(): LedgerHealth {
    const failing = this.#failure && { failure: this.#failure.reason, failingSinceMs: this.#failure.sinceMs };
    const { length, dropped } = this.#backlog;
    const { damage } = this.#options.ledger;
    const damaged = damage && { damage };
    return { lastCommitMs: this.#lastCommitMs, backlog: length, dropped, ...failing, ...damaged };
  }

  /** The fact with this idempotency key, be it on disk, in the backlog or just being decided. */
  findByKey(key: string): Envelope | undefined {
    return this.#keyed.get(key) ?? this.#backlog.findByKey(key) ?? this.#options.ledger.findByKey(key);
  }

  /** Facts on disk after `seq`, oldest first, at most `limit`. */
  read(afterSeq: number, limit: number): readonly Envelope[] {
    return this.#options.ledger.read(afterSeq, limit);
  }

  /** Called with every batch that reached the disk. Returns a function that ends it. */
  subscribe(listener: (facts: readonly SiteFact[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Records what `decide` wants at its turn. Rejects when the disk refuses: nothing has happened then. */
  record<Answer>(decide: (state: SiteState) => Decision<Answer>): Promise<Recorded<Answer>> {
    return this.#answered(decide, false);
  }

  /**
   * Records what nobody tells again: it waits in the backlog while the disk refuses, and is answered all the same, with
   * no facts then. Rejects with a defect of `decide` only, or when too much waits.
   */
  keep<Answer>(decide: (state: SiteState) => Decision<Answer>): Promise<Recorded<Answer>> {
    return this.#answered(decide, true);
  }

  #answered<Answer>(decide: (state: SiteState) => Decision<Answer>, mayWait: boolean): Promise<Recorded<Answer>> {
    let answer: Answer;
    return new Promise((resolve, reject) => {
      this.#enqueue({
        decide: (state) => {
          const decision = decide(state);
          answer = decision.answer;
          return decision.drafts;
        },
        done: (facts) => resolve({ answer, facts }),
        failed: reject,
        ...(mayWait ? { waits: () => resolve({ answer, facts: [] }) } : {}),
      });
    });
  }

  /** Records facts of the control loop. Resolves with whether they are on disk already. */
  note(drafts: readonly SiteDraft[]): Promise<boolean> {
    if (drafts.length === 0) {
      const refuses = this.#failure !== undefined;
      if (refuses && !this.#running) this.#enqueue(NOTHING);
      return Promise.resolve(!refuses);
    }
    return new Promise((resolve) => {
      const later = () => resolve(false);
      this.#enqueue({ decide: () => drafts, done: () => resolve(true), failed: later, waits: later });
    });
  }

  #enqueue(job: Job): void {
    if (this.#queue.length >= QUEUE_MAX) {
      job.failed(new Error("The ledger is too slow: ten thousand records wait for it"));
      return;
    }
    this.#queue.push(job);
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    // Everything that was asked for in this turn of the event loop shares one commit: commits wear an SD card.
    await Promise.resolve();
    while (this.#queue.length > 0) await this.#commit(this.#queue.splice(0));
    this.#running = false;
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    const recorded: { job: Job; facts: SiteFact[] }[] = [];
    let state = this.#backlog.state;
    for (const job of jobs) {
      const result = this.#decide(job, state);
      if (!result) continue;
      recorded.push({ job, facts: result.facts });
      state = result.state;
    }
    const facts = recorded.flatMap((entry) => entry.facts);
    const error = (await this.#drain()) ?? (await this.#append(facts));
    this.#keyed.clear();
    if (error === undefined) {
      this.#backlog.committed(state);
      this.#announce(facts);
      for (const { job, facts: own } of recorded) job.done(own);
      return;
    }
    const waiting = recorded.filter(({ job }) => job.waits).flatMap((entry) => entry.facts);
    this.#backlog.keep(isInvalid(error) ? waiting.filter((fact) => this.#isSound(fact)) : waiting);
    // Who wanted nothing recorded has lost nothing.
    for (const { job, facts: own } of recorded) {
      if (own.length === 0) job.done(own);
      else if (job.waits) job.waits(own);
      else job.failed(error);
    }
  }

  /** A fact that the ledger can never take is left out: in the backlog it would keep all others out for ever. */
  #isSound(fact: SiteFact): boolean {
    try {
      assertValidFact(fact);
      return true;
    } catch (error) {
      this.#options.log.error("A fact is not as it was declared and is left out: a defect", { error: String(error) });
      return false;
    }
  }

  /** Writes what waits, the oldest first. Returns why the disk refuses. */
  async #drain(): Promise<unknown> {
    while (this.#backlog.length > 0) {
      const piece = this.#backlog.first(PIECE_FACTS);
      const error = await this.#append(piece);
      if (error !== undefined) return error;
      this.#backlog.written(piece.length);
      this.#announce(piece);
    }
    return undefined;
  }

  #decide(job: Job, state: SiteState): { facts: SiteFact[]; state: SiteState } | undefined {
    try {
      const facts: SiteFact[] = [];
      let next = state;
      for (const draft of job.decide(state)) {
        const fact = this.#assign(draft, next.seq + 1);
        facts.push(fact);
        if (fact.key !== undefined) this.#keyed.set(fact.key, fact);
        next = evolve(next, fact);
      }
      return { facts, state: next };
    } catch (error) {
      job.failed(error);
      return undefined;
    }
  }

  #assign(draft: Draft, seq: number): SiteFact {
    const { clock, boot } = this.#options;
    const declaration = FACT_DECLARATIONS.get(draft.type);
    if (!declaration) throw new Error(`No fact of type ${draft.type} is declared`);
    return {
      ...draft,
      seq,
      atMs: clock.wallMs(),
      monoMs: Math.round(clock.monoMs()),
      wallTrusted: clock.wallTrusted(),
      boot,
      version: declaration.version,
    } as SiteFact;
  }

  async #append(facts: readonly SiteFact[]): Promise<unknown> {
    if (facts.length === 0) return undefined;
    const { clock, ledger } = this.#options;
    const before = clock.monoMs();
    try {
      await ledger.append(facts);
    } catch (error) {
      this.#refused(error instanceof Error ? error.message : String(error));
      return error ?? new Error("refused");
    } finally {
      this.#lastCommitMs = clock.monoMs() - before;
    }
    if (this.#failure !== undefined) this.#resumed(this.#failure);
    return undefined;
  }

  #refused(reason: string): void {
    const { clock, log } = this.#options;
    if (this.#failure === undefined) log.error("The ledger refuses facts; charging goes on protected", { reason });
    const { sinceMs, droppedBefore } = this.#failure ?? {
      sinceMs: clock.wallMs(),
      droppedBefore: this.#backlog.dropped,
    };
    this.#failure = { reason, sinceMs, droppedBefore };
  }

  /** The gap in time, and what is missing for good, belong into the books. */
  #resumed({ reason, sinceMs, droppedBefore }: Failure): void {
    this.#failure = undefined;
    const data = { sinceMs, reason, keptFacts: this.#backlog.length, lostFacts: this.#backlog.dropped - droppedBefore };
    this.#options.log.info("The ledger takes facts again", data);
    void this.note([{ type: "ledger-resumed", source: "controller", data }]);
  }

  #announce(facts: readonly SiteFact[]): void {
    if (facts.length === 0) return;
    for (const listener of this.#listeners) {
      try {
        listener(facts);
      } catch (error) {
        this.#options.log.error("A listener to facts failed", { error: String(error) });
      }
    }
  }
}

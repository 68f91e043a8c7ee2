/**
 * The one writer: gives facts their sequence, folds them into the state and gets them to disk, in that order for
 * everybody who asks. Who asks with `record` hears of success only when the facts are on disk. Facts of the control
 * loop (`note`) must not be lost when the disk is full for a while: they wait in a bounded backlog and go first.
 */
import type { Draft, Envelope } from "../core/fact.ts";
import { FACT_DECLARATIONS, type SiteDraft, type SiteFact } from "../core/facts/index.ts";
import type { Clock, Ledger, Log } from "../core/ports.ts";
import { evolve, type SiteState } from "../core/state.ts";

const BACKLOG_MAX = 5000;
const QUEUE_MAX = 10_000;

/** What a caller wants recorded, given the state at its turn, and what it is answered once that is on disk. */
export interface Decision<Answer> {
  readonly drafts: readonly SiteDraft[];
  readonly answer: Answer;
}

interface Job {
  decide(state: SiteState): readonly SiteDraft[];
  done(facts: readonly SiteFact[]): void;
  failed(error: unknown): void;
  /** Whether its facts go to the backlog when the disk refuses. */
  readonly keep: boolean;
}

export interface RecorderOptions {
  readonly ledger: Ledger;
  readonly state: SiteState;
  readonly boot: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #listeners = new Set<(facts: readonly SiteFact[]) => void>();
  #queue: Job[] = [];
  #running = false;
  /** On disk. */
  #committed: SiteState;
  /** On disk, plus the backlog. */
  #state: SiteState;
  #backlog: SiteFact[] = [];
  #dropped = 0;
  #lastCommitMs = 0;
  #failure: string | undefined;
  /** Facts with a key that are decided but not in the ledger yet. */
  readonly #keyed = new Map<string, SiteFact>();

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#committed = options.state;
    this.#state = options.state;
  }

  state(): SiteState {
    return this.#state;
  }

  /** State of the disk: the last commit's duration, and why the disk refuses at present. */
  health(): {
    readonly lastCommitMs: number;
    readonly failure?: string;
    readonly backlog: number;
    readonly dropped: number;
  } {
    return {
      lastCommitMs: this.#lastCommitMs,
      backlog: this.#backlog.length,
      dropped: this.#dropped,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    };
  }

  /** The fact with this idempotency key, be it on disk, in the backlog or just being decided. */
  findByKey(key: string): Envelope | undefined {
    return this.#keyed.get(key) ?? this.#options.ledger.findByKey(key);
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
  record<Answer>(
    decide: (state: SiteState) => Decision<Answer>,
  ): Promise<{ answer: Answer; facts: readonly SiteFact[] }> {
    let answer: Answer;
    return new Promise((resolve, reject) => {
      this.#enqueue({
        keep: false,
        decide: (state) => {
          const decision = decide(state);
          answer = decision.answer;
          return decision.drafts;
        },
        done: (facts) => resolve({ answer, facts }),
        failed: reject,
      });
    });
  }

  /**
   * Records what nobody tells again: it waits in the backlog while the disk refuses, and is answered all the same.
   * Rejects with a defect of `decide` only, or when too much waits.
   */
  keep<Answer>(decide: (state: SiteState) => Decision<Answer>): Promise<Answer> {
    let decided: { readonly answer: Answer } | undefined;
    return new Promise((resolve, reject) => {
      this.#enqueue({
        keep: true,
        decide: (state) => {
          const decision = decide(state);
          decided = decision;
          return decision.drafts;
        },
        done: () => resolve(decided!.answer),
        failed: (error) => (decided ? resolve(decided.answer) : reject(error)),
      });
    });
  }

  /** Records facts of the control loop. Resolves with whether they are on disk already. */
  note(drafts: readonly SiteDraft[]): Promise<boolean> {
    if (drafts.length === 0) return Promise.resolve(this.#failure === undefined);
    return new Promise((resolve) => {
      this.#enqueue({
        keep: true,
        decide: () => drafts,
        done: () => resolve(true),
        failed: () => resolve(false),
      });
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
    const backlog = this.#backlog;
    const recorded: { job: Job; facts: SiteFact[] }[] = [];
    let state = this.#state;
    for (const job of jobs) {
      const result = this.#decide(job, state);
      if (!result) continue;
      recorded.push({ job, facts: result.facts });
      state = result.state;
    }
    const facts = recorded.flatMap((entry) => entry.facts);
    const error = await this.#append([...backlog, ...facts]);
    this.#keyed.clear();
    if (error === undefined) {
      this.#backlog = [];
      this.#committed = state;
      this.#state = state;
      this.#announce([...backlog, ...facts]);
      for (const { job, facts: own } of recorded) job.done(own);
    } else {
      this.#setAside(recorded.filter((entry) => entry.job.keep).flatMap((entry) => entry.facts));
      // Who wanted nothing recorded has lost nothing.
      for (const { job, facts: own } of recorded) {
        if (own.length === 0) job.done(own);
        else job.failed(error);
      }
    }
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
    const before = this.#options.clock.monoMs();
    try {
      await this.#options.ledger.append(facts);
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      if (this.#failure === undefined)
        this.#options.log.error("The ledger refuses facts; charging goes on protected", { failure });
      this.#failure = failure;
      return error ?? new Error(failure);
    } finally {
      this.#lastCommitMs = this.#options.clock.monoMs() - before;
    }
    if (this.#failure !== undefined)
      this.#options.log.info("The ledger takes facts again", { kept: this.#backlog.length });
    this.#failure = undefined;
    return undefined;
  }

  /** Keeps facts for later, renumbered after the backlog; the oldest of a full backlog are given up, and counted. */
  #setAside(facts: readonly SiteFact[]): void {
    const all = [...this.#backlog, ...facts];
    const kept = all.slice(-BACKLOG_MAX);
    this.#dropped += all.length - kept.length;
    let state = this.#committed;
    this.#backlog = kept.map((fact) => {
      const renumbered = { ...fact, seq: state.seq + 1 };
      state = evolve(state, renumbered);
      return renumbered;
    });
    this.#state = state;
    for (const fact of this.#backlog) if (fact.key !== undefined) this.#keyed.set(fact.key, fact);
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

/** The solver port: GLPK in a thread of its own, so that a hard plan never holds up a tick; this thread never loads it. */
import { Worker } from "node:worker_threads";
import type { PlanInput, PlanResult } from "../core/facts/plan-facts.ts";
import type { Log, Solver } from "../core/ports.ts";
import { ruleBasedPlan } from "../planner/rules/rules.ts";

/** Beyond its deadline a thread gets so long to end by itself. */
const GRACE_MS = 2_000;
/** It begins in some tenths of a second and holds 20 MB: too much to keep for the next quarter-hour. */
const IDLE_MS = 10_000;
const HEAP_MB = 256;
const YOUNG_MB = 4;

interface Job {
  readonly id: number;
  readonly input: PlanInput;
  readonly deadlineMs: number;
  readonly resolve: (result: PlanResult) => void;
}

export interface SolverOptions {
  readonly log: Log;
  /** The thread's file; tests put a silent one. */
  readonly workerUrl?: URL;
  /** How long a thread may go on beyond its deadline before it is ended, ms. */
  readonly graceMs?: number;
  /** How long a thread without work is kept, ms. */
  readonly idleMs?: number;
}

/**
 * The thread lives while there is something to plan. One plan is solved at a time; of those waiting only the last counts,
 * the others get a plan by rules. A thread that overruns or dies is replaced and its plan made by rules.
 */
export function createSolver({ log, workerUrl, graceMs = GRACE_MS, idleMs = IDLE_MS }: SolverOptions): Solver {
  let worker: Worker | undefined;
  let running: Job | undefined;
  let waiting: Job | undefined;
  let overrun: NodeJS.Timeout | undefined;
  let idle: NodeJS.Timeout | undefined;
  let nextId = 1;
  let closed = false;

  const byRules = (job: Job, detail: string) => job.resolve(ruleBasedPlan(job.input, detail));

  function next(): void {
    running = undefined;
    clearTimeout(overrun);
    const job = waiting;
    waiting = undefined;
    if (job) begin(job);
    else idle = setTimeout(rest, idleMs).unref();
  }

  function rest(): void {
    const resting = worker;
    worker = undefined;
    void resting?.terminate();
  }

  function fail(detail: string): void {
    const job = running;
    const failed = worker;
    worker = undefined;
    void failed?.terminate();
    if (!closed) log.warn("The planning thread is replaced; this plan is made by rules", { detail });
    if (job) byRules(job, detail);
    next();
  }

  function start(): Worker {
    const started = new Worker(workerUrl ?? new URL("./solver.worker.ts", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_MB },
    });
    started.unref();
    started.on("message", (answer: { readonly id: number; readonly result: PlanResult }) => {
      if (worker !== started || answer.id !== running?.id) return;
      running.resolve(answer.result);
      next();
    });
    started.on("error", (error) => worker === started && fail(`The planning thread failed: ${error.message}`));
    started.on("exit", (code) => worker === started && fail(`The planning thread ended (${code})`));
    return started;
  }

  function begin(job: Job): void {
    running = job;
    clearTimeout(idle);
    worker ??= start();
    overrun = setTimeout(() => fail(`No plan within ${job.deadlineMs} ms`), job.deadlineMs + graceMs);
    worker.postMessage({ id: job.id, input: job.input, deadlineMs: job.deadlineMs });
  }

  return {
    solve(input, deadlineMs) {
      return new Promise((resolve) => {
        const job: Job = { id: nextId++, input, deadlineMs, resolve };
        if (closed) return byRules(job, "The solver is closed");
        if (!running) return begin(job);
        if (waiting) byRules(waiting, "A newer plan was asked for");
        waiting = job;
      });
    },
    async close() {
      closed = true;
      clearTimeout(overrun);
      clearTimeout(idle);
      const last = worker;
      worker = undefined;
      for (const job of [running, waiting]) if (job) byRules(job, "The controller stops");
      running = undefined;
      waiting = undefined;
      await last?.terminate();
    },
  };
}

/**
 * Facts on their way to the broker: in order, at least once, a few at a time. While the broker is away the ledger is
 * the queue.
 */
import type { Cursor, SiteAccess } from "../core/ports.ts";
import { publicFact } from "../core/view/public.ts";

const BATCH = 20;

export interface FactPump {
  /** Delivers what there is; does nothing while it is at it already. */
  run(): void;
  /** The connection is gone: what was under way counts as not taken, and begins again at the next run. */
  stop(): void;
}

/** `publish` resolves when the broker has the message, rejects when it will not have it. */
export function createFactPump(options: {
  readonly site: Pick<SiteAccess, "read">;
  readonly cursor: Cursor;
  readonly publish: (type: string, json: string) => Promise<void>;
}): FactPump {
  const { site, cursor, publish } = options;
  let current: object | undefined;

  async function deliver(run: object): Promise<void> {
    while (current === run) {
      const facts = site.read(cursor.seq, BATCH);
      const last = facts.at(-1);
      if (!last) return;
      await Promise.all(facts.map((fact) => publish(fact.type, JSON.stringify(publicFact(fact)))));
      if (current === run) cursor.moveTo(last.seq);
    }
  }

  return {
    run() {
      if (current) return;
      const run = {};
      current = run;
      // What was not taken is read again at the next run.
      deliver(run)
        .catch(() => undefined)
        .finally(() => {
          if (current === run) current = undefined;
        });
    },
    stop() {
      current = undefined;
    },
  };
}

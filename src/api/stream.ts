/** The live stream: server-sent events whose id is the ledger's sequence, so that a browser resumes without a gap. */
import type { ServerResponse } from "node:http";
import type { Clock, SiteAccess } from "../core/ports.ts";
import { publicFact } from "../core/view/public.ts";
import type { LiveSite } from "../core/view/view.ts";

const MOST_CLIENTS = 50;
const LIVE_EVERY_MS = 1_000;
const HEARTBEAT_MS = 15_000;
/** A client that does not read for so long is dropped; it resumes by its last id. */
const MOST_BUFFERED_BYTES = 1_000_000;
const CATCH_UP_FACTS = 500;
/** Nobody looks at a week of facts in a stream: who was away longer begins anew. */
const MOST_CATCH_UP_FACTS = 5_000;

interface Client {
  readonly response: ServerResponse;
  sentSeq: number;
}

export interface Stream {
  /** Takes a response over, or refuses when there are too many. */
  add(response: ServerResponse, afterSeq: number | undefined): boolean;
  readonly clients: number;
  close(): void;
}

export function createStream(options: { site: SiteAccess; live: () => LiveSite; clock: Clock }): Stream {
  const { site, live, clock } = options;
  const clients = new Set<Client>();

  function drop(client: Client): void {
    clients.delete(client);
    client.response.destroy();
  }

  function write(client: Client, text: string): void {
    if (client.response.writableLength > MOST_BUFFERED_BYTES) drop(client);
    else client.response.write(text);
  }

  /** Everything up to what is on disk, in order; also what came while the client was catching up. */
  function catchUp(client: Client): void {
    for (;;) {
      const facts = site.read(client.sentSeq, CATCH_UP_FACTS);
      for (const fact of facts) {
        if (fact.seq <= client.sentSeq) continue;
        write(client, `id: ${fact.seq}\nevent: fact\ndata: ${JSON.stringify(publicFact(fact))}\n\n`);
        client.sentSeq = fact.seq;
      }
      if (facts.length < CATCH_UP_FACTS || !clients.has(client)) return;
    }
  }

  const unsubscribe = site.subscribe(() => {
    for (const client of clients) catchUp(client);
  });
  const stopLive = clock.every(LIVE_EVERY_MS, "api-live", () => {
    if (clients.size === 0) return;
    const text = `event: live\ndata: ${JSON.stringify(live())}\n\n`;
    for (const client of clients) write(client, text);
  });
  const stopHeartbeat = clock.every(HEARTBEAT_MS, "api-heartbeat", () => {
    for (const client of clients) write(client, ": still here\n\n");
  });

  return {
    get clients() {
      return clients.size;
    },
    add(response, afterSeq) {
      if (clients.size >= MOST_CLIENTS) return false;
      const lastSeq = site.state().seq;
      const from =
        afterSeq === undefined || lastSeq - afterSeq > MOST_CATCH_UP_FACTS || afterSeq > lastSeq ? lastSeq : afterSeq;
      const client: Client = { response, sentSeq: from };
      response.writeHead(200, {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
      });
      response.on("close", () => clients.delete(client));
      response.on("error", () => drop(client));
      clients.add(client);
      write(client, `retry: 2000\nevent: live\ndata: ${JSON.stringify(live())}\n\n`);
      catchUp(client);
      return true;
    },
    close() {
      unsubscribe();
      stopLive();
      stopHeartbeat();
      for (const client of [...clients]) drop(client);
    },
  };
}

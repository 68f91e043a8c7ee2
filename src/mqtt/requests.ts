/** Requests over MQTT: bounded, checked by the same schemas as those of the API, answered on one topic. */
import { Ajv } from "ajv";
import type { ForecastKind } from "../core/facts/forecast-facts.ts";
import type { Clock, SiteAccess } from "../core/ports.ts";
import {
  BudgetRequest,
  decideRequest,
  EvseVisitRequest,
  ForecastRequest,
  GridLimitRequest,
  IntensityRequest,
  NamedVisitRequest,
  OverrideRequest,
  type SiteRequest,
  WishRequest,
} from "../core/requests.ts";
import type { SiteModel } from "../core/site/site-model.ts";
import type { Topics } from "./topics.ts";

const MOST_BYTES = 8_192;
const MOST_A_MINUTE = 60;
const MINUTE_MS = 60_000;
const BY = "mqtt";

export type Answer =
  | { readonly topic: string; readonly ok: true; readonly seq: number }
  | { readonly topic: string; readonly ok: false; readonly title: string; readonly detail: string };

export interface Requests {
  /** What to subscribe to. */
  readonly topics: readonly string[];
  /** The answer; missing where there is nothing to say: a flood is answered once a minute. */
  handle(topic: string, payload: Uint8Array, retained: boolean): Promise<Answer | undefined>;
}

const ajv = new Ajv({ allErrors: false });
const BODIES = {
  wish: ajv.compile(WishRequest),
  "evse-visit": ajv.compile(EvseVisitRequest),
  override: ajv.compile(OverrideRequest),
  "grid-limit": ajv.compile(GridLimitRequest),
  budget: ajv.compile(BudgetRequest),
  forecast: ajv.compile(ForecastRequest),
  co2: ajv.compile(IntensityRequest),
  visit: ajv.compile(NamedVisitRequest),
} as const;

/** What is asked on a topic. */
interface Asked {
  readonly kind: keyof typeof BODIES;
  readonly evseId?: string;
  readonly what?: ForecastKind;
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString("utf8"));
  } catch {
    return undefined;
  }
}

export function createRequests(options: {
  readonly site: Pick<SiteAccess, "record" | "state">;
  readonly model: SiteModel;
  readonly topics: Topics;
  readonly clock: Clock;
}): Requests {
  const { site, model, topics, clock } = options;
  const kinds = new Map<string, Asked>([
    [topics.gridLimitSet, { kind: "grid-limit" }],
    [topics.budgetSet, { kind: "budget" }],
    [topics.forecastSet("pv"), { kind: "forecast", what: "pv" }],
    [topics.forecastSet("building"), { kind: "forecast", what: "building" }],
    [topics.forecastSet("co2"), { kind: "co2" }],
    [topics.visitSet, { kind: "visit" }],
  ]);
  for (const { id } of model.evses) {
    kinds.set(topics.wishSet(id), { kind: "wish", evseId: id });
    kinds.set(topics.evseVisitSet(id), { kind: "evse-visit", evseId: id });
    kinds.set(topics.overrideSet(id), { kind: "override", evseId: id });
  }
  let minute = Number.NEGATIVE_INFINITY;
  const counts = new Map<Asked["kind"] | undefined, number>();

  /** Each kind by itself: whoever floods the site with wishes does not keep the grid operator out. */
  function flooded(kind: Asked["kind"] | undefined): "no" | "first" | "yes" {
    const now = Math.floor(clock.monoMs() / MINUTE_MS);
    if (now !== minute) counts.clear();
    minute = now;
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    if (count <= MOST_A_MINUTE) return "no";
    return count === MOST_A_MINUTE + 1 ? "first" : "yes";
  }

  function read(topic: string, payload: Uint8Array): SiteRequest | string {
    const known = kinds.get(topic);
    if (!known) return "Nothing is asked on this topic";
    if (payload.byteLength > MOST_BYTES) return `More than ${MOST_BYTES} bytes`;
    const body = parse(payload);
    const check = BODIES[known.kind];
    if (!check(body)) {
      const [error] = check.errors ?? [];
      return body === undefined ? "The message is not JSON" : `${error?.instancePath || "body"} ${error?.message}`;
    }
    return { ...known, body } as SiteRequest;
  }

  return {
    topics: [...kinds.keys()],
    async handle(topic, payload, retained) {
      const refuse = (title: string, detail: string): Answer => ({ topic, ok: false, title, detail });
      // A retained request would be carried out again at every reconnect.
      if (retained) return refuse("The request was retained", "Send requests without the retain flag");
      const flood = flooded(kinds.get(topic)?.kind);
      if (flood === "yes") return undefined;
      if (flood === "first") return refuse("Too many requests", `At most ${MOST_A_MINUTE} a minute are taken`);
      const request = read(topic, payload);
      if (typeof request === "string") return refuse("The request does not fit", request);
      const decision = decideRequest({ site: model, state: site.state(), nowMs: clock.wallMs() }, request, BY);
      if (!decision.ok) return refuse(decision.title, decision.detail);
      try {
        const [fact] = await site.record([decision.draft]);
        // What is known already is no fact.
        return { topic, ok: true, seq: fact?.seq ?? site.state().seq };
      } catch (error) {
        return refuse("The ledger refuses", error instanceof Error ? error.message : String(error));
      }
    },
  };
}

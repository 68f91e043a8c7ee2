/** The live picture as retained messages, one for each thing; only what changed is published. */
import type { LiveSite } from "../core/view/view.ts";
import type { Topics } from "./topics.ts";

/** Ages count up by themselves: quality says what they mean, and a message a second says nothing. */
function withoutAge<T extends { readonly ageMs?: number }>({ ageMs: _, ...rest }: T): Omit<T, "ageMs"> {
  return rest;
}

/** Topic and JSON of everything that the live picture holds. A value that is unknown is missing. */
function stateMessages(topics: Topics, live: LiveSite): Map<string, string> {
  const { site, mode, meter, gridLimit, gridExportLimit, budget, flow, price, wallTrusted } = live;
  const limits = { gridLimit, gridExportLimit, budget };
  // What somebody has to do something about.
  const troubles = { ledger: live.ledger, ledgerDamage: live.ledgerDamage, planTrouble: live.planTrouble };
  const messages = new Map<string, unknown>([
    [topics.site, { site, mode, meter: withoutAge(meter), ...limits, ...troubles, flow, price, wallTrusted }],
  ]);
  if (live.plan) messages.set(topics.plan, live.plan);
  for (const circuit of live.circuits) messages.set(topics.circuit(circuit.id), circuit);
  for (const device of live.devices) messages.set(topics.device(device.id), withoutAge(device));
  for (const { limitExpiresMs: _, ...evse } of live.evses) messages.set(topics.evse(evse.id), evse);
  return new Map([...messages].map(([topic, value]) => [topic, JSON.stringify(value)]));
}

/** Remembers what was published; after a reconnect everything is published again. */
export class StateMessages {
  readonly #topics: Topics;
  #published = new Map<string, string>();

  constructor(topics: Topics) {
    this.#topics = topics;
  }

  /** What differs from what was published last. */
  changed(live: LiveSite): readonly (readonly [topic: string, json: string])[] {
    const messages = stateMessages(this.#topics, live);
    const changed = [...messages].filter(([topic, json]) => this.#published.get(topic) !== json);
    this.#published = messages;
    return changed;
  }

  forget(): void {
    this.#published = new Map();
  }
}

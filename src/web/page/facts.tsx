/** The latest facts; a tap opens what the ledger holds, and what it was because of. */
import { useSignal } from "@preact/signals";
import type { Envelope } from "../../core/facts/fact.ts";
import { type FactTopic, factLine, isOfTopic } from "./fact-words.ts";
import { clockSeconds } from "./format.ts";
import { facts } from "./store.ts";
import { words } from "./words/en.ts";

const SHOWN = 40;
const TOPICS: readonly (readonly [FactTopic, string])[] = [
  ["all", words.factsAll],
  ["charging", words.factsCharging],
  ["guard", words.factsGuard],
  ["plan", words.factsPlan],
];

/** A plan's input has thousands of numbers: the API has them, a list does not need them. */
function shownData(fact: Envelope): string {
  const data =
    fact.type === "plan-made"
      ? { ...(fact.data as object), input: "see /api/v1/plan", result: "see /api/v1/plan" }
      : fact.data;
  return JSON.stringify(data, null, 1);
}

function Fact({ fact }: { fact: Envelope }) {
  const cause = fact.cause === undefined ? undefined : facts.value.find((other) => other.seq === fact.cause);
  return (
    <li>
      <details>
        <summary>
          <time>{clockSeconds(fact.atMs)}</time> {factLine(fact)}
        </summary>
        <p class="quiet">
          #{fact.seq} {fact.type}, {fact.source}
        </p>
        {cause ? (
          <p class="quiet">
            {words.cause}: {factLine(cause)}
          </p>
        ) : null}
        <pre>{shownData(fact)}</pre>
      </details>
    </li>
  );
}

export function Facts() {
  const topic = useSignal<FactTopic>("all");
  const shown = facts.value.filter((fact) => isOfTopic(fact, topic.value)).slice(0, SHOWN);
  return (
    <section class="panel">
      <h2>{words.facts}</h2>
      <fieldset class="tabs">
        {TOPICS.map(([key, text]) => (
          <button
            key={key}
            type="button"
            aria-pressed={topic.value === key}
            onClick={() => {
              topic.value = key;
            }}
          >
            {text}
          </button>
        ))}
      </fieldset>
      {shown.length === 0 ? (
        <p class="quiet">{words.noFacts}</p>
      ) : (
        <ol class="facts">
          {shown.map((fact) => (
            <Fact key={fact.seq} fact={fact} />
          ))}
        </ol>
      )}
    </section>
  );
}

/** The partners in the market: how it stands with each, in a sentence, and when something was exchanged last. */
import { clockTime } from "./format.ts";
import { partners } from "./store.ts";
import { words } from "./words/en.ts";

/** Nothing where the site has no partners. */
export function Partners() {
  if (partners.value.length === 0) return null;
  return (
    <section class="panel">
      <h2>{words.partners}</h2>
      {partners.value.map(({ id, text, condition, version, sinceMs, lastSentMs, parties }) => (
        <article class="partner" key={id}>
          <h3>
            {id} <span class={`badge ${condition}`}>{words.partnerConditions[condition] ?? condition}</span>
          </h3>
          <p>{text}</p>
          <p class="quiet">
            {[
              ...parties.map(({ role, name }) => `${role} ${name}`),
              ...(version === undefined || sinceMs === undefined
                ? []
                : [words.partnerVersion(version, clockTime(sinceMs))]),
              ...(lastSentMs === undefined ? [] : [words.partnerSent(clockTime(lastSentMs))]),
            ].join(" · ")}
          </p>
        </article>
      ))}
    </section>
  );
}

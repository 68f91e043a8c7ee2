/** Where does the power come from and go to? Two bars of the same length; parts in proportion. */
import type { LiveSite } from "../../core/view/view.ts";
import { type Part, sourcesOf, usesOf } from "./flow-parts.ts";
import { kw } from "./format.ts";
import { words } from "./words/en.ts";

function Bar({ title, parts, total }: { title: string; parts: readonly Part[]; total: number }) {
  const shown = parts.filter(({ watts = 0 }) => watts >= 10);
  return (
    <div class="flow-row">
      <span class="flow-title">{title}</span>
      <div class="flow-bar" aria-hidden="true">
        {shown.map((part) => (
          <div
            key={part.kind}
            class={`flow-part ${part.kind}`}
            style={{ width: `${total > 0 ? (100 * (part.watts ?? 0)) / total : 0}%` }}
          />
        ))}
      </div>
      <ul class="flow-legend">
        {parts.map((part) => (
          <li key={part.kind} class={(part.watts ?? 0) < 10 ? "idle" : ""}>
            <i class={`swatch ${part.kind}`} aria-hidden="true" />
            {part.name} <b>{part.watts === undefined ? words.unknown : kw(part.watts)}</b>{" "}
            {part.note ? <small>{part.note}</small> : null}
          </li>
        ))}
      </ul>
    </div>
  );
}

export function Flow({ site }: { site: LiveSite }) {
  const [sources, uses] = [sourcesOf(site.flow), usesOf(site.flow)];
  const sum = (parts: readonly Part[]) => parts.reduce((total, part) => total + (part.watts ?? 0), 0);
  const total = Math.max(sum(sources), sum(uses), 1);
  return (
    <section class="panel">
      <h2>{words.flow}</h2>
      {site.flow.gridW === undefined ? <p class="quiet">{words.meterSilent}</p> : null}
      <Bar title={words.sources} parts={sources} total={total} />
      <Bar title={words.uses} parts={uses} total={total} />
    </section>
  );
}

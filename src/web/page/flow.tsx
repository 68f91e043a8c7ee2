/** Where does the power come from and go to? Two bars of the same length; parts in proportion. */
import type { LiveSite } from "../../core/view/view.ts";
import { kw } from "./format.ts";
import { words } from "./words/en.ts";

interface Part {
  readonly name: string;
  readonly kind: string;
  readonly watts: number;
  readonly note?: string;
}

function Bar({ title, parts, total }: { title: string; parts: readonly Part[]; total: number }) {
  const shown = parts.filter((part) => part.watts >= 10);
  return (
    <div class="flow-row">
      <span class="flow-title">{title}</span>
      <div class="flow-bar" aria-hidden="true">
        {shown.map((part) => (
          <div
            key={part.kind}
            class={`flow-part ${part.kind}`}
            style={{ width: `${total > 0 ? (100 * part.watts) / total : 0}%` }}
          />
        ))}
      </div>
      <ul class="flow-legend">
        {parts.map((part) => (
          <li key={part.kind} class={part.watts < 10 ? "idle" : ""}>
            <i class={`swatch ${part.kind}`} aria-hidden="true" />
            {part.name} <b>{kw(part.watts)}</b> {part.note ? <small>{part.note}</small> : null}
          </li>
        ))}
      </ul>
    </div>
  );
}

export function Flow({ site }: { site: LiveSite }) {
  const { gridW, pvW, batteryW, buildingW, evsesW, batterySocPercent, pvHeld } = site.flow;
  const soc = batterySocPercent === undefined ? undefined : `${Math.round(batterySocPercent)} %`;
  const note = soc === undefined ? {} : { note: soc };
  const sources: Part[] = [
    ...(pvW === undefined
      ? []
      : [{ name: words.sun, kind: "sun", watts: pvW, ...(pvHeld ? { note: words.held(pvHeld) } : {}) }]),
    ...(batteryW === undefined
      ? []
      : [{ name: words.battery, kind: "battery", watts: Math.max(0, -batteryW), ...note }]),
    ...((evsesW ?? 0) < 0 ? [{ name: words.cars, kind: "cars", watts: -(evsesW ?? 0) }] : []),
    { name: words.grid, kind: "grid", watts: Math.max(0, gridW ?? 0) },
  ];
  const uses: Part[] = [
    { name: words.building, kind: "building", watts: buildingW ?? 0 },
    { name: words.cars, kind: "cars", watts: Math.max(0, evsesW ?? 0) },
    ...(batteryW === undefined
      ? []
      : [{ name: words.battery, kind: "battery", watts: Math.max(0, batteryW), ...note }]),
    { name: words.exported, kind: "grid", watts: Math.max(0, -(gridW ?? 0)) },
  ];
  const sum = (parts: readonly Part[]) => parts.reduce((total, part) => total + part.watts, 0);
  const total = Math.max(sum(sources), sum(uses), 1);
  return (
    <section class="panel">
      <h2>{words.flow}</h2>
      {gridW === undefined ? <p class="quiet">{words.meterSilent}</p> : null}
      <Bar title={words.sources} parts={sources} total={total} />
      <Bar title={words.uses} parts={uses} total={total} />
    </section>
  );
}

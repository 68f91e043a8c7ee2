/** Is the site safe? Three phase bars against the fuse, the age of the reading, and one word with its reason. */
import type { LiveSite } from "../../core/view/view.ts";
import { fixed } from "./format.ts";
import { words } from "./words/en.ts";

type Circuit = LiveSite["circuits"][number];

interface PhaseProps {
  readonly name: string;
  readonly currentA: number | undefined;
  readonly limitA: number;
  /** It is the most that can flow, not what does. */
  readonly assumed: boolean;
}

function shown({ currentA, assumed }: PhaseProps): string {
  if (currentA === undefined) return words.unknown;
  return assumed ? words.mostAssumed(fixed(currentA, 0)) : fixed(currentA, 1);
}

function Phase(props: PhaseProps) {
  const { name, currentA, limitA } = props;
  const share = currentA === undefined ? 0 : Math.min(1.1, Math.max(0, currentA) / limitA);
  const level = share > 1 ? "over" : share > 0.85 ? "near" : "fine";
  return (
    <div class={`phase ${level}`}>
      <span class="phase-name">{name}</span>
      <div class="phase-track" aria-hidden="true">
        <div class="phase-fill" style={{ width: `${(share / 1.1) * 100}%` }} />
        <div class="phase-limit" style={{ left: `${100 / 1.1}%` }} />
      </div>
      <span class="phase-value">
        {shown(props)} <small>{words.of(fixed(limitA, 0))}</small>
      </span>
    </div>
  );
}

function CircuitBars({ circuit, nested, phases }: { circuit: Circuit; nested: boolean; phases: number }) {
  return (
    <section class={nested ? "circuit nested" : "circuit"} aria-label={circuit.id}>
      <h3>{nested ? words.circuit(circuit.id) : words.fuse}</h3>
      {["L1", "L2", "L3"].slice(0, phases).map((name, phase) => (
        <Phase
          key={name}
          name={name}
          currentA={circuit.currentA?.[phase]}
          limitA={circuit.limitA}
          assumed={circuit.assumed === true}
        />
      ))}
    </section>
  );
}

export function SafetyStrip({ site }: { site: LiveSite }) {
  const { mode, meter, ledger, ledgerDamage } = site;
  const age = meter.ageMs === undefined ? words.meterSilent : words.meterAge(fixed(meter.ageMs / 1000, 0));
  return (
    <section class={`strip ${mode.word}`} aria-live="polite">
      <div class="strip-word">
        <strong>
          <span class="sign" aria-hidden="true">
            {mode.word === "normal" ? "✓" : mode.word === "limited" ? "▲" : "■"}
          </span>
          {words.mode[mode.word]}
        </strong>
        <p>{mode.text}</p>
        {ledger && <p class="age old">{ledger.text}</p>}
        {ledgerDamage && <p class="age old">{ledgerDamage.text}</p>}
        <p class={meter.quality === "good" ? "age" : "age old"}>{age}</p>
      </div>
      <div class="strip-circuits">
        {site.circuits.map((circuit) => (
          <CircuitBars
            key={circuit.id}
            circuit={circuit}
            nested={circuit.parentId !== undefined}
            phases={site.site.phases}
          />
        ))}
      </div>
    </section>
  );
}

/** The site for Prometheus: base units, few labels, nothing where nothing is known. */
import type { LiveSite } from "../core/view/view.ts";

interface Sample {
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter";
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number | undefined;
}

/** A circuit without a meter has no current that a history could rely on. */
function measured({ currentA, assumed }: LiveSite["circuits"][number]) {
  return assumed ? undefined : currentA;
}

function fromSite(live: LiveSite): Sample[] {
  const gauge = (name: string, help: string, value: number | undefined, labels?: Record<string, string>): Sample => ({
    name,
    help,
    type: "gauge",
    value,
    ...(labels ? { labels } : {}),
  });
  const phases = live.circuits.flatMap((circuit) =>
    [0, 1, 2].map((phase) =>
      gauge("wattledger_circuit_current_amperes", "Current by circuit and phase", measured(circuit)?.[phase], {
        circuit: circuit.id,
        phase: `L${phase + 1}`,
      }),
    ),
  );
  return [
    gauge("wattledger_grid_power_watts", "Import from the grid, export negative", live.flow.gridW),
    gauge("wattledger_pv_power_watts", "PV production", live.flow.pvW),
    gauge("wattledger_battery_power_watts", "Battery, charging positive", live.flow.batteryW),
    gauge("wattledger_building_power_watts", "Everything but EVSEs and battery", live.flow.buildingW),
    gauge("wattledger_safe_mode", "1 in safe mode", live.mode.word === "safe" ? 1 : 0),
    ...live.devices.map((device) =>
      gauge(
        "wattledger_measurement_age_seconds",
        "Age of the last reading",
        device.ageMs === undefined ? undefined : device.ageMs / 1000,
        { device: device.id },
      ),
    ),
    ...live.circuits.map((circuit) =>
      gauge("wattledger_circuit_limit_amperes", "Limit by circuit", circuit.limitA, { circuit: circuit.id }),
    ),
    ...phases,
    ...live.evses.map((evse) => gauge("wattledger_evse_power_watts", "Power by EVSE", evse.powerW, { evse: evse.id })),
    ...live.evses.map((evse) =>
      gauge("wattledger_evse_limit_amperes", "Limit by EVSE", evse.limitA, { evse: evse.id }),
    ),
    ...live.evses.map((evse) =>
      gauge("wattledger_evse_online", "1 when its charge point is connected", evse.online ? 1 : 0, { evse: evse.id }),
    ),
    gauge(
      "wattledger_plan_solve_seconds",
      "Time the plan in force took",
      live.plan ? live.plan.solveMs / 1000 : undefined,
    ),
    gauge(
      "wattledger_plan_gap_ratio",
      "How far the plan in force may be from the best possible; none for one by rules",
      live.plan?.gap,
    ),
    gauge(
      "wattledger_plan_by_rules",
      "1 when the plan in force was made without the solver",
      live.plan ? (live.plan.status === "rule-based" ? 1 : 0) : undefined,
    ),
    { name: "wattledger_facts_total", help: "Facts in the ledger", type: "counter", value: live.seq },
  ];
}

function line({ name, labels, value }: Sample): string {
  const pairs = Object.entries(labels ?? {}).map(([key, text]) => `${key}="${text.replaceAll(/["\\\n]/g, "_")}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}`;
}

/** Prometheus text format 0.0.4. `more` are gauges of the controller itself, by full name. */
export function metricsText(live: LiveSite, more: Readonly<Record<string, number>>): string {
  const own = Object.entries(more).map(
    ([name, value]): Sample => ({ name, help: "Of the controller itself", type: "gauge", value }),
  );
  const samples = [...fromSite(live), ...own].filter(
    (sample) => sample.value !== undefined && Number.isFinite(sample.value),
  );
  const names = [...new Set(samples.map((sample) => sample.name))];
  const blocks = names.map((name) => {
    const group = samples.filter((sample) => sample.name === name);
    return `# HELP ${name} ${group[0]!.help}\n# TYPE ${name} ${group[0]!.type}\n${group.map(line).join("\n")}`;
  });
  return `${blocks.join("\n")}\n`;
}

/** The configuration that an installer would have written for a world. */
import { type ConfigurationProblem, parseConfiguration } from "../../src/app/configuration/configuration.ts";
import type { SiteConfiguration } from "../../src/core/site/site.ts";
import { CAR_WH, LEAST_CHARGE_PERCENT } from "./giving.ts";
import type { Stall, WorldPlan } from "./plan.ts";

const HASH = "scrypt$16384$8$1$VewEOwzSghzCBaSUzMxP4g$fqjVyyMQUCNhO3ytrjhfgMqaMLjnJQXcvjF4igg4KFE";

function devices({ garage, pvW, battery }: WorldPlan) {
  const at = (host: string) => ({ connection: { tcp: { host, port: 502 } } });
  const meter = (id: string) => ({ id, role: "meter", profile: "eastron-sdm630", ...at(id) });
  const cell = battery && {
    battery: {
      capacityWh: 10_000,
      maxChargeW: battery.maxW,
      maxDischargeW: battery.maxW,
      control: battery.control,
    },
  };
  return [
    meter("grid-meter"),
    ...(garage?.metered ? [meter("garage-meter")] : []),
    ...(pvW === undefined
      ? []
      : [{ id: "roof", role: "pv", profile: "sunspec-inverter", ...at("roof"), pv: { peakW: pvW } }]),
    ...(cell ? [{ id: "cellar", role: "battery", profile: "sunspec-hybrid", ...at("cellar"), ...cell }] : []),
  ];
}

function evseOf({ id, circuit, phases, safeCurrentA, maxCurrentA, priority, phaseSwitching, gives }: Stall) {
  const { maxPowerW } = gives ?? {};
  const discharge = { by: "negative-limit", maxPowerW, capacityWh: CAR_WH, minSocPercent: LEAST_CHARGE_PERCENT };
  const evse = { id, circuit, phases, safeCurrentA, maxCurrentA, priority, phaseSwitching };
  return gives ? { ...evse, discharge } : evse;
}

/** `site.yaml` of a world. */
function textOf(plan: WorldPlan): string {
  const { garage } = plan;
  return JSON.stringify({
    site: { id: `seed-${plan.seed}`, timeZone: plan.timeZone, country: plan.country },
    gridConnection: {
      mainFuseA: plan.fuseA,
      protection: plan.protection,
      meter: "grid-meter",
      worstBuildingLoadA: plan.worstBuildingA,
      exportLimitW: plan.exportLimitW,
      rampLimitW: plan.rampLimitW,
    },
    circuits: garage
      ? [
          {
            id: "garage",
            fuseA: garage.fuseA,
            protection: garage.protection,
            ...(garage.metered ? { meter: "garage-meter" } : {}),
          },
        ]
      : [],
    chargePoints: plan.stalls.map((stall) => ({ id: `cp-${stall.id}`, passwordHash: HASH, evses: [evseOf(stall)] })),
    devices: devices(plan),
    tariff: {
      import: {
        kind: "time-of-use",
        periods: [{ from: "01:00", to: "06:00", eurPerKwh: 0.18 }],
        otherwiseEurPerKwh: 0.31,
      },
    },
  });
}

/** Throws when `check` would refuse it: a world has to be a site that is allowed to run. */
export function configurationOf(plan: WorldPlan): SiteConfiguration {
  const parsed = parseConfiguration(textOf(plan), `seed-${plan.seed}`);
  if (!parsed.ok) throw new Error(`The site of seed ${plan.seed} is refused: ${JSON.stringify(parsed.problems[0])}`);
  return parsed.configuration;
}

/** Why it is refused; empty when it may run. */
export function problemsWith(plan: WorldPlan): readonly ConfigurationProblem[] {
  const parsed = parseConfiguration(textOf(plan), `seed-${plan.seed}`);
  return parsed.ok ? [] : parsed.problems.filter(({ severity }) => severity === "error");
}

/** What the same week would have been without wattledger: everyone at once, and equal shares of what is free. */
import type { Scenario } from "./scenario.ts";
import { ScenarioSite, type ScenarioTotals } from "./scenario-site.ts";

const STEP_S = 1;
const PILOT_MINIMUM_A = 6;

function run(
  scenario: Scenario,
  offeredA: (site: ScenarioSite, evseId: string) => number,
  everyStep: (site: ScenarioSite) => void,
): ScenarioTotals {
  const site: ScenarioSite = new ScenarioSite(scenario, (evseId) => offeredA(site, evseId));
  for (let second = 0; second < scenario.days * 86_400; second += STEP_S) {
    everyStep(site);
    site.step(scenario.startMs + second * 1000, STEP_S);
  }
  return site.totals();
}

/** Everyone charges at once, whatever the fuse says: a real one would have blown. */
export function uncontrolled(scenario: Scenario): ScenarioTotals {
  return run(
    scenario,
    () => scenario.maxCurrentA,
    () => {},
  );
}

/** Load management without a plan: each second, what the fuse leaves on a phase is split among the cars there. */
export function equalShares(scenario: Scenario): ScenarioTotals {
  const phaseOf = new Map(scenario.evses.map(({ id, phase }) => [id, phase]));
  const shareA = [0, 0, 0];
  const everyStep = (site: ScenarioSite) => {
    const { currentA } = site.wired.meter("grid");
    for (const phase of [0, 1, 2] as const) {
      const cars = [...site.present()].filter(([evseId, { car }]) => phaseOf.get(evseId) === phase && !car.isFull);
      const drawnA = cars.reduce((sum, [, { car }]) => sum + car.currentA, 0);
      const freeA = scenario.fuseA - (currentA[phase] - drawnA);
      const each = cars.length === 0 ? 0 : Math.floor(freeA / cars.length);
      shareA[phase] = each < PILOT_MINIMUM_A ? 0 : Math.min(scenario.maxCurrentA, each);
    }
  };
  return run(scenario, (_, evseId) => shareA[phaseOf.get(evseId)!]!, everyStep);
}

/** Watches the true import against the grid operator's limit, from when the controller knows of it. */
import type { SimulatedChargePoint } from "./charge-point.ts";
import { MOST_SECONDS_OVER, MOST_SECONDS_OVER_IN_TROUBLE } from "./currents-judge.ts";
import { VOLTAGE } from "./site.ts";
import type { World } from "./world.ts";

/** Last digits of meters, and cars that round their current, W. */
const ALLOWED_W = 300;

export class OperatorJudge {
  /** Longest time above a limit that cars could have kept, s. */
  longestOverS = 0;
  readonly #world: World;
  #overSinceS: number | undefined;
  #fixedW = 0;

  constructor(world: World) {
    this.#world = world;
  }

  look(): string[] {
    const { second, site, operator, judge } = this.#world;
    const { limitW, knownS } = operator;
    const importW = site.currentA("grid").reduce((sum, currentA) => sum + currentA * VOLTAGE, 0);
    const fixedW = importW - this.#carsW();
    const over = limitW !== undefined && knownS !== undefined && importW > limitW + ALLOWED_W && fixedW <= limitW;
    if (!over || judge.currents.isGridMeterTroubled) {
      this.#overSinceS = undefined;
      this.#fixedW = fixedW;
      return [];
    }
    if (this.#overSinceS === undefined || fixedW > this.#fixedW + ALLOWED_W) {
      this.#overSinceS = second;
      this.#fixedW = fixedW;
    }
    const forS = second - this.#overSinceS + 1;
    this.longestOverS = Math.max(this.longestOverS, forS);
    const mostS = judge.currents.isTroubled("grid") ? MOST_SECONDS_OVER_IN_TROUBLE : MOST_SECONDS_OVER;
    if (forS !== mostS + 1) return [];
    return [`the site imports ${Math.round(importW)} W of ${limitW} W that the operator allows, for ${forS} s`];
  }

  /** Of the cars whose charge point can be told, W. */
  #carsW(): number {
    const { chargePoints, site, judge } = this.#world;
    return chargePoints
      .filter((chargePoint) => !judge.currents.isDeaf(chargePoint.id) && !this.#isUnheard(chargePoint))
      .reduce(
        (sum, { stall }) =>
          sum + site.carA(stall.id).reduce((carW, currentA) => carW + Math.max(0, currentA) * VOLTAGE, 0),
        0,
      );
  }

  /** Its car came after one whose end the ledger does not take: of this one it cannot tell. */
  #isUnheard({ stall, open }: SimulatedChargePoint): boolean {
    if (!open || open.id !== undefined) return false;
    const sessions = this.#world.process?.recorder.state().sessions.open ?? {};
    return Object.values(sessions).some(({ evseId }) => evseId === stall.id);
  }
}

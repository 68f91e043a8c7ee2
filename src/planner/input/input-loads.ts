/** What flows beside the cars right now, by the process image, and how it spreads over phases and circuits. */
import { MARGIN_A } from "../../core/control/thresholds.ts";
import { ABSENT_AFTER_MS } from "../../core/device-quality.ts";
import type { PlanCircuit } from "../../core/facts/plan-facts.ts";
import type { EvseReading, ProcessImage } from "../../core/image.ts";
import { mapPhases, type PerPhase, type PhaseIndex, sumPhases, ZERO_PHASES } from "../../core/quantity.ts";
import { GRID_CIRCUIT_ID } from "../../core/site/site.ts";
import type { CircuitModel, SiteModel } from "../../core/site/site-model.ts";
import { mayCharge } from "../../core/site/site-powers.ts";
import { beganMs, openSessionAt } from "../../core/state/sessions.ts";
import type { SiteState } from "../../core/state/state.ts";

/** A charge point reports once a minute or less; its last word counts for a while. */
const EVSE_READING_MS = 180_000;
/** Less is what an inverter takes for itself. */
const BATTERY_WORKS_W = 100;
/** A phase carries the car when at least this flows, A. */
export const LOADED_A = 1;

/** What is asked of the loads: who charges is state, what flows is image. */
export interface LoadsQuestion {
  readonly site: SiteModel;
  readonly state: SiteState;
  readonly image: ProcessImage;
  readonly nowMs: number;
}

/** A reading that is young enough to plan with. */
export function fresh<T extends { readonly atMonoMs: number }>(
  reading: T | undefined,
  image: ProcessImage,
  ageMs: number,
) {
  return reading && image.monoMs - reading.atMonoMs <= ageMs ? reading : undefined;
}

/** The EVSE's last reading where it is young enough. */
export function evseReading(image: ProcessImage, evseId: string): EvseReading | undefined {
  return fresh(image.evses.get(evseId), image, EVSE_READING_MS);
}

/** Current on the grid's phases that an EVSE draws, A. */
function evseCurrentA(site: SiteModel, image: ProcessImage, evseId: string): PerPhase {
  const reading = evseReading(image, evseId);
  const evse = site.evseById.get(evseId);
  if (!reading || !evse) return ZERO_PHASES;
  const perPhaseA = (reading.powerW ?? 0) / (site.voltageV * evse.phases.length);
  return mapPhases((phase) => {
    const own = evse.phases.indexOf(phase);
    if (own < 0) return 0;
    return reading.currentA ? (reading.currentA[own as PhaseIndex] ?? 0) : perPhaseA;
  });
}

/** Power of a reading, W; missing where it holds neither power nor currents. */
export function readingW(reading: EvseReading | undefined, voltageV: number): number | undefined {
  return reading?.powerW ?? (reading?.currentA && sumPhases(reading.currentA) * voltageV);
}

/** A car that has just come may not have been reported yet: it draws little so far, or nothing. */
function hasJustCome({ state, nowMs }: LoadsQuestion, evseId: string): boolean {
  const session = openSessionAt(state.sessions, evseId);
  return session !== undefined && Math.abs(nowMs - beganMs(session)) < EVSE_READING_MS;
}

/** What all EVSEs draw, W; missing where a car may draw that nobody measures. */
function evsesPowerW(question: LoadsQuestion): number | undefined {
  const { site, image } = question;
  let sumW = 0;
  for (const { id } of site.evses) {
    const powerW = readingW(evseReading(image, id), site.voltageV);
    if (powerW === undefined && mayCharge(question, id) && !hasJustCome(question, id)) return undefined;
    sumW += powerW ?? 0;
  }
  return sumW;
}

/** Production now, W; missing where no inverter answers. */
export function pvNowW(site: SiteModel, image: ProcessImage): number | undefined {
  const readings = site.pvIds.flatMap((id) => fresh(image.pvs.get(id), image, ABSENT_AFTER_MS) ?? []);
  return readings.length === 0 ? undefined : readings.reduce((sum, reading) => sum + Math.max(0, reading.powerW), 0);
}

/** Building now without EVSEs, battery and PV, W; missing where the grid meter is silent, or what cars draw is not known. */
export function buildingNowW(question: LoadsQuestion): number | undefined {
  const { site, image } = question;
  const evsesW = evsesPowerW(question);
  const meter = fresh(image.meters.get(site.gridMeterId), image, ABSENT_AFTER_MS);
  if (!meter || !Number.isFinite(meter.powerW) || evsesW === undefined) return undefined;
  let batteriesW = 0;
  for (const battery of image.batteries.values()) batteriesW += fresh(battery, image, ABSENT_AFTER_MS)?.powerW ?? 0;
  return Math.max(0, meter.powerW + (pvNowW(site, image) ?? 0) - batteriesW - evsesW);
}

/** Currents of a metered circuit without the EVSEs on it, A; missing where its meter does not know phases. */
function otherCurrentA(circuit: CircuitModel, site: SiteModel, image: ProcessImage): PerPhase | undefined {
  const meter = circuit.meterId === undefined ? undefined : image.meters.get(circuit.meterId);
  const currentA = fresh(meter, image, ABSENT_AFTER_MS)?.currentA;
  if (!currentA) return undefined;
  const evses = circuit.evseIds.map((id) => evseCurrentA(site, image, id));
  return mapPhases((phase) => Math.max(0, currentA[phase] - evses.reduce((sum, perPhase) => sum + perPhase[phase], 0)));
}

/**
 * What the building draws by phase now, A; missing where no meter tells, and while the sun shines or a battery is at work: then
 * the meter's phases hardly speak of the building.
 */
export function buildingPhasesA(site: SiteModel, image: ProcessImage): PerPhase | undefined {
  const root = site.circuitById.get(GRID_CIRCUIT_ID);
  const works = [...image.batteries.values()].some((battery) => Math.abs(battery.powerW) >= BATTERY_WORKS_W);
  return root && !works && (pvNowW(site, image) ?? 0) <= 0 ? otherCurrentA(root, site, image) : undefined;
}

/** Shares of the building's load by phase, from what it drew on each, A; they add up to 1. */
function phaseShares(site: SiteModel, drewA: PerPhase | undefined): PerPhase {
  if (site.phases === 1) return [1, 0, 0];
  const totalA = drewA ? sumPhases(drewA) : 0;
  return drewA && totalA >= 1 ? mapPhases((phase) => drewA[phase] / totalA) : [1 / 3, 1 / 3, 1 / 3];
}

function nestedLoadW(circuit: CircuitModel, site: SiteModel, image: ProcessImage): PerPhase {
  const worst = mapPhases((phase) => (site.phases === 1 && phase > 0 ? 0 : circuit.worstBuildingLoadA));
  const currentA = otherCurrentA(circuit, site, image) ?? worst;
  return mapPhases((phase) => Math.round(Math.max(0, currentA[phase]) * site.voltageV));
}

/** A measured circuit's load holds those of the circuits below it: only what is its own counts here. */
function ownLoadW(circuit: CircuitModel, loads: ReadonlyMap<string, PerPhase>, site: SiteModel): PerPhase {
  const whole = loads.get(circuit.id) ?? ZERO_PHASES;
  if (circuit.meterId === undefined) return whole;
  const below = site.circuits.filter((other) => other.parentId === circuit.id);
  return mapPhases((phase) =>
    Math.max(0, whole[phase] - below.reduce((sum, other) => sum + (loads.get(other.id) ?? ZERO_PHASES)[phase], 0)),
  );
}

/** Part of the forecast sun that a plan counts as relief of the main fuse; the guard measures what is really free. */
const SUN_COUNTED = 0.8;

/**
 * The circuits of a plan, the grid connection first, with their limits and other loads. Sun on a three-phase
 * connection feeds all phases alike and relieves the main fuse, at most down to no other load.
 */
export function planCircuits(
  site: SiteModel,
  image: ProcessImage,
  {
    buildingW,
    pvW,
    phasesA,
  }: {
    readonly buildingW: readonly number[];
    readonly pvW: readonly number[];
    /** What the building usually draws by phase, A; missing: what it draws now. */
    readonly phasesA: PerPhase | undefined;
  },
): PlanCircuit[] {
  const shares = phaseShares(site, phasesA ?? buildingPhasesA(site, image));
  const nested = site.circuits.filter((circuit) => circuit.parentId !== undefined);
  const loads = new Map(nested.map((circuit) => [circuit.id, nestedLoadW(circuit, site, image)]));
  const own = new Map(nested.map((circuit) => [circuit.id, ownLoadW(circuit, loads, site)]));
  const belowGrid = mapPhases((phase) => [...own.values()].reduce((sum, loadW) => sum + loadW[phase], 0));
  return site.circuits.map((circuit): PlanCircuit => {
    const loadW = own.get(circuit.id);
    const phaseW = (phase: PhaseIndex) =>
      buildingW.map((powerW, slot) => {
        const sunW = (SUN_COUNTED * (pvW[slot] ?? 0)) / site.phases;
        return loadW ? loadW[phase] : Math.max(0, Math.round(powerW * shares[phase] - belowGrid[phase] - sunW));
      });
    return {
      circuitId: circuit.id,
      ...(circuit.parentId === undefined ? {} : { parentId: circuit.parentId }),
      // Where a meter reads what others draw, the guard leaves a margin below the limit.
      limitA: circuit.meterId === undefined ? circuit.limitA : Math.max(0, circuit.limitA - MARGIN_A),
      ...(circuit.limitW === undefined ? {} : { limitW: circuit.limitW }),
      loadW: [phaseW(0), phaseW(1), phaseW(2)],
    };
  });
}

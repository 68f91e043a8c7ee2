/**
 * Checks a plan against its input, limit by limit, from the numbers alone: it shares no code with the model, and knows no
 * solver. A plan that does not pass is not used, whoever made it.
 */
import type { PlanBattery, PlanCircuit, PlanEvse, PlanInput, PlanResult } from "../../core/facts/plan-facts.ts";
import { checkDischarge, takenBackWh } from "./verify-discharge.ts";
import { checkRamp } from "./verify-ramp.ts";

/** Powers are whole watts: each may be off by one. */
const ROUNDING_W = 5;
const ROUNDING_WH = 30;
const SLOT_MS = 900_000;
/** Nobody begins a quarter-hour for a car that leaves within its first minute. */
const LAST_MINUTE_MS = 60_000;
const WH_PER_W = 0.25;
const MOST_VIOLATIONS = 20;

/** What is over of the running slot is not planned. */
function hoursIn(slot: number, { elapsed = 0 }: PlanInput): number {
  return slot > 0 ? WH_PER_W : WH_PER_W * (1 - elapsed);
}

/** Part of what is left of a slot that is before the departure; of the running one a tenth at least. */
function partThere({ departureMs }: PlanEvse, slot: number, input: PlanInput): number {
  const endsMs = input.startMs + (slot + 1) * SLOT_MS;
  const leftMs = slot > 0 ? SLOT_MS : SLOT_MS * (1 - (input.elapsed ?? 0));
  const part = Math.min(1, 1 - (endsMs - departureMs) / leftMs);
  return slot > 0 ? Math.max(0, part) : Math.max(0.1, part);
}

interface Check {
  readonly input: PlanInput;
  readonly result: PlanResult;
  readonly say: (violation: string) => void;
}

function checkSeries(name: string, series: readonly number[] | undefined, { input, say }: Check): boolean {
  if (!series || series.length !== input.slots) {
    say(`${name} has ${series?.length ?? 0} slots instead of ${input.slots}`);
    return false;
  }
  const slot = series.findIndex((value) => !Number.isFinite(value));
  if (slot >= 0) say(`${name} is not a number in slot ${slot}`);
  return slot < 0;
}

function checkShape(check: Check): boolean {
  const { input, result, say } = check;
  if (result.evses.length !== input.evses.length) say("The plan does not name the EVSEs of its input");
  if (result.batteries.length !== input.batteries.length) say("The plan does not name the batteries of its input");
  if (!Number.isFinite(result.costEur)) say("The cost is not a number");
  const inOrder =
    input.evses.every((evse, i) => result.evses[i]?.evseId === evse.evseId) &&
    input.batteries.every((battery, i) => result.batteries[i]?.deviceId === battery.deviceId);
  if (!inOrder) say("The plan's EVSEs or batteries are not those of its input");
  const series: [string, readonly number[] | undefined][] = [
    ["import", result.importW],
    ["export", result.exportW],
    ["used PV", result.pvUsedW],
    ...(input.ramp ? [["changes above the ramp", result.rampOverW] as [string, readonly number[] | undefined]] : []),
    ...result.evses.map((evse): [string, readonly number[]] => [evse.evseId, evse.powerW]),
    ...result.batteries.map((battery): [string, readonly number[]] => [battery.deviceId, battery.powerW]),
  ];
  const sound = series.map(([name, values]) => checkSeries(name, values, check)).every(Boolean);
  return sound && inOrder && result.evses.length === input.evses.length;
}

/** The part of a car's power on a phase: all of it where the plan has it on that phase alone. */
function shareOn(index: number, at: { slot: number; phase: number }, { input, result }: Check): number {
  const { phases, onePhase } = input.evses[index]!;
  if (result.evses[index]!.onePhaseSlots?.includes(at.slot)) return onePhase?.phase === at.phase ? 1 : 0;
  return phases.some((phase) => phase === at.phase) ? 1 / phases.length : 0;
}

function evsePowerViolation(
  evse: Pick<PlanEvse, "minPowerW" | "maxPowerW" | "ceilingW" | "departureMs">,
  powerW: number,
  context: { slot: number; input: PlanInput },
) {
  const { slot, input } = context;
  const endsMs = input.startMs + (slot + 1) * SLOT_MS;
  if (powerW < 0) return "is negative";
  if (powerW > evse.maxPowerW + 1) return `is above its ${evse.maxPowerW} W`;
  const ceilingW = evse.ceilingW?.[slot];
  if (ceilingW !== undefined && powerW > ceilingW + 1) return `is above a partner's ceiling of ${ceilingW} W`;
  if (slot > 0 && powerW > 0 && endsMs - SLOT_MS >= evse.departureMs - LAST_MINUTE_MS)
    return "comes after its departure";
  if (slot < input.binarySlots && powerW > 0 && powerW < evse.minPowerW - 1) return `is below its ${evse.minPowerW} W`;
  return undefined;
}

function checkEvse(index: number, { input, result, say }: Check): void {
  const evse = input.evses[index]!;
  const planned = result.evses[index]!;
  for (const [slot, powerW] of planned.powerW.entries()) {
    const isAlone = planned.onePhaseSlots?.includes(slot) === true;
    if (isAlone && !evse.onePhase) say(`${evse.evseId} slot ${slot}: it cannot be on one phase`);
    const violation = evsePowerViolation(isAlone ? { ...evse, ...evse.onePhase } : evse, powerW, { slot, input });
    if (violation) say(`${evse.evseId} slot ${slot}: ${powerW} W ${violation}`);
  }
  const energyWh = planned.powerW.reduce(
    (sum, powerW, slot) => sum + powerW * hoursIn(slot, input) * partThere(evse, slot, input),
    0,
  );
  const hours = (slot: number) => hoursIn(slot, input) * partThere(evse, slot, input);
  const netWh = energyWh - takenBackWh(evse, planned, hours);
  const mostWh = evse.energyNeededWh > 0 ? evse.energyNeededWh + evse.minPowerW * WH_PER_W : 0;
  if (netWh > mostWh + ROUNDING_WH) say(`${evse.evseId}: ${Math.round(netWh)} Wh is more than the car takes`);
  const missingWh = Math.max(0, evse.energyNeededWh - netWh);
  if (!(Math.abs(missingWh - planned.shortfallWh) <= ROUNDING_WH)) {
    say(`${evse.evseId}: ${Math.round(missingWh)} Wh are missing, the plan says ${planned.shortfallWh} Wh`);
  }
}

function isBelow(circuitId: string, top: string, circuits: readonly PlanCircuit[]): boolean {
  let id: string | undefined = circuitId;
  for (let step = 0; id !== undefined && step <= circuits.length; step++) {
    if (id === top) return true;
    id = circuits.find((circuit) => circuit.circuitId === id)?.parentId;
  }
  return false;
}

/** What the batteries may draw counts at the grid connection, evenly over its phases; what they give does not. */
function batteriesChargeW({ result }: Check, slot: number): number {
  return result.batteries.reduce((sum, battery) => sum + Math.max(0, battery.powerW[slot]!), 0);
}

function checkCircuit(circuit: PlanCircuit, check: Check): void {
  const { input, result, say } = check;
  const below = input.circuits.filter((other) => isBelow(other.circuitId, circuit.circuitId, input.circuits));
  const evses = input.evses.flatMap((evse, i) =>
    isBelow(evse.circuitId, circuit.circuitId, input.circuits) ? [{ index: i, powerW: result.evses[i]!.powerW }] : [],
  );
  const tolerance = ROUNDING_W + evses.length;
  const isRoot = circuit.parentId === undefined;
  for (let slot = 0; slot < input.slots; slot++) {
    const batteriesW = isRoot ? batteriesChargeW(check, slot) : 0;
    let loadSumW = 0;
    let oursSumW = 0;
    for (const phase of input.sitePhases === 1 ? ([0] as const) : ([0, 1, 2] as const)) {
      const loadW = below.reduce((sum, other) => sum + (other.loadW?.[phase][slot] ?? 0), 0);
      let oursW = batteriesW / input.sitePhases;
      for (const { index, powerW } of evses) oursW += powerW[slot]! * shareOn(index, { slot, phase }, check);
      const limitW = Math.max(circuit.limitA * input.nominalVoltageV, loadW);
      if (loadW + oursW > limitW + tolerance)
        say(`${circuit.circuitId} L${phase + 1} slot ${slot}: above ${circuit.limitA} A`);
      loadSumW += loadW;
      oursSumW += oursW;
    }
    const sumLimitW = Math.max(circuit.limitW ?? Number.POSITIVE_INFINITY, loadSumW);
    if (!isRoot && loadSumW + oursSumW > sumLimitW + tolerance)
      say(`${circuit.circuitId} slot ${slot}: above ${circuit.limitW} W`);
  }
}

function checkBudget({ input, result, say }: Check): void {
  for (const [slot, limitW] of (input.budgetW ?? []).entries()) {
    const sumW = result.evses.reduce((sum, { powerW }) => sum + powerW[slot]!, 0);
    if (sumW > limitW + result.evses.length + 1) say(`Slot ${slot}: the cars are above their budget of ${limitW} W`);
  }
}

function checkBattery(battery: PlanBattery, powerW: readonly number[], { input, say }: Check): void {
  let energyWh = battery.energyWh;
  const lowestWh = Math.min(battery.minEnergyWh, energyWh) - ROUNDING_WH;
  const highestWh = Math.max(battery.capacityWh, energyWh) + ROUNDING_WH;
  for (const [slot, power] of powerW.entries()) {
    if (power > battery.maxChargeW + 1 || -power > battery.maxDischargeW + 1) {
      say(`${battery.deviceId} slot ${slot}: ${power} W is more than it can`);
    }
    energyWh += hoursIn(slot, input) * (power > 0 ? power * battery.efficiency : power / battery.efficiency);
    if (energyWh < lowestWh || energyWh > highestWh)
      say(`${battery.deviceId} slot ${slot}: ${Math.round(energyWh)} Wh in it`);
  }
}

/** Cars on three phases load all alike; the others may not differ by more than is allowed. */
function checkUnbalance(check: Check): void {
  const { input, result, say } = check;
  if (input.unbalanceLimitA === undefined || input.sitePhases === 1) return;
  const limitW = input.unbalanceLimitA * input.nominalVoltageV;
  for (let slot = 0; slot < input.slots; slot++) {
    const phaseW = [0, 0, 0];
    for (const [index, { powerW }] of result.evses.entries()) {
      // A car on all three loads them alike, and cancels out.
      for (const phase of [0, 1, 2]) phaseW[phase]! += powerW[slot]! * shareOn(index, { slot, phase }, check);
    }
    const differenceW = Math.max(...phaseW) - Math.min(...phaseW);
    if (differenceW > limitW + ROUNDING_W + input.evses.length)
      say(`Slot ${slot}: phases differ by ${Math.round(differenceW)} W, above ${input.unbalanceLimitA} A`);
  }
}

/** The grid operator counts the import, or what is left of it without the building that the sun does not feed. */
function checkOperator({ input, result, say }: Check, slot: number, toleranceW: number): void {
  const { gridLimit, gridExportLimit, buildingW, pvW } = input;
  const [importW, exportW] = [result.importW[slot]!, result.exportW[slot]!];
  const slotMs = input.startMs + slot * 900_000;
  const ended = (untilMs: number | undefined) => untilMs !== undefined && slotMs >= untilMs;
  const operatorW =
    gridExportLimit && !ended(gridExportLimit.untilMs) ? gridExportLimit.limitW : Number.POSITIVE_INFINITY;
  if (exportW > operatorW + toleranceW) say(`Slot ${slot}: export above the grid operator's ${operatorW} W`);
  const exportableW = Math.min(operatorW, input.exportLimitW ?? Number.POSITIVE_INFINITY);
  const fixedW = Math.min((input.sunFixedPart ?? 0) * (pvW[slot] ?? 0), exportableW + (buildingW[slot] ?? 0));
  if (result.pvUsedW[slot]! < fixedW - toleranceW) say(`Slot ${slot}: sun is left that nobody can hold back`);
  if (!gridLimit || ended(gridLimit.untilMs)) return;
  const building = buildingW[slot] ?? 0;
  const restW = gridLimit.appliesTo === "site" ? 0 : Math.max(0, building - (pvW[slot] ?? 0));
  if (importW > Math.max(gridLimit.limitW + restW, building) + toleranceW)
    say(`Slot ${slot}: import above the grid operator's ${gridLimit.limitW} W`);
}

function checkGrid(check: Check): void {
  const { input, result, say } = check;
  const tolerance = ROUNDING_W + input.evses.length + input.batteries.length;
  const root = input.circuits.find((circuit) => circuit.parentId === undefined);
  const contractedW = Math.min(
    input.importLimitW ?? Number.POSITIVE_INFINITY,
    root?.limitW ?? Number.POSITIVE_INFINITY,
  );
  for (let slot = 0; slot < input.slots; slot++) {
    const [importW, exportW, pvW] = [result.importW[slot]!, result.exportW[slot]!, result.pvUsedW[slot]!];
    const sum = (rows: readonly { powerW: readonly number[] }[]) =>
      rows.reduce((total, row) => total + row.powerW[slot]!, 0);
    const buildingW = input.buildingW[slot] ?? 0;
    const carsW = result.evses.reduce(
      (total, { powerW, dischargeW }, index) =>
        total + (powerW[slot]! - (dischargeW?.[slot] ?? 0)) * partThere(input.evses[index]!, slot, input),
      0,
    );
    const neededW = buildingW + carsW + sum(result.batteries) - pvW;
    if (importW < 0 || exportW < 0 || pvW < 0) say(`Slot ${slot}: a flow is negative`);
    if (pvW > (input.pvW[slot] ?? 0) + ROUNDING_W) say(`Slot ${slot}: more sun than there is`);
    if (importW > 0 && exportW > 0) say(`Slot ${slot}: import and export at once`);
    if (Math.abs(importW - exportW - neededW) > tolerance) say(`Slot ${slot}: the flows do not add up`);
    const allowedW = Math.min(contractedW, input.partnerLimitW?.[slot] ?? Number.POSITIVE_INFINITY);
    if (importW > Math.max(allowedW, buildingW) + tolerance) say(`Slot ${slot}: import above ${allowedW} W`);
    checkOperator(check, slot, tolerance);
    if (exportW > (input.exportLimitW ?? Number.POSITIVE_INFINITY) + tolerance) {
      say(`Slot ${slot}: export above ${input.exportLimitW} W`);
    }
  }
}

/** What a plan breaks, in words, at most twenty; empty when it holds all limits of its input. */
export function verifyPlan(input: PlanInput, result: PlanResult): string[] {
  const violations: string[] = [];
  const say = (violation: string) => {
    if (violations.length < MOST_VIOLATIONS) violations.push(violation);
  };
  const check = { input, result, say };
  if (!checkShape(check)) return violations;
  const hours = (evse: PlanEvse, slot: number) => hoursIn(slot, input) * partThere(evse, slot, input);
  checkDischarge({ ...check, hours });
  for (let index = 0; index < input.evses.length; index++) checkEvse(index, check);
  for (const circuit of input.circuits) checkCircuit(circuit, check);
  checkBudget(check);
  for (const [index, battery] of input.batteries.entries())
    checkBattery(battery, result.batteries[index]!.powerW, check);
  checkUnbalance(check);
  checkGrid(check);
  checkRamp(check);
  return violations;
}

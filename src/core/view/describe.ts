/** The live picture, from state, image and the decisions of the last tick. */

import type { CircuitObservation, EvseDecision } from "../control/control.ts";
import { limitingReason, risingCount } from "../control/mode.ts";
import { deviceQuality, lastReadingMonoMs } from "../device-quality.ts";
import { type ChargingNeed, chargingNeed, deliveredByRegisterWh } from "../drivers/need.ts";
import { departuresAt } from "../drivers/standing.ts";
import type { ProcessImage } from "../image.ts";
import { budgetInForce } from "../limits/budget.ts";
import { exportLimitInForce, gridLimitInForce, silentSource } from "../limits/grid-limit.ts";
import { doubtTexts, isMeterUnusable } from "../plausibility/doubt-texts.ts";
import type { LedgerDamage } from "../ports.ts";
import { type PerPhase, PHASE_INDEXES } from "../quantity.ts";
import type { Reason } from "../reason.ts";
import type { EvseModel, SiteModel } from "../site/site-model.ts";
import { evsePowerW, sitePowers } from "../site/site-powers.ts";
import { openSessionAt, type Session } from "../state/sessions.ts";
import type { SiteState } from "../state/state.ts";
import { wordOn } from "../state/word.ts";
import { localTime } from "../time/local-time.ts";
import { en } from "../words/en.ts";
import type { EvseWords, OperatorWords } from "../words/words.ts";
import { type PlannedCar, pauseEndMs, plannedCar } from "./planned.ts";
import type { LiveEvse, LiveSite } from "./view.ts";
import { type NextVisit, nextVisits } from "./visits.ts";

export interface DescribeInput {
  readonly site: SiteModel;
  readonly state: SiteState;
  readonly image: ProcessImage;
  readonly circuits: readonly CircuitObservation[];
  readonly decisions: readonly EvseDecision[];
  readonly simulated: boolean;
  /** Why and since when the disk refuses facts, how many wait, and how many are lost. */
  readonly ledger?: {
    readonly failure?: string;
    readonly failingSinceMs?: number;
    readonly backlog: number;
    readonly dropped: number;
    readonly damage?: LedgerDamage;
  };
  readonly planTrouble?: PlanTrouble;
}

/** Since when no new plan is followed, and by which number that is none; without one planning itself failed. */
export interface PlanTrouble {
  readonly sinceMs: number;
  readonly where?: string;
}

const EVSE_READING_VALID_MS = 120_000;
const CHARGING_W = 100;

/** Leaves out what is unknown. */
function known<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

function gridCurrents(evse: EvseModel, currentA: PerPhase | undefined): PerPhase | undefined {
  if (!currentA) return undefined;
  const grid: [number, number, number] = [0, 0, 0];
  evse.phases.forEach((phase, index) => {
    grid[phase] += currentA[index as 0 | 1 | 2] ?? 0;
  });
  return grid;
}

/** Enough to know one's own token by, never all of it. */
function tokenHint(token: string): string {
  return token.slice(-Math.min(4, Math.floor(token.length / 2)) || token.length);
}

/** Whose word departure and energy are. */
function saidPart(state: SiteState, session: Session): Pick<LiveEvse, "departureSaid" | "energySaid"> {
  const { departure, energy } = wordOn(state.sessions, session);
  const whose = (standing: boolean) => (standing ? "standing" : "driver");
  return {
    ...(departure ? { departureSaid: whose(departure.standing) } : {}),
    ...(energy ? { energySaid: whose(energy.standing) } : {}),
  };
}

type SessionPart = Pick<LiveEvse, "energyWh" | "costEur"> & Partial<LiveEvse>;

/** What the plan has for the car. Whose driver leaves within a quarter-hour is ready before its end. */
function plannedPart(state: SiteState, session: Session, { departureMs, askedWh }: ChargingNeed): PlannedCar {
  const { shortfallWh, ...rest } = plannedCar(state, session.transactionId);
  // A plan has a little more for a car of which nobody knows what it needs.
  const planned = { ...rest, ...(shortfallWh === undefined ? {} : { shortfallWh: Math.min(shortfallWh, askedWh) }) };
  const isSaid = wordOn(state.sessions, session).departure !== undefined;
  if (!isSaid || planned.readyMs === undefined) return planned;
  return { ...planned, readyMs: Math.min(planned.readyMs, departureMs) };
}

function sessionPart(input: DescribeInput, session: Session | undefined): SessionPart {
  if (!session) return { energyWh: 0, costEur: 0 };
  const { site, state, image } = input;
  const delivered = deliveredByRegisterWh(session, image.evses.get(session.evseId)?.energyWh);
  const need = chargingNeed(site, state, session, {
    nowMs: image.nowMs,
    ...(delivered === undefined ? {} : { deliveredWh: delivered }),
  });
  const energyWh = delivered ?? session.energyWh;
  const unbookedWh = Math.max(0, energyWh - session.energyWh);
  const unpricedWh = (session.unpricedWh ?? 0) + (image.importEurPerKwh === undefined ? unbookedWh : 0);
  return {
    transactionId: session.transactionId,
    startedMs: session.startedMs,
    energyWh: Math.round(energyWh),
    askedWh: need.askedWh,
    departureMs: need.departureMs,
    preference: need.preference,
    ...saidPart(state, session),
    ...(session.visit ? { visit: { visitId: session.visit.visitId, arrivalMs: session.visit.arrivalMs } } : {}),
    costEur: Math.round((session.costEur + (unbookedWh / 1000) * (image.importEurPerKwh ?? 0)) * 1e5) / 1e5,
    ...(unpricedWh > 0 ? { unpricedWh: Math.round(unpricedWh) } : {}),
    ...(session.token === undefined ? {} : { tokenHint: tokenHint(session.token) }),
    ...plannedPart(state, session, need),
  };
}

function readingPart(input: DescribeInput, evse: EvseModel) {
  const reading = input.image.evses.get(evse.id);
  if (!reading || input.image.monoMs - reading.atMonoMs > EVSE_READING_VALID_MS) return {};
  const currentA = gridCurrents(evse, reading.currentA);
  const phasesInUse = reading.currentA
    ? PHASE_INDEXES.filter((phase) => reading.currentA![phase] >= 1).length
    : undefined;
  const powerW = evsePowerW(reading, input.image.monoMs, input.site.voltageV);
  return known({
    powerW: powerW === undefined ? undefined : Math.round(powerW),
    currentA: currentA as [number, number, number] | undefined,
    phasesInUse,
    socPercent: reading.socPercent,
  });
}

/** Age of the last reading of the device that a reason names, s. */
function readingAgeS({ site, image }: DescribeInput, deviceId: string | undefined): number | undefined {
  const device = site.configuration.devices.find(({ id }) => id === deviceId);
  const atMonoMs = device && lastReadingMonoMs(device, image);
  return atMonoMs === undefined ? undefined : Math.max(0, Math.round((image.monoMs - atMonoMs) / 1000));
}

interface AtEvse {
  readonly decision: EvseDecision | undefined;
  readonly expected: NextVisit | undefined;
}

function describeEvse(input: DescribeInput, evse: EvseModel, { decision, expected }: AtEvse): LiveEvse {
  const { site, state, image } = input;
  const session = openSessionAt(state.sessions, evse.id);
  const parts = sessionPart(input, session);
  const measured = readingPart(input, evse);
  const limit = state.limits.byEvse[evse.id];
  const status = state.chargePoints.evses[evse.id]?.status ?? "unknown";
  const online = state.chargePoints.byId[evse.chargePointId]?.connected === true;
  const reason: Reason = decision?.reason ?? { kind: online ? "no-transaction" : "offline" };
  const limitA = decision?.currentA ?? evse.safeCurrentA;
  const zone = site.configuration.site.timeZone;
  const at = (ms: number | undefined) => (ms === undefined ? undefined : localTime(ms, image.nowMs, zone));
  // A guess is no end: beyond it the plan has energy for a car that stays.
  const isIfStays = !parts.departureSaid && parts.readyMs !== undefined && parts.readyMs > parts.departureMs!;
  // Nobody is switched off and on all the time: a car goes on for a while where the plan would rather wait.
  const isBeyondPlan = session !== undefined && reason.kind === "plan" && limitA > 0;
  const charging = (measured.powerW ?? 0) > CHARGING_W;
  const departures = departuresAt(site, state, evse.id);
  const assumedA = measured.powerW === undefined ? decision?.assumedA : undefined;
  const words: EvseWords = {
    limitA,
    reason,
    status,
    online,
    charging,
    session: session !== undefined,
    ...known({
      until: at(reason.untilMs),
      ready: at(parts.readyMs),
      isShort: parts.shortfallWh === undefined ? undefined : true,
      isIfStays: isIfStays ? true : undefined,
      resumes: isBeyondPlan ? at(pauseEndMs(state, session.transactionId, image.nowMs)) : undefined,
      powerW: measured.powerW,
      readingAgeS: readingAgeS(input, reason.deviceId),
      unusable: reason.deviceId !== undefined && isMeterUnusable(state, reason.deviceId),
      dischargeA: decision?.dischargeA,
      assumedA,
      withoutDefault: state.limits.refusedDefaults?.[evse.id] === undefined ? undefined : true,
    }),
  };
  return {
    id: evse.id,
    name: evse.name,
    chargePointId: evse.chargePointId,
    circuitId: evse.circuitPath[0]!,
    online,
    status,
    ...parts,
    ...measured,
    ...(departures.length > 0 ? { departures: [...departures] } : {}),
    ...known({ expected }),
    override: state.sessions.overrides[evse.id] !== undefined,
    limitA,
    ...known({ dischargeA: decision?.dischargeA, assumedA }),
    ...(limit && session ? { limitExpiresMs: limit.expiresAtMs } : {}),
    limitObeyed: limit?.obeyed ?? true,
    profileWrites: session ? (limit?.writes ?? 0) : 0,
    reason,
    because: en.because(words),
    sentence: en.sentence(words),
  };
}

function flowOf(input: DescribeInput): LiveSite["flow"] {
  const { site, image } = input;
  const { gridW, pvW, chargeW, dischargeW, evsesW, buildingW } = sitePowers(input);
  const batteryW = chargeW === undefined || dischargeW === undefined ? undefined : chargeW - dischargeW;
  const socPercents = site.batteries.map(({ id }) => image.batteries.get(id)?.socPercent);
  return known({
    gridW,
    pvW: site.pvIds.length > 0 ? pvW : undefined,
    pvHeld: Object.values(input.state.limits.pvs ?? {})[0]?.reason,
    batteryW: site.batteries.length > 0 ? batteryW : undefined,
    evsesW: evsesW === undefined ? undefined : Math.round(evsesW),
    buildingW: buildingW === undefined ? undefined : Math.round(buildingW),
    batterySocPercent: batteryW === undefined ? undefined : socPercents[0],
  });
}

function modeOf(input: DescribeInput): LiveSite["mode"] {
  const { mode: word, modeSinceMs: sinceMs, modeReason, devices } = input.state.site;
  const since = localTime(sinceMs, input.image.nowMs, input.site.configuration.site.timeZone);
  const detail = modeReason?.deviceId === undefined ? undefined : devices[modeReason.deviceId]?.detail;
  const operator = operatorWords(input);
  const doubts = doubtTexts(input.site, input.state);
  const unusable = modeReason?.deviceId !== undefined && isMeterUnusable(input.state, modeReason.deviceId);
  // Inside a word the fact keeps its first reason; people are told what limits now.
  const reason = (word === "limited" ? limitingReason(input.decisions) : undefined) ?? modeReason;
  const rising = risingCount(input.decisions);
  const text = en.mode({ word, since, doubts, unusable, rising, ...known({ detail, operator }), ...reason });
  return { word, sinceMs, text };
}

/** The limits of the grid operator, for a sentence; one that is silent and let go has none. */
function operatorWords({ site, state, image }: DescribeInput): OperatorWords | undefined {
  const limit = gridLimitInForce(site, state, image.nowMs);
  const exportLimit = exportLimitInForce(state, image.nowMs);
  const silent = silentSource(state, image.nowMs);
  const shown = silent ?? limit ?? exportLimit;
  if (!shown) return undefined;
  const until =
    shown.untilMs === undefined ? undefined : localTime(shown.untilMs, image.nowMs, site.configuration.site.timeZone);
  return {
    by: shown.by,
    silent: silent !== undefined,
    controllable: limit?.appliesTo === "controllable",
    ...known({ limitW: limit?.limitW, exportLimitW: exportLimit?.limitW, until }),
  };
}

function ledgerOf({ ledger, site, image }: DescribeInput): LiveSite["ledger"] {
  if (ledger?.failure === undefined || ledger.failingSinceMs === undefined) return undefined;
  const { failure: reason, failingSinceMs: sinceMs, backlog: waitingFacts, dropped: lostFacts } = ledger;
  const since = localTime(sinceMs, image.nowMs, site.configuration.site.timeZone);
  return { sinceMs, waitingFacts, lostFacts, text: en.ledger({ since, reason, waitingFacts, lostFacts }) };
}

function ledgerDamageOf({ ledger, site, image }: DescribeInput): LiveSite["ledgerDamage"] {
  if (!ledger?.damage) return undefined;
  const { foundMs, reason } = ledger.damage;
  const found = localTime(foundMs, image.nowMs, site.configuration.site.timeZone);
  return { foundMs, text: en.ledgerDamage({ found, reason }) };
}

function planTroubleOf({ planTrouble, site, image }: DescribeInput): LiveSite["planTrouble"] {
  if (!planTrouble) return undefined;
  const { sinceMs, where } = planTrouble;
  const since = localTime(sinceMs, image.nowMs, site.configuration.site.timeZone);
  return { sinceMs, text: en.planTrouble({ since, ...known({ where }) }) };
}

function devicesOf({ site, state, image }: DescribeInput): LiveSite["devices"] {
  return site.configuration.devices.map((device) => {
    const atMonoMs = lastReadingMonoMs(device, image);
    const doubts = doubtTexts(site, state, device.id);
    return {
      id: device.id,
      role: device.role,
      quality: deviceQuality(device, image),
      detail: state.site.devices[device.id]?.detail ?? "",
      ...(doubts.length === 0 ? {} : { doubts }),
      ...(atMonoMs === undefined ? {} : { ageMs: Math.round(image.monoMs - atMonoMs) }),
    };
  });
}

/** Describes the site as it is now. */
export function describeSite(input: DescribeInput): LiveSite {
  const { site, state, image } = input;
  const byEvse = new Map(input.decisions.map((decision) => [decision.evseId, decision]));
  const expected = nextVisits(site, state, image.nowMs);
  const evses = site.evses.map((evse) =>
    describeEvse(input, evse, { decision: byEvse.get(evse.id), expected: expected.get(evse.id) }),
  );
  const devices = devicesOf(input);
  const meter = devices.find((device) => device.id === site.gridMeterId);
  const { id, name, timeZone, country } = site.configuration.site;
  const plan = state.plan.current;
  return {
    seq: state.seq,
    nowMs: image.nowMs,
    wallTrusted: image.wallTrusted,
    site: { id, name: name || id, timeZone, country, phases: site.phases, simulated: input.simulated },
    mode: modeOf(input),
    ...known({ ledger: ledgerOf(input), ledgerDamage: ledgerDamageOf(input) }),
    meter: { deviceId: site.gridMeterId, quality: meter?.quality ?? "absent", ...known({ ageMs: meter?.ageMs }) },
    devices,
    circuits: input.circuits.map(({ circuitId, currentA, limitA, quality, assumed }) => {
      const parentId = site.circuitById.get(circuitId)?.parentId;
      return {
        id: circuitId,
        limitA,
        quality,
        ...known({ parentId, currentA: currentA as [number, number, number] | undefined, assumed }),
      };
    }),
    flow: flowOf(input),
    ...known({
      gridLimit: gridLimitInForce(site, state, image.nowMs),
      gridExportLimit: exportLimitInForce(state, image.nowMs),
      budget: budgetInForce(state.budgets, image.nowMs),
    }),
    price: known({ importEurPerKwh: image.importEurPerKwh, exportEurPerKwh: image.exportEurPerKwh }),
    ...(plan
      ? {
          plan: {
            seq: plan.seq,
            madeMs: plan.madeMs,
            status: plan.result.status,
            detail: plan.result.detail,
            costEur: plan.result.costEur,
            ...known({ gap: plan.result.gap }),
            solveMs: plan.result.solveMs,
          },
        }
      : {}),
    ...known({ planTrouble: planTroubleOf(input) }),
    evses,
  };
}

/**
 * Whether the meters can be right: against physics, against themselves, and against what the EVSEs' own meters say. A
 * meter whose values are worthless is taken out of the picture, as if it did not answer; the guard knows what to do
 * then. Everything found is a fact, and a sentence on what to do.
 */
import type { SiteDraft } from "../facts/index.ts";
import type { MeterCaution, ProcessImage } from "../image.ts";
import { sumPhases } from "../quantity.ts";
import { GRID_CIRCUIT_ID } from "../site/site.ts";
import type { CircuitModel, SiteModel } from "../site/site-model.ts";
import { devicePowers, type PowersInput } from "../site/site-powers.ts";
import type { SiteState } from "../state/state.ts";
import { type Doubt, doubtKey, isLearned, isUnusable } from "./doubt.ts";
import { type EvseTrack, REPORT_VALID_MS, trackEvses, untoldBackA, withLeast } from "./evses.ts";
import {
  doubtsOf,
  forgetVotes,
  isStillCautious,
  isUnproven,
  type MeterWatch,
  refutedOf,
  type Surroundings,
  watchAfterRestart,
  watchMeter,
} from "./meter.ts";

/** What was learned from cars is looked at anew after a day. */
const LEARNED_FOR_MS = 86_400_000;
const NOT_USED = "it answers, but its values are not used";

export interface PlausibilityMemory {
  readonly meters: ReadonlyMap<string, MeterWatch>;
  readonly evses: ReadonlyMap<string, EvseTrack>;
}

/** Nothing seen yet. */
export function initialPlausibility(): PlausibilityMemory {
  return { meters: new Map(), evses: new Map() };
}

export interface Examined {
  readonly memory: PlausibilityMemory;
  /** The image without the values that cannot be used, and with the meters that nothing may rise by. */
  readonly image: ProcessImage;
  /** Devices whose values were taken out, with a word on it. */
  readonly troubles: ReadonlyMap<string, string>;
  readonly drafts: readonly SiteDraft[];
}

/**
 * The least that the cars draw by their last reports, W: one that is unknown, as its charge point is gone, may draw nothing, and
 * keeps nobody from seeing what the others show.
 */
function carsPowerW(tracks: Iterable<EvseTrack>, monoMs: number, voltageV: number): number {
  let sumW = 0;
  for (const track of tracks) {
    const { transactionId, last } = track;
    const report = transactionId !== undefined && last && monoMs - last.atMonoMs < REPORT_VALID_MS ? last : undefined;
    sumW += (report?.powerW ?? 0) - sumPhases(untoldBackA(track, report)) * voltageV;
  }
  return sumW;
}

/** EVSEs that are known to show on other phases: they count on all. */
function swappedEvses({ site }: SiteState, meterId: string): ReadonlySet<string> {
  const of = Object.values(site.doubts).filter(({ kind, deviceId }) => kind === "swapped" && deviceId === meterId);
  return new Set(of.flatMap(({ evseId }) => evseId ?? []));
}

/** Inverters up to so much may feed a single phase. */
const ONE_PHASE_W = 6_000;

type DevicePowers = ReturnType<typeof devicePowers>;

/** What sun and battery may feed into a circuit at most, W: at the grid connection what they say, else what those on it can. */
function mostProducedW(
  { configuration, pvIds }: SiteModel,
  { circuitIds, powers }: { readonly circuitIds: ReadonlySet<string>; readonly powers?: DevicePowers },
): number {
  const devices = configuration.devices.filter(({ circuit = GRID_CIRCUIT_ID }) => circuitIds.has(circuit));
  const peakW = devices
    .filter(({ id }) => pvIds.includes(id))
    .reduce((sum, { pv }) => sum + (pv?.peakW ?? Number.POSITIVE_INFINITY), 0);
  const batteryW = devices.reduce((sum, { battery }) => sum + (battery?.maxDischargeW ?? 0), 0);
  return (powers?.pvW ?? peakW) + (powers?.dischargeW ?? batteryW);
}

/** The same of a phase, A. */
function mostProducedA({ phases, voltageV }: SiteModel, sumW: number): number {
  return (phases === 1 ? sumW : Math.max(sumW / 3, Math.min(sumW, ONE_PHASE_W))) / voltageV;
}

/** A circuit and all below it. */
function circuitsFrom({ circuits }: SiteModel, id: string): ReadonlySet<string> {
  const found = new Set([id]);
  for (const { id: below, parentId } of circuits) if (parentId !== undefined && found.has(parentId)) found.add(below);
  return found;
}

/** What all meters are held against in a tick. */
interface Seen {
  readonly evses: ReadonlyMap<string, EvseTrack>;
  /** With the least that each draws. */
  readonly least: ReadonlyMap<string, EvseTrack>;
  readonly powers: DevicePowers;
}

function surroundings(
  { site, state, image }: PowersInput,
  deviceId: string,
  circuit: CircuitModel,
  { evses, least, powers }: Seen,
): Surroundings {
  const { gridW, pvW, chargeW, dischargeW } = powers;
  const known = pvW !== undefined && chargeW !== undefined && dischargeW !== undefined;
  const othersW = known ? chargeW - dischargeW - pvW : undefined;
  const carsW = carsPowerW(evses.values(), image.monoMs, site.voltageV);
  const leastCarsW = carsPowerW(least.values(), image.monoMs, site.voltageV);
  const isGrid = deviceId === site.gridMeterId;
  const deliveredW = (gridW ?? Number.NaN) - (othersW ?? Number.NaN);
  const circuitIds = circuitsFrom(site, circuit.id);
  const producedW = mostProducedW(site, { circuitIds, ...(isGrid ? { powers } : {}) });
  const balance = { restW: deliveredW - carsW, carsW };
  const leastBalance = { restW: deliveredW - leastCarsW, carsW: leastCarsW };
  return {
    deviceId,
    phases: site.phases,
    voltageV: site.voltageV,
    limitA: circuit.limitA,
    tracks: circuit.evseIds.flatMap((id) => evses.get(id) ?? []),
    leastTracks: circuit.evseIds.flatMap((id) => least.get(id) ?? []),
    swapped: swappedEvses(state, deviceId),
    hasBattery: site.batteries.some(({ circuit: at = GRID_CIRCUIT_ID }) => circuitIds.has(at)),
    ...(chargeW === undefined || dischargeW === undefined ? {} : { batteriesW: chargeW - dischargeW }),
    producedA: mostProducedA(site, producedW),
    producedW,
    loadA: site.circuits.reduce((sumA, of) => sumA + (circuitIds.has(of.id) ? of.worstBuildingLoadA : 0), 0),
    ...(isGrid ? { balance, leastBalance } : {}),
    monoMs: image.monoMs,
  };
}

/** Doubts of before that were learned and still hold: not refuted, and not too old. */
function learned(input: PowersInput, watch: MeterWatch, deviceId: string): Doubt[] {
  const before = Object.entries(input.state.site.doubts)
    .filter(([, doubt]) => doubt.deviceId === deviceId && isLearned(doubt))
    .filter(([, { sinceMs }]) => input.image.nowMs - sinceMs < LEARNED_FOR_MS);
  if (before.length === 0) return [];
  const refuted = new Set(refutedOf(watch).map(doubtKey));
  return before.filter(([key]) => !refuted.has(key)).map(([, { sinceMs: _, ...doubt }]) => doubt);
}

function expires({ state, image }: PowersInput, deviceId: string): boolean {
  return Object.values(state.site.doubts).some(
    (doubt) => doubt.deviceId === deviceId && isLearned(doubt) && image.nowMs - doubt.sinceMs >= LEARNED_FOR_MS,
  );
}

/** It was not there, or is known to be of phases only now. */
function isNews({ phases }: Doubt, known: Doubt | undefined): boolean {
  return known === undefined || (phases !== undefined && known.phases === undefined);
}

/** Facts where the doubts differ from what the state knows. */
function changes({ state }: PowersInput, doubts: readonly Doubt[]): SiteDraft[] {
  const now = new Map(doubts.map((doubt) => [doubtKey(doubt), doubt]));
  const known = state.site.doubts;
  const draft = (doubt: Doubt, active: boolean): SiteDraft => {
    const { phases, seenOn, ...rest } = doubt;
    const lists = { ...(phases ? { phases: [...phases] } : {}), ...(seenOn ? { seenOn: [...seenOn] } : {}) };
    return { type: "meter-doubted", source: "plausibility", data: { ...rest, ...lists, active } };
  };
  return [
    ...[...now].filter(([key, doubt]) => isNews(doubt, known[key])).map(([, doubt]) => draft(doubt, true)),
    ...Object.entries(known)
      .filter(([key]) => !now.has(key))
      .map(([, { sinceMs: _, ...doubt }]) => draft(doubt, false)),
  ];
}

/** The guard knows that it shows too little, and reckons with that. */
function knownShort({ state }: PowersInput, deviceId: string): Doubt | undefined {
  const before = Object.values(state.site.doubts);
  return before.find((doubt) => doubt.kind === "less-than-cars" && doubt.deviceId === deviceId);
}

/** After a restart: what was seen before holds until the opposite is seen. */
function firstWatch(input: PowersInput, meterId: string): MeterWatch {
  const isSuspected = input.state.site.suspects[meterId] !== undefined;
  return watchAfterRestart({ short: knownShort(input, meterId), isSuspected }, input.image.monoMs);
}

/** Facts where the suspicions differ from what the state knows. */
function suspected({ state }: PowersInput, watches: ReadonlyMap<string, MeterWatch>): SiteDraft[] {
  const drafts: SiteDraft[] = [];
  for (const [deviceId, { suspicion }] of watches) {
    const active = suspicion !== undefined;
    if (active === (state.site.suspects[deviceId] !== undefined)) continue;
    drafts.push({ type: "meter-suspected", source: "plausibility", data: { deviceId, active } });
  }
  return drafts;
}

/** How far what a meter shows is to be believed; missing where there is nothing to say against it. */
function cautionOf(watch: MeterWatch, monoMs: number, isKnown: boolean): MeterCaution | undefined {
  if (watch.strayed) return "strayed";
  if (isStillCautious(watch, monoMs)) return "suspect";
  return isUnproven(watch) && !isKnown ? "unproven" : undefined;
}

/** Looks at all meters of circuits. To be called once a tick, with the image as it was read. */
export function examineMeters(memory: PlausibilityMemory, input: PowersInput): Examined {
  const { site, image } = input;
  const evses = trackEvses(memory.evses, input);
  const least = new Map([...evses].map(([id, track]) => [id, withLeast(input, track)] as const));
  const seen = { evses, least, powers: devicePowers(input) };
  const watches = new Map<string, MeterWatch>();
  const meters = new Map(image.meters);
  const cautions = new Map<string, MeterCaution>();
  const all: Doubt[] = [];
  for (const circuit of site.circuits) {
    const { meterId } = circuit;
    if (meterId === undefined || watches.has(meterId)) continue;
    const around = surroundings(input, meterId, circuit, seen);
    const before = memory.meters.get(meterId) ?? firstWatch(input, meterId);
    const watched = watchMeter(
      expires(input, meterId) ? forgetVotes(before) : before,
      image.meters.get(meterId),
      around,
    );
    const found = [...doubtsOf(watched, around), ...learned(input, watched, meterId)];
    const unusable = found.some(isUnusable);
    if (unusable) meters.delete(meterId);
    // The cause is known: its effect needs no sentence of its own.
    const doubts = unusable ? found.filter(({ kind }) => kind !== "less-than-cars") : found;
    const caution = cautionOf(watched, image.monoMs, knownShort(input, meterId) !== undefined);
    if (caution) cautions.set(meterId, caution);
    watches.set(meterId, watched);
    all.push(...doubts);
  }
  const troubles = new Map(all.filter(isUnusable).map(({ deviceId }) => [deviceId, NOT_USED]));
  const used = { ...image, meters, ...(cautions.size > 0 ? { cautions } : {}) };
  return {
    memory: { meters: watches, evses },
    image: used,
    troubles,
    drafts: [...changes(input, all), ...suspected(input, watches)],
  };
}

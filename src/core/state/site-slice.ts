/** What is known of the site itself: boot, mode, device quality, the last quarter-hours, outside limits. */
import type { SiteFact } from "../facts/index.ts";
import { type Doubt, doubtKey, outlivesRestart } from "../plausibility/doubt.ts";
import type { Quality } from "../quantity.ts";
import { type GridLimits, withGridLimit } from "./grid-limits.ts";

export interface QuarterHour {
  readonly slotStartMs: number;
  readonly complete: boolean;
  readonly importWh?: number;
  readonly exportWh?: number;
  /** Import and export are of so much of it, ms; missing is all. */
  readonly seenMs?: number;
  readonly registersWh?: { readonly importWh: number; readonly exportWh: number };
  readonly pvWh?: number;
  /** The sun was held back: it could have given more. */
  readonly pvHeld?: boolean;
  readonly buildingWh?: number;
  readonly batteryChargeWh?: number;
  readonly batteryDischargeWh?: number;
  readonly importEurPerKwh?: number;
  readonly exportEurPerKwh?: number;
  readonly co2GramsPerKwh?: number;
}

export interface SiteSlice {
  readonly boot: string;
  readonly bootSeq: number;
  readonly mode: "normal" | "limited" | "safe";
  readonly modeSinceMs: number;
  readonly modeReason?: { readonly kind: string; readonly deviceId?: string; readonly circuitId?: string };
  readonly devices: Readonly<
    Record<string, { readonly quality: Quality; readonly sinceMs: number; readonly detail: string }>
  >;
  /** Of the last 32 days, oldest first: what a month is reckoned from. */
  readonly quarterHours: readonly QuarterHour[];
  readonly gridLimits: GridLimits;
  /** What is doubted of meters that answer, and since when. */
  readonly doubts: Readonly<Record<string, Doubt & { readonly sinceMs: number }>>;
  /** Meters that showed less than the cars draw before they had shown one, and since when. */
  readonly suspects: Readonly<Record<string, number>>;
  readonly configurationHash: string;
}

const QUARTER_HOURS_KEPT = 32 * 96;

export function initialSite(): SiteSlice {
  return {
    boot: "",
    bootSeq: 0,
    mode: "safe",
    modeSinceMs: 0,
    devices: {},
    quarterHours: [],
    gridLimits: {},
    doubts: {},
    suspects: {},
    configurationHash: "",
  };
}

/** What was learned from cars holds over a restart, unless the configuration was corrected. */
function withBoot({ doubts, suspects, configurationHash }: SiteSlice, hash: string) {
  if (hash !== configurationHash) return { doubts: {}, suspects: {}, configurationHash: hash };
  const learned = Object.entries(doubts).filter(([, doubt]) => outlivesRestart(doubt));
  return { doubts: Object.fromEntries(learned), suspects, configurationHash };
}

function withSuspicion(
  suspects: SiteSlice["suspects"],
  { atMs, data: { deviceId, active } }: Extract<SiteFact, { type: "meter-suspected" }>,
): SiteSlice["suspects"] {
  const { [deviceId]: _, ...others } = suspects;
  return active ? { ...others, [deviceId]: atMs } : others;
}

function withDoubt(
  doubts: SiteSlice["doubts"],
  { atMs, data }: Extract<SiteFact, { type: "meter-doubted" }>,
): SiteSlice["doubts"] {
  const { active, ...doubt } = data;
  const { [doubtKey(doubt)]: _, ...others } = doubts;
  return active ? { ...others, [doubtKey(doubt)]: { ...doubt, sinceMs: atMs } } : others;
}

/** Folds one fact into the site's slice. */
export function evolveSite(slice: SiteSlice, fact: SiteFact): SiteSlice {
  switch (fact.type) {
    case "booted":
      return { ...slice, ...withBoot(slice, fact.data.configurationHash), boot: fact.boot, bootSeq: fact.seq };
    case "site-mode-changed": {
      const { modeReason: _, ...rest } = slice;
      const { mode, reason } = fact.data;
      return { ...rest, mode, modeSinceMs: fact.atMs, ...(reason ? { modeReason: reason } : {}) };
    }
    case "device-quality-changed": {
      const { deviceId, quality, detail } = fact.data;
      return { ...slice, devices: { ...slice.devices, [deviceId]: { quality, detail, sinceMs: fact.atMs } } };
    }
    case "quarter-hour-metered":
      return { ...slice, quarterHours: [...slice.quarterHours, fact.data].slice(-QUARTER_HOURS_KEPT) };
    case "grid-limit-received":
      return { ...slice, gridLimits: withGridLimit(slice.gridLimits, fact.data, fact.atMs) };
    case "meter-doubted":
      return { ...slice, doubts: withDoubt(slice.doubts, fact) };
    case "meter-suspected":
      return { ...slice, suspects: withSuspicion(slice.suspects, fact) };
    default:
      return slice;
  }
}

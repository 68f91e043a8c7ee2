/** What a comparison of one scenario comes back with: its figures, and what its page draws. */
import type { Scenario } from "../sim/scenario.ts";
import type { DataNote } from "./scenario-file.ts";

/** What the page draws of a run, by slot, W. */
export interface ReportSeries {
  readonly gridW: readonly number[];
  readonly evsesW: readonly number[];
  readonly batteryW: readonly number[];
}

/** One way to run the site. Missing values do not exist there, such as messages without a controller. */
export interface ReportColumn {
  readonly name: string;
  readonly energyAskedKwh: number;
  readonly energyDeliveredKwh: number;
  /** Missing at departure though the best plan delivers it: kWh, and drivers with more than 0.5 kWh of it. */
  readonly shortKwh: number;
  readonly driversShort: number;
  /** Import less export. */
  readonly costEur: number;
  readonly wearEur: number;
  /** What the peaks of the months cost; missing where power costs nothing. */
  readonly capacityEur?: number;
  /** Drivers who stated their energy: missing of that, though the best plan delivers it, kWh. */
  readonly shortOfStatedKwh: number;
  /** Cost, wear, peaks, missing energy at the dearest price, less what more is stored than at the beginning. */
  readonly comparableEur: number;
  readonly eurPerKwhDelivered?: number;
  readonly peakKw: number;
  readonly peakA?: number;
  readonly selfConsumptionPercent?: number;
  readonly co2Kg?: number;
  readonly batteryCycles?: number;
  readonly secondsAboveLimit?: number;
  /** Times that lasted longer than 10 s. */
  readonly overloads?: number;
  /** Quarter-hours above the contracted or ordered import, where there is one. */
  readonly quarterHoursAboveContract?: number;
  /** Quarter-hours whose change from the one before is above the limited ramp, where there is one; by how much the worst is, W. */
  readonly quarterHoursAboveRamp?: number;
  readonly worstAboveRampW?: number;
  readonly profileMessages?: number;
  readonly guardInterventions?: number;
  readonly plans?: number;
  readonly plansByRules?: number;
}

export interface Regret {
  /** What perfect foresight would have saved against uncontrolled charging, EUR. */
  readonly achievableSavingEur: number;
  readonly savedEur: number;
  /** Part of the achievable saving that was lost, in per cent; missing where there was nothing to save. */
  readonly lostPercent?: number;
  /** The same for the best of the simple rules that keeps the limits, and which one that is. */
  readonly bestRule: { readonly name: string; readonly lostPercent?: number };
}

export interface SimulationReport {
  readonly scenario: string;
  readonly fromUtc: string;
  readonly untilUtc: string;
  readonly timeZone: string;
  readonly days: number;
  readonly evses: number;
  readonly sessions: number;
  readonly notes: readonly DataNote[];
  readonly optimum: string;
  readonly missingEurPerKwh: number;
  readonly storedEurPerKwh: number;
  readonly tookS: number;
  readonly columns: readonly ReportColumn[];
  readonly regret: Regret;
  /** The same with the truth told, where that was asked for. */
  readonly informed?: { readonly columns: readonly ReportColumn[]; readonly regret: Regret };
}

export interface FullReport {
  readonly report: SimulationReport;
  readonly series: Readonly<Record<string, ReportSeries>>;
  readonly scenario: Scenario;
}

/**
 * Charging profiles as a charge point keeps and evaluates them (OCPP 1.6 3.13, 2.0.1 K01), written for the simulated
 * stations alone. The currents of both versions are brought to A per phase.
 */
export interface StoredProfile {
  readonly id: number;
  readonly stackLevel: number;
  readonly purpose: "max" | "default" | "transaction";
  readonly kind: "Absolute" | "Recurring" | "Relative";
  readonly transaction?: string;
  readonly startMs?: number;
  readonly durationS?: number;
  readonly validFromMs?: number;
  readonly validToMs?: number;
  readonly periods: readonly { readonly startS: number; readonly limitA: number; readonly phases?: number }[];
}

/** OCPP profiles on the wire, the parts that both versions share. */
export interface WireProfile {
  readonly chargingProfileId?: number;
  readonly id?: number;
  readonly stackLevel: number;
  readonly chargingProfilePurpose: string;
  readonly chargingProfileKind: StoredProfile["kind"];
  readonly transactionId?: number | string;
  readonly validFrom?: string;
  readonly validTo?: string;
  readonly chargingSchedule: WireSchedule | readonly WireSchedule[];
}
interface WireSchedule {
  readonly duration?: number;
  readonly startSchedule?: string;
  readonly chargingRateUnit: "A" | "W";
  readonly chargingSchedulePeriod: readonly { startPeriod: number; limit: number; numberPhases?: number }[];
}

const PURPOSES: Readonly<Record<string, StoredProfile["purpose"]>> = {
  ChargePointMaxProfile: "max",
  ChargingStationMaxProfile: "max",
  TxDefaultProfile: "default",
  TxProfile: "transaction",
};

/** A profile takes the place of the one with its id, and of the one on its level for its purpose. */
export function withProfile(profiles: readonly StoredProfile[], profile: StoredProfile): StoredProfile[] {
  const same = ({ id, stackLevel, purpose }: StoredProfile) =>
    id === profile.id || (stackLevel === profile.stackLevel && purpose === profile.purpose);
  return [...profiles.filter((other) => !same(other)), profile];
}

/** What a ClearChargingProfile names; what is missing is meant by any. */
export interface ClearCriteria {
  readonly id?: unknown;
  readonly stackLevel?: unknown;
  /** As it is written on the wire. */
  readonly purpose?: unknown;
}

/** What is left when profiles that fit all that is named are cleared. */
export function withoutProfiles(
  profiles: readonly StoredProfile[],
  { id, stackLevel, purpose }: ClearCriteria,
): StoredProfile[] {
  return profiles.filter(
    (profile) =>
      (id !== undefined && id !== profile.id) ||
      (stackLevel !== undefined && stackLevel !== profile.stackLevel) ||
      (purpose !== undefined && PURPOSES[String(purpose)] !== profile.purpose),
  );
}

/** Takes a profile from the wire; `undefined` for a purpose that no station knows. */
export function storedProfile(wire: WireProfile, voltageV: number): StoredProfile | undefined {
  const purpose = PURPOSES[wire.chargingProfilePurpose];
  const schedule = [wire.chargingSchedule].flat()[0] as WireSchedule | undefined;
  if (!purpose || !schedule) return undefined;
  const ms = (time: string | undefined) => (time === undefined ? undefined : Date.parse(time));
  const values = {
    transaction: wire.transactionId === undefined ? undefined : String(wire.transactionId),
    startMs: ms(schedule.startSchedule),
    durationS: schedule.duration,
    validFromMs: ms(wire.validFrom),
    validToMs: ms(wire.validTo),
  };
  const known = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  return {
    id: wire.chargingProfileId ?? wire.id ?? 0,
    stackLevel: wire.stackLevel,
    purpose,
    kind: wire.chargingProfileKind,
    periods: schedule.chargingSchedulePeriod.map(({ startPeriod, limit, numberPhases = 3 }) => ({
      startS: startPeriod,
      phases: numberPhases,
      limitA: schedule.chargingRateUnit === "A" ? limit : limit / (voltageV * numberPhases),
    })),
    ...known,
  };
}

type Period = StoredProfile["periods"][number];

/** The period of one profile now; `undefined` when it does not apply. */
function periodNow(profile: StoredProfile, nowMs: number, transactionStartMs: number | undefined): Period | undefined {
  if ((profile.validFromMs ?? 0) > nowMs || (profile.validToMs ?? Number.POSITIVE_INFINITY) <= nowMs) return undefined;
  const startMs = profile.kind === "Relative" ? transactionStartMs : (profile.startMs ?? transactionStartMs ?? 0);
  if (startMs === undefined) return undefined;
  const elapsedS = (nowMs - startMs) / 1000;
  if (elapsedS < 0 || (profile.durationS !== undefined && elapsedS >= profile.durationS)) return undefined;
  return profile.periods.findLast((period) => period.startS <= elapsedS);
}

export interface OfferNow {
  readonly nowMs: number;
  readonly transaction?: string;
  readonly transactionStartMs?: number;
  readonly maxA: number;
}

/** The period that holds now: that of the highest applicable stack level of the transaction, else of the default. */
function ownPeriod(profiles: readonly StoredProfile[], now: OfferNow, purposes: readonly StoredProfile["purpose"][]) {
  const best = (purpose: StoredProfile["purpose"]) =>
    profiles
      .filter(
        (profile) =>
          profile.purpose === purpose &&
          (purpose !== "transaction" || profile.transaction === undefined || profile.transaction === now.transaction),
      )
      .map((profile) => ({ level: profile.stackLevel, period: periodNow(profile, now.nowMs, now.transactionStartMs) }))
      .filter((entry) => entry.period !== undefined)
      .sort((a, b) => b.level - a.level)[0]?.period;
  for (const purpose of purposes) {
    const found = purpose === "transaction" && now.transaction === undefined ? undefined : best(purpose);
    if (found) return found;
  }
  return undefined;
}

/** The current that holds now, A per phase: the highest applicable stack level of each purpose, the least of both. */
export function effectiveLimitA(profiles: readonly StoredProfile[], now: OfferNow): number {
  const own = ownPeriod(profiles, now, ["transaction", "default"])?.limitA ?? now.maxA;
  return Math.max(0, Math.min(now.maxA, own, ownPeriod(profiles, now, ["max"])?.limitA ?? now.maxA));
}

/** On how many phases: as that period says; all where none says so. */
export function effectivePhases(profiles: readonly StoredProfile[], now: OfferNow): number {
  return ownPeriod(profiles, now, ["transaction", "default"])?.phases ?? 3;
}

/** What a plan may take back from a car: by its charge where it tells it, else no more than it was given here. */
import { DISCHARGE_LEAST_A } from "../../core/control/thresholds.ts";
import { backFactor } from "../../core/drivers/taken.ts";
import type { PlanEvse } from "../../core/facts/plan-facts.ts";
import type { EvseReading } from "../../core/image.ts";
import type { EvseModel } from "../../core/site/site-model.ts";
import { givenBeforeWh, type Session } from "../../core/state/sessions.ts";

/** Given back since the plug-in: booked, and what the register shows beyond that; Wh. */
function givenWh(session: Session, reading: EvseReading | undefined): number {
  const { dischargedWh = 0, exportRegisterWh } = session;
  const sinceWh = (reading?.exportWh ?? Number.NaN) - (exportRegisterWh ?? Number.NaN);
  return dischargedWh + (sinceWh > 0 ? sinceWh : 0);
}

/**
 * Energy that is left of what was delivered once what was given back since `sinceMs`, or since the plug-in, has been charged
 * again, Wh; may be below 0.
 */
export function netDeliveredWh(
  evse: EvseModel,
  session: Session,
  at: {
    readonly reading: EvseReading | undefined;
    readonly deliveredWh: number | undefined;
    readonly sinceMs?: number | undefined;
  },
): number | undefined {
  if (!evse.discharge) return at.deliveredWh;
  const beforeWh = at.sinceMs === undefined ? 0 : givenBeforeWh(session, at.sinceMs);
  return (at.deliveredWh ?? session.energyWh) - (givenWh(session, at.reading) - beforeWh) * backFactor(evse);
}

/** Bounds of what a car may give, for a plan; nothing where its EVSE takes nothing back. */
export function planDischarge(
  { discharge, phases }: EvseModel,
  at: {
    readonly socPercent: number | undefined;
    readonly netWh: number;
    readonly allowed: boolean | undefined;
    readonly voltageV: number;
  },
): Pick<PlanEvse, "discharge"> {
  if (!discharge || at.allowed === false) return {};
  const efficiency = Math.sqrt(discharge.efficiencyPercent / 100);
  const { maxPowerW, wearEurPerKwh, capacityWh, minSocPercent } = discharge;
  const minPowerW = DISCHARGE_LEAST_A * at.voltageV * phases.length;
  const base = { maxPowerW, minPowerW, wearEurPerKwh, efficiency };
  const { socPercent, netWh } = at;
  if (socPercent === undefined) return { discharge: { ...base, belowWh: Math.max(0, Math.floor(netWh)), aboveWh: 0 } };
  const chargedWh = (percent: number) => Math.max(0, Math.floor((percent * capacityWh) / 100 / efficiency));
  return {
    discharge: { ...base, belowWh: chargedWh(socPercent - minSocPercent), aboveWh: chargedWh(100 - socPercent) },
  };
}

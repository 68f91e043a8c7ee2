/** What is known of each charge point and EVSE from what they report. */

import type { ConnectorStatusSchema } from "../facts/charge-point-facts.ts";
import type { SiteFact } from "../facts/index.ts";
import type { Static } from "../schema.ts";

export type ConnectorStatus = Static<typeof ConnectorStatusSchema>;

export interface ChargePointState {
  readonly connected: boolean;
  readonly changedMs: number;
  readonly protocol?: string;
  readonly vendor?: string;
  readonly model?: string;
  readonly firmware?: string;
  readonly bootedMs?: number;
  readonly rateUnit?: "A" | "W";
  readonly maxStackLevel?: number;
  /** What it says of itself; missing where it says nothing. */
  readonly smartCharging?: boolean;
  readonly reserves?: boolean;
  /** Public keys of its meters by connector; 0 is for all of them. */
  readonly meterKeys?: Readonly<Record<string, string>>;
  /** Of the charge point as a whole, where it was ever told. */
  readonly status?: ConnectorStatus;
  readonly errorCode?: string;
}

export interface EvseStatus {
  readonly status: ConnectorStatus;
  readonly sinceMs: number;
  readonly errorCode?: string;
  /** A transaction of it has ended since: what it says is of that. */
  readonly over?: true;
}

export interface ChargePointsState {
  readonly byId: Readonly<Record<string, ChargePointState>>;
  readonly evses: Readonly<Record<string, EvseStatus>>;
}

/** `MeterPublicKey[1]` of OCPP 1.6 and `FiscalMetering.PublicKey` of 2.0.1, as the OCA wrote for signed meter values. */
export function meterKeysIn(settings: Readonly<Record<string, string>>): Record<string, string> {
  const keys = Object.entries(settings).flatMap(([name, key]) => {
    const connector = /^MeterPublicKey\[(\d{1,2})\]$/.exec(name)?.[1];
    const isAll = name === "MeterPublicKey" || name === "FiscalMetering.PublicKey";
    return key === "" || (connector === undefined && !isAll) ? [] : [[connector ?? "0", key] as const];
  });
  return Object.fromEntries(keys);
}

export function initialChargePoints(): ChargePointsState {
  return { byId: {}, evses: {} };
}

function change(
  slice: ChargePointsState,
  id: string,
  patch: Partial<ChargePointState>,
  atMs: number,
): ChargePointsState {
  const before = slice.byId[id] ?? { connected: false, changedMs: atMs };
  return { ...slice, byId: { ...slice.byId, [id]: { ...before, ...patch } } };
}

/** Folds one fact into what is known of charge points. A boot of the controller disconnects all of them. */
export function evolveChargePoints(slice: ChargePointsState, fact: SiteFact): ChargePointsState {
  switch (fact.type) {
    case "booted": {
      const byId = Object.fromEntries(
        Object.entries(slice.byId).map(([id, known]) => [id, { ...known, connected: false, changedMs: fact.atMs }]),
      );
      return { ...slice, byId };
    }
    case "charge-point-connected": {
      const { chargePointId, protocol } = fact.data;
      return change(slice, chargePointId, { connected: true, protocol, changedMs: fact.atMs }, fact.atMs);
    }
    case "charge-point-disconnected":
      return change(slice, fact.data.chargePointId, { connected: false, changedMs: fact.atMs }, fact.atMs);
    case "charge-point-booted": {
      const { chargePointId, vendor, model, firmware } = fact.data;
      const identity = { vendor, model, bootedMs: fact.atMs, ...(firmware === undefined ? {} : { firmware }) };
      return change(slice, chargePointId, identity, fact.atMs);
    }
    case "charge-point-probed": {
      const { chargePointId, rateUnit, maxStackLevel, smartCharging, settings } = fact.data;
      // OCPP 1.6, 9.1.24.
      const features = settings.SupportedFeatureProfiles;
      const meterKeys = meterKeysIn(settings);
      const limits = {
        rateUnit,
        ...(maxStackLevel === undefined ? {} : { maxStackLevel }),
        ...(smartCharging === undefined ? {} : { smartCharging }),
        ...(features === undefined ? {} : { reserves: /\bReservation\b/i.test(features) }),
        ...(Object.keys(meterKeys).length === 0 ? {} : { meterKeys }),
      };
      return change(slice, chargePointId, limits, fact.atMs);
    }
    case "charge-point-status-changed": {
      const { chargePointId, status, errorCode } = fact.data;
      const { errorCode: _, ...known } = slice.byId[chargePointId] ?? { connected: false, changedMs: fact.atMs };
      const now = { ...known, status, ...(errorCode === undefined ? {} : { errorCode }) };
      return { ...slice, byId: { ...slice.byId, [chargePointId]: now } };
    }
    case "transaction-ended": {
      const known = slice.evses[fact.data.evseId];
      if (!known || known.over) return slice;
      return { ...slice, evses: { ...slice.evses, [fact.data.evseId]: { ...known, over: true } } };
    }
    case "evse-status-changed": {
      const { evseId, status, errorCode } = fact.data;
      const entry = { status, sinceMs: fact.atMs, ...(errorCode === undefined ? {} : { errorCode }) };
      return { ...slice, evses: { ...slice.evses, [evseId]: entry } };
    }
    default:
      return slice;
  }
}

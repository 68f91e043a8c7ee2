/** What is known of each charge point and EVSE from what they report. */
import type { Static } from "typebox";
import type { ConnectorStatusSchema } from "../facts/charge-point-facts.ts";
import type { SiteFact } from "../facts/index.ts";

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
  /** Of the charge point as a whole, where it was ever told. */
  readonly status?: ConnectorStatus;
  readonly errorCode?: string;
}

export interface EvseStatus {
  readonly status: ConnectorStatus;
  readonly sinceMs: number;
  readonly errorCode?: string;
}

export interface ChargePointsState {
  readonly byId: Readonly<Record<string, ChargePointState>>;
  readonly evses: Readonly<Record<string, EvseStatus>>;
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
      const limits = {
        rateUnit,
        ...(maxStackLevel === undefined ? {} : { maxStackLevel }),
        ...(smartCharging === undefined ? {} : { smartCharging }),
        ...(features === undefined ? {} : { reserves: /\bReservation\b/i.test(features) }),
      };
      return change(slice, chargePointId, limits, fact.atMs);
    }
    case "charge-point-status-changed": {
      const { chargePointId, status, errorCode } = fact.data;
      const { errorCode: _, ...known } = slice.byId[chargePointId] ?? { connected: false, changedMs: fact.atMs };
      const now = { ...known, status, ...(errorCode === undefined ? {} : { errorCode }) };
      return { ...slice, byId: { ...slice.byId, [chargePointId]: now } };
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

/** OCPP 2.0.1 as a charging station speaks it; each connector of ours is an EVSE with one connector. */
import { randomUUID } from "node:crypto";
import { storedProfile, type WireProfile, withProfile } from "../models/profile-stack.ts";
import { type Connector, clearProfiles, type Dialect, type StationCore, type Transaction } from "./dialect.ts";

function sampledValue(connector: Connector): object[] {
  const { view } = connector;
  const currents = view.currentA();
  const powerW = currents.reduce((sum, currentA) => sum + currentA * 230, 0);
  const soc = view.socPercent();
  return [
    { value: Math.round(view.registerWh()), measurand: "Energy.Active.Import.Register", unitOfMeasure: { unit: "Wh" } },
    { value: Math.round(powerW), measurand: "Power.Active.Import", unitOfMeasure: { unit: "W" } },
    ...currents.map((currentA, phase) => ({
      value: Math.round(currentA * 100) / 100,
      measurand: "Current.Import",
      phase: `L${phase + 1}`,
      unitOfMeasure: { unit: "A" },
    })),
    ...(soc === undefined
      ? []
      : [{ value: Math.round(soc * 10) / 10, measurand: "SoC", unitOfMeasure: { unit: "Percent" } }]),
  ];
}

const CHARGING_STATES: Readonly<Record<string, string>> = {
  SuspendedEV: "SuspendedEV",
  SuspendedEVSE: "SuspendedEVSE",
};

export function createDialect201(station: StationCore): Dialect {
  const iso = (ms: number) => new Date(ms).toISOString();
  const now = () => iso(station.clock.wallMs());
  const at = (id: unknown) => station.connectors.get(Number(id));

  function setProfile(payload: Record<string, unknown>): Record<string, unknown> {
    const profile = storedProfile(payload.chargingProfile as WireProfile, station.voltageV);
    const targets = payload.evseId === 0 ? [...station.connectors.values()] : [at(payload.evseId)];
    if (!profile || targets.includes(undefined)) return { status: "Rejected" };
    if (profile.purpose === "transaction" && profile.transaction !== String(targets[0]?.transaction?.id))
      return { status: "Rejected" };
    for (const connector of targets) connector!.profiles = withProfile(connector!.profiles, profile);
    return { status: "Accepted" };
  }

  function clearProfile({ chargingProfileId: id, chargingProfileCriteria }: Record<string, unknown>) {
    const criteria = (chargingProfileCriteria ?? {}) as Record<string, unknown>;
    const { evseId, stackLevel, chargingProfilePurpose: purpose } = criteria;
    return clearProfiles(station, evseId, { id, stackLevel, purpose });
  }

  type VariableData = { component: { name: string }; variable: { name: string }; attributeValue?: string };
  /** The interval that matters has one name in the station: both versions share the setting. */
  const settingOf = ({ component, variable }: VariableData) =>
    component.name === "SampledDataCtrlr" && variable.name === "TxUpdatedInterval"
      ? "MeterValueSampleInterval"
      : `${component.name}.${variable.name}`;
  const FIXED: Readonly<Record<string, string>> = {
    "SmartChargingCtrlr.RateUnit": "A,W",
    "SmartChargingCtrlr.ProfileStackLevel": "8",
    "SmartChargingCtrlr.PeriodsPerSchedule": "24",
    "SmartChargingCtrlr.Enabled": "true",
  };

  function getVariables(payload: Record<string, unknown>): Record<string, unknown> {
    const results = (payload.getVariableData as VariableData[]).map((data) => {
      const value = station.settings.get(settingOf(data)) ?? FIXED[settingOf(data)];
      const { component, variable } = data;
      return value === undefined
        ? { attributeStatus: "UnknownVariable", component, variable }
        : { attributeStatus: "Accepted", attributeValue: value, component, variable };
    });
    return { getVariableResult: results };
  }

  function setVariables(payload: Record<string, unknown>): Record<string, unknown> {
    const results = (payload.setVariableData as VariableData[]).map((data) => {
      const { component, variable, attributeValue = "" } = data;
      station.settings.set(settingOf(data), attributeValue);
      return { attributeStatus: "Accepted", component, variable };
    });
    return { setVariableResult: results };
  }

  function statusOf(connector: Connector): object {
    const connectorStatus = connector.status === "Available" ? "Available" : "Occupied";
    return { timestamp: now(), connectorStatus, evseId: connector.view.connector, connectorId: 1 };
  }

  function event(
    connector: Connector,
    transaction: Transaction,
    extra: { eventType: string; triggerReason: string; timestamp: string; [more: string]: unknown },
  ): object {
    return {
      ...extra,
      seqNo: transaction.sequence++,
      evse: { id: connector.view.connector, connectorId: 1 },
      idToken: { idToken: transaction.token, type: "ISO14443" },
    };
  }

  const boot = () => ({
    reason: "PowerUp",
    chargingStation: { vendorName: "Simulated", model: "Wall 201", serialNumber: station.id, firmwareVersion: "1.0" },
  });

  const answers: Readonly<Record<string, (payload: Record<string, unknown>) => Record<string, unknown>>> = {
    SetChargingProfile: setProfile,
    ClearChargingProfile: clearProfile,
    GetVariables: getVariables,
    SetVariables: setVariables,
    GetBaseReport: () => ({ status: "NotSupported" }),
    GetCompositeSchedule: () => ({ status: "Rejected" }),
    TriggerMessage: ({ requestedMessage, evse }) => {
      const connector = at((evse as { id?: number } | undefined)?.id ?? 1);
      if (!connector) return { status: "Rejected" };
      if (requestedMessage === "MeterValues" || requestedMessage === "TransactionEvent") station.meter(connector);
      else if (requestedMessage === "StatusNotification")
        station.call("StatusNotification", statusOf(connector)).catch(() => {});
      else if (requestedMessage === "BootNotification") station.call("BootNotification", boot()).catch(() => {});
      else return { status: "NotImplemented" };
      return { status: "Accepted" };
    },
    RequestStartTransaction: ({ evseId = 1, idToken }) => {
      const connector = at(evseId);
      if (!connector || connector.transaction) return { status: "Rejected" };
      station.start(connector, (idToken as { idToken: string }).idToken);
      return { status: "Accepted" };
    },
    RequestStopTransaction: ({ transactionId }) => {
      const connector = [...station.connectors.values()].find((entry) => entry.transaction?.id === transactionId);
      if (connector) station.stop(connector, "Remote");
      return { status: connector ? "Accepted" : "Rejected" };
    },
    ChangeAvailability: () => ({ status: "Accepted" }),
    Reset: () => {
      station.clock.after(100, "station-reset", () => station.reboot());
      return { status: "Accepted" };
    },
    UnlockConnector: () => ({ status: "Unlocked" }),
  };

  return {
    boot,
    status: (connector) => ["StatusNotification", statusOf(connector)],
    started: (connector, transaction) => {
      transaction.id = randomUUID();
      const payload = event(connector, transaction, {
        eventType: "Started",
        triggerReason: "Authorized",
        timestamp: iso(transaction.startMs),
        transactionInfo: { transactionId: transaction.id, chargingState: "Charging" },
        meterValue: [
          {
            timestamp: iso(transaction.startMs),
            sampledValue: [
              {
                value: transaction.meterStartWh,
                context: "Transaction.Begin",
                measurand: "Energy.Active.Import.Register",
                unitOfMeasure: { unit: "Wh" },
              },
            ],
          },
        ],
      });
      return ["TransactionEvent", () => payload, () => {}];
    },
    metered: (connector) => {
      const { transaction } = connector;
      if (!transaction) return undefined;
      return [
        "TransactionEvent",
        event(connector, transaction, {
          eventType: "Updated",
          triggerReason: "MeterValuePeriodic",
          timestamp: now(),
          transactionInfo: {
            transactionId: transaction.id,
            chargingState: CHARGING_STATES[connector.status] ?? "Charging",
          },
          meterValue: [{ timestamp: now(), sampledValue: sampledValue(connector) }],
        }),
      ];
    },
    ended: (connector, transaction, reason) => {
      const payload = event(connector, transaction, {
        eventType: "Ended",
        triggerReason: reason === "Remote" ? "RemoteStop" : "EVCommunicationLost",
        timestamp: now(),
        transactionInfo: {
          transactionId: transaction.id,
          stoppedReason: reason === "EVDisconnected" ? "EVDisconnected" : reason === "Remote" ? "Remote" : "Other",
        },
        meterValue: [
          {
            timestamp: now(),
            sampledValue: [
              {
                value: Math.round(connector.view.registerWh()),
                context: "Transaction.End",
                measurand: "Energy.Active.Import.Register",
                unitOfMeasure: { unit: "Wh" },
              },
            ],
          },
        ],
      });
      return ["TransactionEvent", () => payload];
    },
    onCall(action, payload) {
      const answer = answers[action];
      if (!answer) throw new Error("NotImplemented");
      return answer(payload);
    },
  };
}

/** OCPP 1.6J as a charge point speaks it. */
import { storedProfile, type WireProfile, withProfile } from "../models/profile-stack.ts";
import { type Connector, clearProfiles, type Dialect, type StationCore, type Transaction } from "./dialect.ts";

const READ_ONLY: Readonly<Record<string, string>> = {
  ChargingScheduleAllowedChargingRateUnit: "Current,Power",
  ChargeProfileMaxStackLevel: "8",
  ChargingScheduleMaxPeriods: "24",
  MaxChargingProfilesInstalled: "10",
  SupportedFeatureProfiles: "Core,SmartCharging,RemoteTrigger",
  NumberOfConnectors: "1",
};

function sampledValues(connector: Connector): object[] {
  const { view } = connector;
  const currents = view.currentA();
  const powerW = currents.reduce((sum, currentA) => sum + currentA * 230, 0);
  const soc = view.socPercent();
  return [
    { value: String(Math.round(view.registerWh())), measurand: "Energy.Active.Import.Register", unit: "Wh" },
    { value: powerW.toFixed(1), measurand: "Power.Active.Import", unit: "W" },
    ...currents.map((currentA, phase) => ({
      value: currentA.toFixed(2),
      measurand: "Current.Import",
      unit: "A",
      phase: `L${phase + 1}`,
    })),
    ...(soc === undefined ? [] : [{ value: soc.toFixed(1), measurand: "SoC", unit: "Percent" }]),
  ];
}

export function createDialect16(station: StationCore): Dialect {
  const iso = (ms: number) => new Date(ms).toISOString();
  const now = () => iso(station.clock.wallMs());
  const at = (id: unknown) => station.connectors.get(Number(id));
  const byTransaction = (id: unknown) =>
    [...station.connectors.values()].find((connector) => connector.transaction?.id === id);

  function setProfile(payload: Record<string, unknown>): Record<string, unknown> {
    const profile = storedProfile(payload.csChargingProfiles as WireProfile, station.voltageV);
    const targets = payload.connectorId === 0 ? [...station.connectors.values()] : [at(payload.connectorId)];
    if (!profile || targets.includes(undefined)) return { status: "Rejected" };
    if (profile.purpose === "transaction" && !targets[0]?.transaction) return { status: "Rejected" };
    for (const connector of targets) connector!.profiles = withProfile(connector!.profiles, profile);
    return { status: "Accepted" };
  }

  function clearProfile(payload: Record<string, unknown>): Record<string, unknown> {
    const { connectorId, id, stackLevel, chargingProfilePurpose: purpose } = payload;
    return clearProfiles(station, connectorId, { id, stackLevel, purpose });
  }

  function getConfiguration(payload: Record<string, unknown>): Record<string, unknown> {
    const all = { ...READ_ONLY, ...Object.fromEntries(station.settings) };
    const asked = (payload.key as string[] | undefined) ?? Object.keys(all);
    return {
      configurationKey: asked
        .filter((key) => key in all)
        .map((key) => ({ key, readonly: key in READ_ONLY, value: all[key as keyof typeof all] })),
      unknownKey: asked.filter((key) => !(key in all)),
    };
  }

  function trigger(payload: Record<string, unknown>): Record<string, unknown> {
    const connector = at(payload.connectorId ?? 1);
    if (payload.requestedMessage === "MeterValues" && connector) station.meter(connector);
    else if (payload.requestedMessage === "StatusNotification" && connector)
      station.call("StatusNotification", statusOf(connector)).catch(() => {});
    else if (payload.requestedMessage === "BootNotification") station.call("BootNotification", boot()).catch(() => {});
    else if (payload.requestedMessage === "Heartbeat") station.call("Heartbeat", {}).catch(() => {});
    else return { status: "NotImplemented" };
    return { status: "Accepted" };
  }

  function statusOf(connector: Connector): object {
    return { connectorId: connector.view.connector, errorCode: "NoError", status: connector.status, timestamp: now() };
  }

  const boot = () => ({
    chargePointVendor: "Simulated",
    chargePointModel: "Wall 16",
    chargePointSerialNumber: station.id,
    firmwareVersion: "1.0",
  });

  const answers: Readonly<Record<string, (payload: Record<string, unknown>) => Record<string, unknown>>> = {
    SetChargingProfile: setProfile,
    ClearChargingProfile: clearProfile,
    GetConfiguration: getConfiguration,
    ChangeConfiguration: ({ key, value }) => {
      if (String(key) in READ_ONLY) return { status: "Rejected" };
      station.settings.set(String(key), String(value));
      return { status: "Accepted" };
    },
    TriggerMessage: trigger,
    GetCompositeSchedule: () => ({ status: "Rejected" }),
    RemoteStartTransaction: ({ connectorId = 1, idTag }) => {
      const connector = at(connectorId);
      if (!connector || connector.transaction) return { status: "Rejected" };
      station.start(connector, String(idTag));
      return { status: "Accepted" };
    },
    RemoteStopTransaction: ({ transactionId }) => {
      const connector = byTransaction(transactionId);
      if (connector) station.stop(connector, "Remote");
      return { status: connector ? "Accepted" : "Rejected" };
    },
    ChangeAvailability: () => ({ status: "Accepted" }),
    Reset: () => {
      station.clock.after(100, "station-reset", () => station.reboot());
      return { status: "Accepted" };
    },
    UnlockConnector: () => ({ status: "Unlocked" }),
    ClearCache: () => ({ status: "Accepted" }),
  };

  return {
    boot,
    status: (connector) => ["StatusNotification", statusOf(connector)],
    started: (connector, transaction: Transaction) => [
      "StartTransaction",
      () => ({
        connectorId: connector.view.connector,
        idTag: transaction.token,
        meterStart: transaction.meterStartWh,
        timestamp: iso(transaction.startMs),
      }),
      (answer) => {
        transaction.id = Number(answer.transactionId);
      },
    ],
    metered: (connector) => {
      const id = connector.transaction?.id;
      if (id === undefined) return undefined;
      return [
        "MeterValues",
        {
          connectorId: connector.view.connector,
          transactionId: id,
          meterValue: [{ timestamp: now(), sampledValue: sampledValues(connector) }],
        },
      ];
    },
    ended: (connector, transaction, reason) => {
      const meterStop = Math.round(connector.view.registerWh());
      const timestamp = now();
      return [
        "StopTransaction",
        () => ({
          transactionId: transaction.id ?? 0,
          meterStop,
          timestamp,
          idTag: transaction.token,
          reason: reason === "EVDisconnected" || reason === "Remote" || reason === "Reboot" ? reason : "Local",
        }),
      ];
    },
    onCall(action, payload) {
      const answer = answers[action];
      if (!answer) throw new Error("NotImplemented");
      return answer(payload);
    },
  };
}

/** Commands as calls of either version: action, payload, and what the answer means. */
import type { ChargePointCommand, CommandResult } from "../core/charge-point-input.ts";
import type { Profile } from "./profile.ts";
import { itsTime, limitProfile, type ProfileStyle, safeProfile } from "./profile.ts";
import type { OcppVersion } from "./version.ts";
import { defined, type Fields, fieldsOf, listOf, textOf } from "./wire.ts";

export interface OutboundCall {
  readonly action: string;
  readonly payload: Fields;
}

export interface OutboundContext {
  readonly nowMs: number;
  readonly style: ProfileStyle;
}

function profile16(connector: number, profile: Profile, transactionId: number | undefined): OutboundCall {
  const csChargingProfiles = defined({
    chargingProfileId: profile.id,
    transactionId: profile.purpose === "TxProfile" ? transactionId : undefined,
    stackLevel: profile.stackLevel,
    chargingProfilePurpose: profile.purpose,
    chargingProfileKind: profile.kind,
    validTo: profile.validTo,
    chargingSchedule: profile.schedule,
  });
  return { action: "SetChargingProfile", payload: { connectorId: connector, csChargingProfiles } };
}

function profile201(connector: number, profile: Profile, transactionId: string | undefined): OutboundCall {
  const chargingProfile = defined({
    id: profile.id,
    transactionId: profile.purpose === "TxProfile" ? transactionId : undefined,
    stackLevel: profile.stackLevel,
    chargingProfilePurpose: profile.purpose,
    chargingProfileKind: profile.kind,
    validTo: profile.validTo,
    chargingSchedule: [{ id: profile.id, ...profile.schedule }],
  });
  return { action: "SetChargingProfile", payload: { evseId: connector, chargingProfile } };
}

/** The id by which a 1.6 charge point knows a transaction: ours, but for one that it brought along. */
function itsNumber(of: { readonly transactionId?: number; readonly remoteId?: string }): number | undefined {
  const own = Number(of.remoteId);
  return Number.isSafeInteger(own) ? own : of.transactionId;
}

const TRIGGERS = {
  boot: "BootNotification",
  status: "StatusNotification",
  "meter-values": "MeterValues",
  heartbeat: "Heartbeat",
};

function call16(command: ChargePointCommand, { nowMs, style }: OutboundContext): OutboundCall {
  switch (command.type) {
    case "set-limit": {
      const profile = limitProfile(command.connector, { ...command.schedule }, style);
      return profile16(command.connector, profile, itsNumber(command.schedule));
    }
    case "install-safe-default":
      return profile16(command.connector, safeProfile(command.connector, { ...command, nowMs }, style), undefined);
    case "clear-limits":
      return { action: "ClearChargingProfile", payload: defined({ connectorId: command.connector }) };
    case "read-composite": {
      const { connector, durationS } = command;
      const payload = { connectorId: connector, duration: durationS, chargingRateUnit: style.rateUnit };
      return { action: "GetCompositeSchedule", payload };
    }
    case "trigger": {
      const payload = defined({
        requestedMessage: TRIGGERS[command.message],
        connectorId: command.connector || undefined,
      });
      return { action: "TriggerMessage", payload };
    }
    case "start-transaction":
      return { action: "RemoteStartTransaction", payload: { connectorId: command.connector, idTag: command.token } };
    case "stop-transaction":
      return { action: "RemoteStopTransaction", payload: { transactionId: itsNumber(command) } };
    case "change-availability": {
      const type = command.operative ? "Operative" : "Inoperative";
      return { action: "ChangeAvailability", payload: { connectorId: command.connector, type } };
    }
    case "reset":
      return { action: "Reset", payload: { type: command.hard ? "Hard" : "Soft" } };
    case "unlock":
      return { action: "UnlockConnector", payload: { connectorId: command.connector } };
    case "reserve": {
      const { connector, reservationId, token, expiresAtMs } = command;
      const expiryDate = itsTime(expiresAtMs, style);
      return { action: "ReserveNow", payload: { connectorId: connector, expiryDate, idTag: token, reservationId } };
    }
    case "cancel-reservation":
      return { action: "CancelReservation", payload: { reservationId: command.reservationId } };
    case "get-settings":
      return { action: "GetConfiguration", payload: command.names.length > 0 ? { key: command.names } : {} };
    case "change-setting":
      return { action: "ChangeConfiguration", payload: { key: command.name, value: command.value } };
  }
}

/** `Component.Variable` or `Component/Variable` as 2.0.1 addresses a setting. */
export function variableOf(name: string): { component: { name: string }; variable: { name: string } } {
  const [component, variable] = name.split(/[./]/, 2);
  return { component: { name: component ?? "" }, variable: { name: variable ?? "" } };
}

function clear201(criteria: Fields): OutboundCall {
  return { action: "ClearChargingProfile", payload: { chargingProfileCriteria: defined(criteria) } };
}

/** All that a controller sets. Criteria must name something (2.0.1 K10.FR.02); the station's own maximum stays. */
const CLEARED_PURPOSES = ["TxProfile", "TxDefaultProfile"];

let remoteStarts = 0;

function call201(command: ChargePointCommand, { nowMs, style }: OutboundContext): OutboundCall {
  switch (command.type) {
    case "set-limit": {
      const { transactionId: _ours, ...schedule } = command.schedule;
      return profile201(command.connector, limitProfile(command.connector, schedule, style), schedule.remoteId);
    }
    case "install-safe-default":
      return profile201(command.connector, safeProfile(command.connector, { ...command, nowMs }, style), undefined);
    case "clear-limits":
      return clear201({ evseId: command.connector });
    case "read-composite": {
      const { connector, durationS } = command;
      const payload = { evseId: connector, duration: durationS, chargingRateUnit: style.rateUnit };
      return { action: "GetCompositeSchedule", payload };
    }
    case "trigger": {
      const evse = command.connector ? { id: command.connector } : undefined;
      // A status is of a connector in 2.0.1 (F06): an EVSE alone is refused.
      const at = evse && command.message === "status" ? { ...evse, connectorId: 1 } : evse;
      return { action: "TriggerMessage", payload: defined({ requestedMessage: TRIGGERS[command.message], evse: at }) };
    }
    case "start-transaction": {
      const idToken = { idToken: command.token, type: "Central" };
      remoteStarts = (remoteStarts + 1) % 1_000_000;
      const remoteStartId = (Math.floor(nowMs / 1000) % 1000) * 1_000_000 + remoteStarts;
      return { action: "RequestStartTransaction", payload: { evseId: command.connector, remoteStartId, idToken } };
    }
    case "stop-transaction": {
      const transactionId = command.remoteId ?? String(command.transactionId);
      return { action: "RequestStopTransaction", payload: { transactionId } };
    }
    case "change-availability": {
      const operationalStatus = command.operative ? "Operative" : "Inoperative";
      const evse = command.connector > 0 ? { id: command.connector } : undefined;
      return { action: "ChangeAvailability", payload: defined({ operationalStatus, evse }) };
    }
    case "reset":
      return { action: "Reset", payload: { type: command.hard ? "Immediate" : "OnIdle" } };
    case "unlock":
      return { action: "UnlockConnector", payload: { evseId: command.connector, connectorId: 1 } };
    case "reserve": {
      const { connector, reservationId: id, token, expiresAtMs } = command;
      const idToken = { idToken: token, type: "Central" };
      const expiryDateTime = itsTime(expiresAtMs, style);
      return { action: "ReserveNow", payload: { id, expiryDateTime, idToken, evseId: connector } };
    }
    case "cancel-reservation":
      return { action: "CancelReservation", payload: { reservationId: command.reservationId } };
    case "get-settings":
      return { action: "GetVariables", payload: { getVariableData: command.names.map(variableOf) } };
    case "change-setting": {
      const setVariableData = [{ ...variableOf(command.name), attributeValue: command.value }];
      return { action: "SetVariables", payload: { setVariableData } };
    }
  }
}

/** The calls that carry a command, in their order: one, but for what 2.0.1 has no single call. */
export function callsOf(
  version: OcppVersion,
  command: ChargePointCommand,
  context: OutboundContext,
): readonly OutboundCall[] {
  if (version === "1.6") return [call16(command, context)];
  if (command.type === "clear-limits" && command.connector === undefined)
    return CLEARED_PURPOSES.map((chargingProfilePurpose) => clear201({ chargingProfilePurpose }));
  return [call201(command, context)];
}

const DONE = new Set(["Accepted", "Scheduled", "RebootRequired", "Unlocked"]);
const UNSUPPORTED = new Set(["NotSupported", "NotImplemented", "UnknownComponent", "UnknownVariable"]);

/** What an answer says. An answer without a status (GetConfiguration) is acceptance; nothing to clear is cleared. */
export function resultOf(command: ChargePointCommand["type"] | "setup", answer: unknown): CommandResult {
  const fields = fieldsOf(answer);
  const item = listOf(fields.setVariableResult)[0] ?? {};
  const status = textOf(fields.status, 40) ?? textOf(item.attributeStatus, 40);
  const info = fieldsOf(fields.statusInfo);
  const why = [textOf(info.reasonCode, 40), textOf(info.additionalInfo, 100)].flatMap((text) => text ?? []).join(" ");
  const detail = `${status ?? "answered"} ${why}`.trim();
  const data = { data: answer };
  if (status === undefined || DONE.has(status)) return { status: "accepted", detail, ...data };
  if (command === "clear-limits" && status === "Unknown") return { status: "accepted", detail, ...data };
  return { status: UNSUPPORTED.has(status) ? "not-supported" : "rejected", detail, ...data };
}

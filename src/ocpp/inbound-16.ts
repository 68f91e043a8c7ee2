/** Calls of an OCPP 1.6 charge point. Fields may be missing or wrong: what can be taken is taken. */
import type { ChargePointAnswer, ChargePointInput, TokenStatus } from "../core/charge-point-input.ts";
import type { ConnectorStatus } from "../core/state/charge-points.ts";
import {
  HEARTBEAT_S,
  type InboundContext,
  isoTime,
  kept,
  type ParsedCall,
  type Parser,
  SHARED_PARSERS,
  timeOf,
} from "./inbound.ts";
import { entriesOf, samplesOf } from "./sampled-values.ts";
import { isSigned, signedInput, signedValuesOf } from "./signed-values.ts";
import { isReplayed } from "./time.ts";
import { countOf, defined, entryOf, type Fields, listOf, measureOf, numberOf, textOf } from "./wire.ts";

const STATUS: Readonly<Record<string, ConnectorStatus>> = {
  Available: "available",
  Preparing: "preparing",
  Charging: "charging",
  SuspendedEV: "suspended-ev",
  SuspendedEVSE: "suspended-evse",
  Finishing: "finishing",
  Reserved: "reserved",
  Unavailable: "unavailable",
  Faulted: "faulted",
};
const TOKEN_STATUS: Readonly<Record<TokenStatus, string>> = {
  accepted: "Accepted",
  unknown: "Invalid",
  blocked: "Blocked",
};

function tokenInfo(answer: ChargePointAnswer | undefined): Fields {
  return { status: TOKEN_STATUS[answer?.tokenStatus ?? "unknown"] };
}

function boot(context: InboundContext, payload: Fields): ParsedCall {
  const { chargePointId } = context;
  const input = defined({
    type: "booted" as const,
    chargePointId,
    vendor: textOf(payload.chargePointVendor, 50) ?? "unknown",
    model: textOf(payload.chargePointModel, 50) ?? "unknown",
    serial: textOf(payload.chargePointSerialNumber, 50) ?? textOf(payload.chargeBoxSerialNumber, 50),
    firmware: textOf(payload.firmwareVersion, 50),
  }) as ChargePointInput;
  return {
    inputs: [input],
    reply: () => ({ status: "Accepted", currentTime: isoTime(context.nowMs), interval: HEARTBEAT_S }),
    bootAccepted: true,
  };
}

function status(context: InboundContext, payload: Fields): ParsedCall {
  const known = entryOf(STATUS, payload.status);
  const errorCode = textOf(payload.errorCode, 50);
  const details = [textOf(payload.info, 100), textOf(payload.vendorErrorCode, 50)].flatMap((text) => text ?? []);
  if (!known) return { inputs: [], reply: () => ({}), problems: ["no known status"] };
  const input = defined({
    type: "status" as const,
    chargePointId: context.chargePointId,
    connector: countOf(payload.connectorId) ?? 0,
    status: known,
    errorCode: errorCode === "NoError" ? undefined : errorCode,
    info: details.join(" ") || undefined,
  }) as ChargePointInput;
  return { inputs: [input], reply: () => ({}) };
}

function authorize(context: InboundContext, payload: Fields): ParsedCall {
  const token = textOf(payload.idTag, 64) ?? "";
  return {
    inputs: [{ type: "authorize", chargePointId: context.chargePointId, token }],
    reply: ([answer]) => ({ idTagInfo: tokenInfo(answer) }),
  };
}

function start(context: InboundContext, payload: Fields): ParsedCall {
  const { atMs, writtenMs, problems } = timeOf(context, payload.timestamp);
  const connector = countOf(payload.connectorId) ?? context.onlyConnector;
  const input = defined({
    type: "transaction-started" as const,
    chargePointId: context.chargePointId,
    connector,
    token: textOf(payload.idTag, 64),
    meterStartWh: measureOf(payload.meterStart),
    atMs,
    writtenMs,
    replayed: isReplayed(atMs, context.nowMs, context.connectedAtMs),
  }) as ChargePointInput;
  return {
    inputs: [input],
    reply: ([answer]) => ({ transactionId: answer?.transactionId ?? 0, idTagInfo: tokenInfo(answer) }),
    transaction: ([answer]) => ({ id: String(answer?.transactionId ?? 0), connector }),
    problems,
  };
}

function stop(context: InboundContext, payload: Fields): ParsedCall {
  const { chargePointId, nowMs } = context;
  const { atMs, writtenMs, problems } = timeOf(context, payload.timestamp);
  const id = numberOf(payload.transactionId);
  // 0 and -1 mean "one that I started while you were away" (libocpp, open-ocpp): no id of ours.
  const transactionId = id !== undefined && Number.isSafeInteger(id) && id > 0 ? id : undefined;
  const connector = transactionId === undefined ? undefined : context.connectorOf(String(transactionId));
  const samples = samplesOf(payload.transactionData, context, context.phasesOf(connector ?? 0));
  const ended = defined({
    type: "transaction-ended" as const,
    chargePointId,
    transactionId,
    connector: connector ?? (context.onlyConnector || undefined),
    token: textOf(payload.idTag, 64),
    meterStopWh: measureOf(payload.meterStop),
    atMs,
    writtenMs,
    reason: textOf(payload.reason, 40) ?? "Local",
    replayed: isReplayed(atMs, nowMs, context.connectedAtMs),
  }) as ChargePointInput;
  const at = { chargePointId, connector: connector ?? context.onlyConnector };
  const of = { ...at, ...(transactionId ? { transactionId } : {}) };
  const metered: ChargePointInput[] = samples.length > 0 ? [{ type: "metered", ...of, samples }] : [];
  const signed = signedInput(of, signedValuesOf(payload.transactionData, context, true));
  return {
    inputs: [...metered, ...signed, ended],
    reply: (answers) => (payload.idTag === undefined ? {} : { idTagInfo: tokenInfo(answers.at(-1)) }),
    problems,
  };
}

function meterValues(context: InboundContext, payload: Fields): ParsedCall {
  const connector = countOf(payload.connectorId) ?? context.onlyConnector;
  const transactionId = countOf(payload.transactionId);
  const samples = samplesOf(payload.meterValue, context, context.phasesOf(connector));
  const of = { chargePointId: context.chargePointId, connector, ...(transactionId ? { transactionId } : {}) };
  const metered: ChargePointInput[] = samples.length > 0 ? [{ type: "metered", ...of, samples }] : [];
  const sent = entriesOf(payload.meterValue).filter((entry) => !listOf(entry.sampledValue).some(isSigned)).length;
  return {
    inputs: [...metered, ...signedInput(of, signedValuesOf(payload.meterValue, context, false))],
    reply: () => ({}),
    problems: sent > samples.length ? [`${sent - samples.length} of ${sent} meter values hold no number`] : [],
  };
}

const PARSERS: Readonly<Record<string, Parser>> = {
  ...SHARED_PARSERS,
  BootNotification: boot,
  StatusNotification: status,
  Authorize: authorize,
  StartTransaction: start,
  StopTransaction: stop,
  MeterValues: meterValues,
  SignedFirmwareStatusNotification: kept("firmware"),
  DiagnosticsStatusNotification: kept("diagnostics"),
  SignCertificate: kept("security", { status: "Rejected" }),
};

/** Reads one call; `undefined` for an action that no 1.6 charge point sends. */
export function parseCall16(context: InboundContext, action: string, payload: Fields): ParsedCall | undefined {
  return Object.hasOwn(PARSERS, action) ? PARSERS[action]!(context, payload, action) : undefined;
}

/** Calls of an OCPP 2.0.1 charging station. 1.6-shaped payloads (FoxESS, Schneider) are read where they can be. */
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
import { samplesOf } from "./sampled-values.ts";
import { signedInput, signedValuesOf } from "./signed-values.ts";
import { isReplayed } from "./time.ts";
import { countOf, defined, entryOf, type Fields, fieldsOf, textOf } from "./wire.ts";

const STATUS: Readonly<Record<string, ConnectorStatus>> = {
  Available: "available",
  Occupied: "occupied",
  Reserved: "reserved",
  Unavailable: "unavailable",
  Faulted: "faulted",
};
const CHARGING_STATE: Readonly<Record<string, ConnectorStatus>> = {
  Charging: "charging",
  EVConnected: "preparing",
  SuspendedEV: "suspended-ev",
  SuspendedEVSE: "suspended-evse",
};
const TOKEN_STATUS: Readonly<Record<TokenStatus, string>> = {
  accepted: "Accepted",
  unknown: "Unknown",
  blocked: "Blocked",
};

function tokenInfo(answer: ChargePointAnswer | undefined): Fields {
  return { status: TOKEN_STATUS[answer?.tokenStatus ?? "unknown"] };
}

function tokenOf(value: unknown): string | undefined {
  return typeof value === "string" ? textOf(value, 64) : textOf(fieldsOf(value).idToken, 64);
}

function boot(context: InboundContext, payload: Fields): ParsedCall {
  const station = fieldsOf(payload.chargingStation);
  const input = defined({
    type: "booted" as const,
    chargePointId: context.chargePointId,
    vendor: textOf(station.vendorName, 50) ?? textOf(payload.chargePointVendor, 50) ?? "unknown",
    model: textOf(station.model, 50) ?? textOf(payload.chargePointModel, 50) ?? "unknown",
    serial: textOf(station.serialNumber, 50) ?? textOf(payload.chargePointSerialNumber, 50),
    firmware: textOf(station.firmwareVersion, 50) ?? textOf(payload.firmwareVersion, 50),
    reason: textOf(payload.reason, 40),
  }) as ChargePointInput;
  return {
    inputs: [input],
    reply: () => ({ status: "Accepted", currentTime: isoTime(context.nowMs), interval: HEARTBEAT_S }),
    bootAccepted: true,
  };
}

function status(context: InboundContext, payload: Fields): ParsedCall {
  const known = entryOf(STATUS, payload.connectorStatus ?? payload.status);
  if (!known) return { inputs: [], reply: () => ({}), problems: ["no known status"] };
  const connector = countOf(payload.evseId) ?? context.onlyConnector;
  return {
    inputs: [{ type: "status", chargePointId: context.chargePointId, connector, status: known }],
    reply: () => ({}),
  };
}

function authorize(context: InboundContext, payload: Fields): ParsedCall {
  return {
    inputs: [
      {
        type: "authorize",
        chargePointId: context.chargePointId,
        token: tokenOf(payload.idToken ?? payload.idTag) ?? "",
      },
    ],
    reply: ([answer]) => ({ idTokenInfo: tokenInfo(answer) }),
  };
}

interface Event {
  readonly payload: Fields;
  /** What its start and its end say alike. */
  readonly said: {
    readonly chargePointId: string;
    readonly remoteId: string | undefined;
    readonly connector: number;
    readonly token: string | undefined;
    readonly atMs: number;
    readonly writtenMs: number | undefined;
    readonly replayed: boolean;
  };
  readonly energiesWh: readonly number[];
}

function started({ said, energiesWh }: Event): ChargePointInput {
  return defined({ type: "transaction-started" as const, ...said, meterStartWh: energiesWh[0] }) as ChargePointInput;
}

function ended({ payload, said, energiesWh }: Event): ChargePointInput {
  return defined({
    type: "transaction-ended" as const,
    ...said,
    connector: said.connector || undefined,
    meterStopWh: energiesWh.at(-1),
    reason: textOf(fieldsOf(payload.transactionInfo).stoppedReason, 40) ?? "Local",
  }) as ChargePointInput;
}

/** The charging state as a status, when it is of now. */
function stateInput({ payload, said }: Event): ChargePointInput[] {
  const { chargePointId, remoteId, connector, replayed } = said;
  const state = entryOf(CHARGING_STATE, fieldsOf(payload.transactionInfo).chargingState);
  if (!state || replayed || payload.eventType === "Ended") return [];
  const of = { chargePointId, connector, ...(remoteId === undefined ? {} : { remoteId }) };
  return [{ type: "status", ...of, status: state }];
}

function transactionEvent(context: InboundContext, payload: Fields): ParsedCall {
  const { chargePointId, nowMs } = context;
  const { atMs, writtenMs, problems } = timeOf(context, payload.timestamp);
  const remoteId = textOf(fieldsOf(payload.transactionInfo).transactionId, 64);
  const seqNo = countOf(payload.seqNo);
  const known = remoteId === undefined ? undefined : context.connectorOf(remoteId);
  const connector = countOf(fieldsOf(payload.evse).id) ?? known ?? context.onlyConnector;
  const samples = samplesOf(payload.meterValue, context, context.phasesOf(connector));
  const replayed = payload.offline === true || isReplayed(atMs, nowMs, context.connectedAtMs);
  const energiesWh = samples.flatMap((sample) => sample.energyWh ?? []);
  const token = tokenOf(payload.idToken);
  const said = { chargePointId, remoteId, connector, token, atMs, writtenMs, replayed };
  const event: Event = { payload, said, energiesWh };
  const of = { chargePointId, connector, ...(remoteId === undefined ? {} : { remoteId }) };
  const metered: ChargePointInput[] =
    samples.length > 0
      ? [{ type: "metered", ...of, samples, ...(payload.offline === true ? { replayed: true } : {}) }]
      : [];
  const isStart = payload.eventType === "Started";
  const isEnd = payload.eventType === "Ended";
  const judged: ChargePointInput[] = isStart
    ? [started(event)]
    : isEnd
      ? [ended(event)]
      : token === undefined
        ? []
        : [{ type: "authorize", chargePointId, token }];
  const signed = signedInput(of, signedValuesOf(payload.meterValue, context, isStart || isEnd));
  const inputs = isEnd ? [...metered, ...signed, ...judged] : [...judged, ...stateInput(event), ...metered, ...signed];
  return {
    inputs,
    reply: (answers) => (token === undefined ? {} : { idTokenInfo: tokenInfo(answers[inputs.indexOf(judged[0]!)]) }),
    ...(remoteId !== undefined && connector > 0 ? { transaction: () => ({ id: remoteId, connector }) } : {}),
    ...(remoteId !== undefined && seqNo !== undefined ? { event: { transaction: remoteId, seqNo } } : {}),
    problems: remoteId === undefined ? [...problems, "no transaction id"] : problems,
  };
}

function meterValues(context: InboundContext, payload: Fields): ParsedCall {
  const connector = countOf(payload.evseId) ?? context.onlyConnector;
  const samples = samplesOf(payload.meterValue, context, context.phasesOf(connector));
  const of = { chargePointId: context.chargePointId, connector };
  const metered: ChargePointInput[] = samples.length > 0 ? [{ type: "metered", ...of, samples }] : [];
  return {
    inputs: [...metered, ...signedInput(of, signedValuesOf(payload.meterValue, context, false))],
    reply: () => ({}),
    problems: samples.length > 0 ? [] : ["no meter value holds a number"],
  };
}

const PARSERS: Readonly<Record<string, Parser>> = {
  ...SHARED_PARSERS,
  BootNotification: boot,
  StatusNotification: status,
  Authorize: authorize,
  TransactionEvent: transactionEvent,
  MeterValues: meterValues,
  NotifyReport: kept("report"),
  NotifyMonitoringReport: kept("report"),
  NotifyEvent: kept("other"),
  PublishFirmwareStatusNotification: kept("firmware"),
  SignCertificate: kept("security", { status: "Rejected" }),
  ReportChargingProfiles: kept("report"),
  NotifyEVChargingNeeds: kept("other", { status: "Accepted" }),
  NotifyEVChargingSchedule: kept("other", { status: "Accepted" }),
  NotifyChargingLimit: kept("other"),
  ClearedChargingLimit: kept("other"),
  ReservationStatusUpdate: kept("other"),
  NotifyCustomerInformation: kept("other"),
  NotifyDisplayMessages: kept("other"),
};

/** Reads one call; `undefined` for an action that no 2.0.1 charging station sends. */
export function parseCall201(context: InboundContext, action: string, payload: Fields): ParsedCall | undefined {
  return Object.hasOwn(PARSERS, action) ? PARSERS[action]!(context, payload, action) : undefined;
}

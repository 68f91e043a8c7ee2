/** A fact as a line of text. What has no words of its own is shown by its type. */
import type { Envelope } from "../../core/facts/fact.ts";
import { en } from "../../core/words/en.ts";
import { MARKET_LINES } from "./fact-words-market.ts";
import { clockTime } from "./format.ts";
import { evseNames } from "./store.ts";

/** Facts of any type; what a line reads is what its type has. */
// biome-ignore lint/suspicious/noExplicitAny: a fact of an unknown type has fields of unknown types
type Data = Record<string, any>;

const name = (data: Data) => evseNames.value.get(String(data.evseId)) ?? String(data.evseId ?? "");
const phase = (data: Data) => `L${Number(data.phase) + 1}`;

function gridLimitLine({ limitW, exportLimitW, by, failSafe }: Data): string {
  const kilowatts = (powerW: unknown) => `${(Number(powerW) / 1000).toFixed(1)} kW`;
  const what = [
    ...(limitW === undefined ? [] : [kilowatts(limitW)]),
    ...(exportLimitW === undefined ? [] : [`${kilowatts(exportLimitW)} of export`]),
  ].join(" and ");
  if (what === "") return `The grid operator's limit ended (${by})`;
  return failSafe ? `${by} is silent: fail-safe limit of ${what}` : `The grid operator allows ${what} (${by})`;
}

function doubtLine({ deviceId, kind, evseId, active }: Data): string {
  const what = `${String(kind).replaceAll("-", " ")}${evseId === undefined ? "" : ` (${evseId})`}`;
  return active ? `${deviceId} is doubted: ${what}` : `${deviceId} is believed again: ${what}`;
}

const STATUS: Readonly<Record<string, string>> = {
  available: "is free",
  preparing: "has a car plugged in",
  occupied: "has a car plugged in",
  charging: "charges",
  "suspended-ev": "has a car that takes nothing",
  "suspended-evse": "gives no power for now",
  finishing: "is done, the cable is still plugged in",
  reserved: "is reserved",
  unavailable: "is out of service",
  faulted: "has a fault",
};

function statusLine(who: string, { status, errorCode, info }: Data): string {
  const what = STATUS[String(status)] ?? `is ${status}`;
  const why = [errorCode === "NoError" ? undefined : errorCode, info].filter(Boolean).join(", ");
  return `${who} ${what}${why === "" ? "" : `: ${why}`}`;
}

/** As OCPP names them; another one is shown as it is. */
const END: Readonly<Record<string, string>> = {
  EVDisconnected: "the car was unplugged",
  Local: "stopped at the charge point",
  Remote: "stopped from afar",
  DeAuthorized: "its card is not accepted",
  EmergencyStop: "the emergency stop was pressed",
  PowerLoss: "the charge point lost its power",
  Reboot: "the charge point started again",
  HardReset: "the charge point was reset",
  SoftReset: "the charge point was reset",
  UnlockCommand: "the plug was unlocked",
  superseded: "its charge point began another one",
  "unplugged-unheard": "the car had gone, nobody had told",
};

function shedLine({ circuitId, readingA, limitA, shedA, evseIds, ...data }: Data): string {
  const fuse = circuitId === "grid" ? "Building fuse" : `Fuse ${circuitId}`;
  const evses = (evseIds as readonly string[]).map((id) => evseNames.value.get(id) ?? id).join(", ");
  return `${fuse} ${phase(data)} at ${readingA} of ${limitA} A: ${shedA} A taken from ${evses}`;
}

function wishLine({ departureMs, energyWh, preference, ...data }: Data): string {
  const said = [
    ...(departureMs === undefined ? [] : [`leaves ${clockTime(Number(departureMs))}`]),
    ...(energyWh === undefined ? [] : [`needs ${(Number(energyWh) / 1000).toFixed(1)} kWh`]),
    ...(preference === undefined || preference === "regular" ? [] : [`prefers ${preference}`]),
  ].join(", ");
  return `${name(data)}: ${said === "" ? "the driver stated a wish" : `the driver ${said}`}`;
}

function batteryLine({ deviceId, powerW }: Data): string {
  if (powerW === undefined) return `Battery ${deviceId} runs by itself`;
  const kilowatts = `${(Math.abs(Number(powerW)) / 1000).toFixed(1)} kW`;
  if (Math.abs(Number(powerW)) < 50) return `Battery ${deviceId} is to rest`;
  return `Battery ${deviceId} is to ${powerW > 0 ? "charge with" : "give"} ${kilowatts}`;
}

const LINES: Readonly<Record<string, (data: Data) => string>> = {
  ...MARKET_LINES,
  booted: (data) =>
    `The controller started (release ${data.release})${data.cleanStop ? "" : "; it had not been stopped in order"}`,
  stopped: (data) => `The controller stopped (${data.reason})`,
  "ledger-resumed": (data) =>
    `The disk takes facts again since it refused (${data.reason}): ${data.keptFacts} waited, ${data.lostFacts} are lost`,
  "site-mode-changed": (data) => `The site is ${data.mode === "safe" ? "in safe mode" : data.mode}`,
  "device-quality-changed": (data) =>
    data.quality === "good" ? `${data.deviceId} answers` : `${data.deviceId} is ${data.quality}: ${data.detail}`,
  "guard-intervened": shedLine,
  "limit-changed": (data) =>
    `${name(data)}: ${en.because({ limitA: data.currentA, ...(data.dischargeA ? { dischargeA: data.dischargeA } : {}), reason: data.reason, status: "", online: true, charging: true, session: true, ...(data.reason.untilMs ? { until: clockTime(data.reason.untilMs) } : {}) })}`,
  "limit-answered": (data) => `${name(data)} answered the limit: ${data.answer} ${data.detail}`,
  "safe-default-answered": (data) =>
    data.answer === "accepted"
      ? `${name(data)} has taken its safe current of ${data.currentA} A`
      : `${name(data)} has not taken its safe current of ${data.currentA} A (${data.answer} ${data.detail}): it is tried again`,
  "limit-obedience-changed": (data) =>
    data.obeyed ? `${name(data)} obeys again` : `${name(data)} draws ${data.measuredA} A, allowed ${data.limitA} A`,
  "charge-point-connected": (data) => `Charge point ${data.chargePointId} connected (${data.protocol})`,
  "charge-point-disconnected": (data) => `Charge point ${data.chargePointId} is gone: ${data.reason}`,
  "charge-point-booted": (data) => `Charge point ${data.chargePointId} is a ${data.vendor} ${data.model}`,
  "charge-point-status-changed": (data) => statusLine(`Charge point ${data.chargePointId}`, data),
  "evse-status-changed": (data) => statusLine(name(data), data),
  "remote-start-requested": (data) => `${data.by} asked ${data.chargePointId} to begin to charge`,
  "transaction-started": (data) => `${name(data)}: a car began to charge`,
  "transaction-ended": (data) => `${name(data)}: charging ended: ${END[String(data.reason)] ?? data.reason}`,
  "unknown-transaction-reported": (data) =>
    `Charge point ${data.chargePointId} tells of charging that nobody saw begin (${data.reportedId})`,
  "signed-value-reported": (data) => `${name(data)}: a signed meter value is kept`,
  "transaction-metered": (data) =>
    `${name(data)}: ${(Number(data.energyWh) / 1000).toFixed(2)} kWh in the quarter-hour`,
  "quarter-hour-metered": (data) => `Quarter-hour: import ${(Number(data.importWh ?? 0) / 1000).toFixed(2)} kWh`,
  "plan-made": (data) => `New plan: ${data.trigger}`,
  "wish-stated": wishLine,
  "standing-departure-applied": (data) =>
    `${name(data)}: nobody said when the car leaves, it usually does ${clockTime(Number(data.departureMs))}`,
  "standing-departures-set": (data) => `${name(data)}: when cars usually leave was set by ${data.by}`,
  "visit-announced": (data) =>
    `${data.by} announced a car for ${clockTime(Number(data.arrivalMs))}${data.evseId === undefined ? "" : ` at ${name(data)}`}`,
  "visit-withdrawn": (data) => `${data.by}: a car that was announced does not come (${data.visitId})`,
  "visit-mistaken": (data) =>
    `${name(data)}: this is not the car that was announced (${data.visitId}), says ${data.by}`,
  "visit-began": (data) => `${name(data)}: this is the car that was announced (${data.visitId})`,
  "override-changed": (data) => `${name(data)}: charge now ${data.active ? "on" : "off"}`,
  "battery-setpoint-changed": batteryLine,
  "pv-limit-changed": (data) =>
    data.limitW === undefined
      ? `${data.deviceId} gives all the sun there is`
      : `${data.deviceId} held at ${(Number(data.limitW) / 1000).toFixed(1)} kW: ${data.reason}`,
  "token-checked": (data) => `Card ${data.token}: ${data.status}`,
  "grid-limit-received": gridLimitLine,
  "budget-received": (data) =>
    data.slots.length === 0 ? `The budget of ${data.by} has ended` : `A budget for all cars came from ${data.by}`,
  "meter-doubted": doubtLine,
  "meter-suspected": ({ deviceId, active }) =>
    active
      ? `${deviceId} has not shown a car yet, and shows less than the cars say that they draw`
      : `${deviceId} has shown a car`,
  "grid-intensity-received": (data) => `What the grid's energy emits came from ${data.by}`,
  "forecast-received": (data) => `A forecast of the ${data.kind === "pv" ? "sun" : "building"} came from ${data.by}`,
  "connection-refused": (data) => `Connection of ${data.identity} refused: ${data.reason}`,
  "message-violated": (data) => `${data.chargePointId}, ${data.action}: ${data.problem}`,
  "command-answered": (data) => `${data.chargePointId} answered ${data.action}: ${data.answer}`,
  "charge-point-probed": (data) => `${data.chargePointId} takes limits in ${data.rateUnit}`,
  "charge-point-notified": (data) => `${data.chargePointId} reported ${data.action}`,
  "controller-stalled": (data) => `wattledger stood still for ${(Number(data.stalledMs) / 1000).toFixed(1)} s`,
  "part-crashed": (data) => `${data.part} failed and is started again`,
  "clock-stepped": (data) => `The clock jumped by ${(Number(data.byMs) / 1000).toFixed(0)} s`,
};

export function factLine(fact: Envelope): string {
  return LINES[fact.type]?.(fact.data as Data) ?? fact.type;
}

export type FactTopic = "all" | "charging" | "guard" | "plan";

export function isOfTopic(fact: Envelope, topic: FactTopic): boolean {
  if (topic === "all") return true;
  if (topic === "guard")
    return (
      fact.type.startsWith("guard") ||
      fact.type.startsWith("limit") ||
      fact.type.startsWith("site-mode") ||
      fact.type.startsWith("device")
    );
  if (topic === "plan")
    return (
      fact.type === "plan-made" ||
      fact.type === "wish-stated" ||
      fact.type.startsWith("standing-departure") ||
      fact.type.startsWith("visit") ||
      fact.type === "override-changed" ||
      fact.type.startsWith("battery") ||
      fact.type.startsWith("pv-limit")
    );
  return fact.type.startsWith("transaction") || fact.type.startsWith("evse") || fact.type.startsWith("charge-point");
}

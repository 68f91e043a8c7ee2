/** What a charge point is asked after it came up: few calls, and only what differs is written (reboots, flash wear). */
import type { ChargePointInput } from "../core/charge-point-input.ts";
import { variableOf } from "./outbound.ts";
import { fieldsOf, listOf, numberOf, textOf } from "./wire.ts";

/** Sends one call; `undefined` when it was refused or not answered. */
export type Ask = (action: string, payload: Readonly<Record<string, unknown>>) => Promise<unknown>;
type Probed = Omit<Extract<ChargePointInput, { type: "probed" }>, "type" | "chargePointId">;

const INTERVALS_S = [10, 30, 60];
const ENOUGH = ["Energy.Active.Import.Register", "Power.Active.Import", "Current.Import"];
const MEASURANDS = [
  [...ENOUGH, "Voltage"],
  ENOUGH,
  ["Energy.Active.Import.Register", "Current.Import"],
  ["Energy.Active.Import.Register", "Power.Active.Import"],
].map((names) => names.join(","));
const NAMES = {
  "1.6": {
    unit: "ChargingScheduleAllowedChargingRateUnit",
    stack: "ChargeProfileMaxStackLevel",
    periods: "ChargingScheduleMaxPeriods",
    interval: "MeterValueSampleInterval",
    measurands: "MeterValuesSampledData",
    features: "SupportedFeatureProfiles",
    others: [
      "MaxChargingProfilesInstalled",
      "NumberOfConnectors",
      "ConnectorSwitch3to1PhaseSupported",
      "MeterPublicKey[1]",
      "MeterPublicKey[2]",
    ],
  },
  "2.0.1": {
    unit: "SmartChargingCtrlr.RateUnit",
    stack: "SmartChargingCtrlr.ProfileStackLevel",
    periods: "SmartChargingCtrlr.PeriodsPerSchedule",
    interval: "SampledDataCtrlr.TxUpdatedInterval",
    measurands: "SampledDataCtrlr.TxUpdatedMeasurands",
    features: "SmartChargingCtrlr.Enabled",
    others: ["FiscalMetering.PublicKey"],
  },
} as const;

async function read16(ask: Ask, names: readonly string[]): Promise<Map<string, string>> {
  const answer = fieldsOf(await ask("GetConfiguration", { key: names }));
  const known = listOf(answer.configurationKey, 2_000).map((entry) => [
    textOf(entry.key, 50),
    textOf(entry.value, 500),
  ]);
  return new Map(known.filter((entry): entry is [string, string] => !!entry[0] && entry[1] !== undefined));
}

async function read201(ask: Ask, names: readonly string[]): Promise<Map<string, string>> {
  const answer = fieldsOf(await ask("GetVariables", { getVariableData: names.map(variableOf) }));
  const found = listOf(answer.getVariableResult).flatMap((entry): [string, string][] => {
    const name = `${textOf(fieldsOf(entry.component).name)}.${textOf(fieldsOf(entry.variable).name)}`;
    const value = textOf(entry.attributeValue, 500);
    return entry.attributeStatus === "Accepted" && value !== undefined ? [[name, value]] : [];
  });
  return new Map(found);
}

async function write(ask: Ask, version: "1.6" | "2.0.1", name: string, value: string): Promise<boolean> {
  if (version === "1.6") {
    const { status } = fieldsOf(await ask("ChangeConfiguration", { key: name, value }));
    return status === "Accepted" || status === "RebootRequired";
  }
  const answer = fieldsOf(
    await ask("SetVariables", { setVariableData: [{ ...variableOf(name), attributeValue: value }] }),
  );
  const status = listOf(answer.setVariableResult)[0]?.attributeStatus;
  return status === "Accepted" || status === "RebootRequired";
}

/** `A` unless only W is named: "Current,Power", "A;W", "Power" and "W" are all in the field. */
function rateUnitOf(value: string | undefined): "A" | "W" {
  const words = (value ?? "").split(/[\s,;]+/).map((word) => word.toLowerCase());
  return !words.includes("a") && !words.includes("current") && (words.includes("w") || words.includes("power"))
    ? "W"
    : "A";
}

/** Reads the settings that matter, sets sampling where it differs, and says what was found. */
export async function setUp(version: "1.6" | "2.0.1", ask: Ask): Promise<Probed> {
  const names = NAMES[version];
  const { unit, stack, periods, interval, measurands, features, others } = names;
  const wanted: readonly string[] = [unit, stack, periods, interval, measurands, features, ...others];
  const answered = await (version === "1.6" ? read16 : read201)(ask, wanted);
  // Some answer with all that they have.
  const settings = new Map([...answered].filter(([name]) => wanted.includes(name)));
  const current = (settings.get(measurands) ?? "").split(/[\s,;]+/);
  if (settings.has(measurands) && !ENOUGH.every((name) => current.includes(name))) {
    for (const list of MEASURANDS) {
      if (!(await write(ask, version, measurands, list))) continue;
      settings.set(measurands, list);
      break;
    }
  }
  const intervalS = numberOf(settings.get(interval));
  const isOften = intervalS !== undefined && intervalS > 0 && intervalS <= INTERVALS_S[0]!;
  if (intervalS !== undefined && !isOften) {
    for (const wish of INTERVALS_S) {
      if (wish === intervalS) break;
      if (!(await write(ask, version, interval, String(wish)))) continue;
      settings.set(interval, String(wish));
      break;
    }
  }
  const whole = (name: string) => {
    const number = numberOf(settings.get(name));
    return number !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
  };
  const [maxStackLevel, maxPeriods, meterIntervalS] = [whole(stack), whole(periods) || undefined, whole(interval)];
  const listed = settings.get(features);
  return {
    rateUnit: rateUnitOf(settings.get(unit)),
    ...(maxStackLevel === undefined ? {} : { maxStackLevel }),
    ...(maxPeriods === undefined ? {} : { maxPeriods }),
    ...(meterIntervalS === undefined ? {} : { meterIntervalS }),
    ...(listed === undefined ? {} : { smartCharging: /smartcharging|true/i.test(listed.replace(/\s/g, "")) }),
    settings: Object.fromEntries(settings),
  };
}

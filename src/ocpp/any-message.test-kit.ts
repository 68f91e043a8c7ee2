/** Messages of charge points, right, nearly right and wild, for property tests. */
import fc from "../../test/fast-check.ts";
import type { Fields } from "./wire.ts";

const NOW_MS = Date.UTC(2026, 0, 14, 12);
/** What a field of a message may hold: right, nearly right, or anything. */
const time = fc.oneof(
  fc.integer({ min: NOW_MS - 1e10, max: NOW_MS + 1e7 }).map((ms) => new Date(ms).toISOString()),
  fc.constantFrom(
    "",
    "1970-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2026-01-14 12:00",
    "0",
    "2026-13-45T99:99:99+99",
  ),
);
const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(1e308, -1, 0, "", " 5 ", "12,5", "NaN", "1e400", "-1", 2 ** 53),
);
const word = fc.constantFrom(
  ...["Started", "Updated", "Ended", "Transaction.Begin", "Sample.Periodic", "SignedData", "Raw", "L1", "L2-N", "kW"],
  ...["Wh", "Current.Import", "Power.Active.Import", "Energy.Active.Import.Register", "SoC", "Available", "Charging"],
  ...["__proto__", "constructor", "\u0000", "\uD800", "x".repeat(5000)],
);
const NAMES = [
  ...["connectorId", "evseId", "transactionId", "idTag", "meterStart", "meterStop", "timestamp", "reason", "status"],
  ...["eventType", "seqNo", "offline", "measurand", "context", "format", "unit", "value", "phase", "location"],
  ...["connectorStatus", "errorCode", "info", "vendorErrorCode", "chargePointVendor", "chargePointModel", "data"],
];
const OBJECTS = ["transactionInfo", "evse", "idToken", "unitOfMeasure", "signedMeterValue", "chargingStation"];
const LISTS = ["meterValue", "transactionData", "sampledValue"];
const { payload } = fc.letrec<{ any: unknown; payload: Fields }>((tie) => ({
  any: fc.oneof({ maxDepth: 4 }, time, number, word, fc.jsonValue({ maxDepth: 2 }), tie("payload")),
  payload: fc
    .tuple(
      fc.dictionary(fc.constantFrom(...NAMES), fc.oneof(time, number, word, fc.jsonValue({ maxDepth: 1 })), {
        maxKeys: 10,
      }),
      fc.dictionary(fc.constantFrom(...OBJECTS), tie("any"), { maxKeys: 3, depthIdentifier: "p" }),
      fc.dictionary(fc.constantFrom(...LISTS), fc.array(tie("any"), { maxLength: 4, depthIdentifier: "p" }), {
        maxKeys: 2,
        depthIdentifier: "p",
      }),
    )
    .map((parts) => Object.assign({}, ...parts) as Fields),
}));
const optional = { requiredKeys: [] as never[] };
const sampledValue = fc.record(
  {
    value: fc.oneof(fc.constantFrom(1e308, "1e307", -5, 0, "16.0", 11_000), number, word),
    measurand: fc.constantFrom("Energy.Active.Import.Register", "Power.Active.Import", "Current.Import", "SoC", "x"),
    unit: fc.constantFrom("kWh", "Wh", "kW", "W", "A", "mA", ""),
    unitOfMeasure: fc.record({ unit: word, multiplier: fc.oneof(fc.constantFrom(3, -3, 12, 400), number) }, optional),
    phase: fc.constantFrom("L1", "L2", "L3", "L1-N"),
    context: word,
    format: word,
    signedMeterValue: fc.record({ signedMeterData: word }, optional),
  },
  optional,
);
const meterValue = fc.array(
  fc.record({ timestamp: time, sampledValue: fc.array(sampledValue, { maxLength: 6 }) }, optional),
  { maxLength: 4 },
);
const metered = fc.tuple(payload, meterValue).map(([rest, values]) => ({
  ...{ ...rest, meterValue: values, transactionData: values },
}));
export const anyAction = fc.constantFrom(
  ...["BootNotification", "Heartbeat", "StatusNotification", "Authorize", "StartTransaction", "StopTransaction"],
  ...["MeterValues", "TransactionEvent", "DataTransfer", "SecurityEventNotification", "NotifyReport", "NotifyEvent"],
);

export const anyPayload: fc.Arbitrary<Fields> = fc.oneof(
  payload,
  metered,
  fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<Fields>,
);

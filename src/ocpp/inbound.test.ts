import { describe, expect, it } from "vitest";
import fc from "../../test/fast-check.ts";
import { anyAction, anyPayload } from "./any-message.test-kit.ts";
import type { InboundContext } from "./inbound.ts";
import { parseCall16 } from "./inbound-16.ts";
import { parseCall201 } from "./inbound-201.ts";

const NOW_MS = Date.UTC(2026, 0, 14, 12);
const context: InboundContext = {
  chargePointId: "cp",
  nowMs: NOW_MS,
  lagMs: 0,
  connectedAtMs: NOW_MS - 3_600_000,
  connectorOf: () => undefined,
  onlyConnector: 1,
  phasesOf: () => 3,
};
const parsers = { "1.6": parseCall16, "2.0.1": parseCall201 };
const OCMF = 'OCMF|{"FV":"1.0"}|{"SD":"3045"}';

describe("signed meter values", () => {
  const timestamp = new Date(NOW_MS).toISOString();

  it("of an OCPP 1.6 stop are handed on as they are, begin and end", () => {
    const sampledValue = (at: string) => ({
      value: `${OCMF}${at}`,
      format: "SignedData",
      context: `Transaction.${at}`,
    });
    const transactionData = ["Begin", "End"].map((at) => ({ timestamp, sampledValue: [sampledValue(at)] }));
    const stop = { transactionId: 7, meterStop: 1, timestamp, transactionData };
    const { inputs, problems } = parseCall16(context, "StopTransaction", stop)!;
    expect(inputs.map(({ type }) => type)).toEqual(["signed-metered", "transaction-ended"]);
    expect(inputs[0]).toMatchObject({ transactionId: 7, values: [{ atEdge: true, timestamp }, { atEdge: true }] });
    const [begin] = (inputs[0] as unknown as { values: { sampledValue: string }[] }).values;
    expect(JSON.parse(begin!.sampledValue)).toEqual(sampledValue("Begin"));
    expect(problems).toEqual([]);
  });

  it("between plain ones are no violation, and take nothing from them", () => {
    const plain = { value: "10", measurand: "Current.Import", phase: "L1" };
    const meterValue = [
      { timestamp, sampledValue: [plain] },
      { timestamp, sampledValue: [{ value: "4f434d46", format: "SignedData" }] },
    ];
    const { inputs, problems } = parseCall16(context, "MeterValues", { connectorId: 1, meterValue })!;
    expect(inputs).toMatchObject([{ type: "metered" }, { type: "signed-metered", values: [{ atEdge: false }] }]);
    expect(problems).toEqual([]);
  });

  it("of a 2.0.1 end come with key and method, and the number beside them counts", () => {
    const signedMeterValue = { signedMeterData: OCMF, signingMethod: "", encodingMethod: "OCMF", publicKey: "04ab" };
    const event = {
      ...{ eventType: "Ended", timestamp, triggerReason: "EVDeparted", seqNo: 3 },
      transactionInfo: { transactionId: "tx" },
      meterValue: [{ timestamp, sampledValue: [{ value: 4200, signedMeterValue }] }],
    };
    const { inputs } = parseCall201(context, "TransactionEvent", event)!;
    expect(inputs).toMatchObject([
      { type: "metered", samples: [{ energyWh: 4200 }] },
      { type: "signed-metered", remoteId: "tx", values: [{ atEdge: true }] },
      { type: "transaction-ended", meterStopWh: 4200 },
    ]);
    const [value] = (inputs[1] as unknown as { values: { sampledValue: string }[] }).values;
    expect(JSON.parse(value!.sampledValue).signedMeterValue).toEqual(signedMeterValue);
  });
});

describe("what was measured at one time", () => {
  const timestamp = new Date(NOW_MS).toISOString();
  const amperes = (phase: string, value: string) => ({ value, measurand: "Current.Import", phase, unit: "A" });
  const register = { value: "4200", measurand: "Energy.Active.Import.Register", unit: "Wh" };
  const apart = [amperes("L1", "15.9"), amperes("L2", "16.0"), amperes("L3", "15.8"), register];

  it.each([
    ["1.6", "MeterValues", { connectorId: 1 }],
    ["2.0.1", "MeterValues", { evseId: 1 }],
  ] as const)("is one sample, also where an OCPP %s charge point sends each value by itself", (version, action, at) => {
    const meterValue = apart.map((value) => ({ timestamp, sampledValue: [value] }));
    const { inputs, problems } = parsers[version](context, action, { ...at, meterValue })!;
    const sample = { atMs: NOW_MS, currentA: [15.9, 16, 15.8], energyWh: 4200 };
    expect(inputs).toEqual([{ type: "metered", chargePointId: "cp", connector: 1, samples: [sample] }]);
    expect(problems).toEqual([]);
  });

  it("is not mixed with what was measured later", () => {
    const later = new Date(NOW_MS + 1_000).toISOString();
    const meterValue = [timestamp, later].map((time, at) => ({ timestamp: time, sampledValue: [apart[at]] }));
    const { inputs } = parseCall16(context, "MeterValues", { connectorId: 1, meterValue })!;
    expect(inputs).toMatchObject([{ samples: [{ atMs: NOW_MS }, { atMs: NOW_MS + 1_000 }] }]);
  });
});

/** Numbers anywhere in a value that JSON cannot carry. */
function unfit(value: unknown): boolean {
  if (typeof value === "number") return !Number.isFinite(value);
  return typeof value === "object" && value !== null && Object.values(value).some(unfit);
}

describe("whatever a charge point writes", () => {
  it.each([
    "1.6",
    "2.0.1",
  ] as const)("in OCPP %s is read without an exception, into what a fact can hold", (version) => {
    fc.assert(
      fc.property(anyAction, anyPayload, (...of) => {
        const call = parsers[version](context, ...of);
        if (!call) return;
        expect(call.inputs.length).toBeLessThanOrEqual(4);
        expect(call.inputs.filter(unfit)).toEqual([]);
        const answers = call.inputs.map(() => ({ tokenStatus: "accepted", transactionId: 1 }) as const);
        expect(JSON.stringify(call.reply(answers)).length).toBeLessThan(300);
        expect(JSON.stringify(call.reply([])).length).toBeLessThan(300);
        call.transaction?.(answers);
      }),
      { numRuns: Number(process.env.RUNS ?? 2000) },
    );
  });

  it("is not a status because the language has a word for it, and not a register because it is a number", () => {
    expect(parseCall16(context, "StatusNotification", { status: "constructor" })!.inputs).toEqual([]);
    const event = { eventType: "Started", transactionInfo: { transactionId: "tx" } };
    const meterValue = [{ sampledValue: [{ value: 1e308, unitOfMeasure: { unit: "kWh" } }] }];
    const { inputs } = parseCall201(context, "TransactionEvent", { ...event, meterValue })!;
    expect(inputs).toMatchObject([{ type: "transaction-started", remoteId: "tx" }]);
    expect(inputs[0]).not.toHaveProperty("meterStartWh");
  });

  it("costs bounded work, however large its lists are", () => {
    const sampledValue = Array.from({ length: 500 }, () => ({ value: "1", format: "SignedData", measurand: "SoC" }));
    const meterValue = Array.from({ length: 500 }, () => ({
      timestamp: "",
      sampledValue: [{ value: "1" }, ...sampledValue],
    }));
    const { inputs } = parseCall16(context, "MeterValues", { connectorId: 1, meterValue })!;
    expect(inputs).toMatchObject([{ samples: { length: 100 } }, { values: { length: 40 } }]);
  });
});

/** A charging station of OCPP 2.0.1 with one EVSE, driven by hand: what it answers and tells is up to the story. */
import { randomUUID } from "node:crypto";
import { OcppEnd, type Payload } from "./ocpp-end.ts";

interface Named {
  readonly component: { readonly name: string };
  readonly variable: { readonly name: string };
}

const VARIABLES: Readonly<Record<string, string>> = {
  "SmartChargingCtrlr.RateUnit": "A",
  "SmartChargingCtrlr.ProfileStackLevel": "8",
  "SmartChargingCtrlr.PeriodsPerSchedule": "24",
  "SmartChargingCtrlr.Enabled": "true",
};
const EVSE = { id: 1, connectorId: 1 };

export class ChargePoint201 extends OcppEnd {
  declare transactionId: string | undefined;
  #sequence = 0;
  #token: Payload = {};

  constructor(id: string, url: string) {
    super(id, url, "ocpp2.0.1");
  }

  protected async hello(): Promise<void> {
    const chargingStation = { vendorName: "Partner", model: "Story" };
    await this.call("BootNotification", { reason: "PowerUp", chargingStation });
    await this.tellStatus(this.transactionId === undefined ? "Available" : "Occupied");
  }

  async tellStatus(connectorStatus: string): Promise<void> {
    const timestamp = new Date().toISOString();
    await this.call("StatusNotification", { timestamp, connectorStatus, evseId: 1, connectorId: 1 });
  }

  #event(eventType: string, triggerReason: string, transactionInfo: Payload, values: Payload[], more: Payload = {}) {
    const timestamp = new Date().toISOString();
    return this.call("TransactionEvent", {
      eventType,
      triggerReason,
      timestamp,
      seqNo: this.#sequence++,
      evse: EVSE,
      transactionInfo: { transactionId: this.transactionId, ...transactionInfo },
      meterValue: [{ timestamp, sampledValue: values }],
      ...more,
    });
  }

  #register(context: string): Payload {
    const unitOfMeasure = { unit: "Wh" };
    return { value: this.registerWh, context, measurand: "Energy.Active.Import.Register", unitOfMeasure };
  }

  /** A car is plugged in and a card shown: Accepted, Blocked, Unknown. */
  async start(uid: string): Promise<string> {
    this.#token = { idToken: uid, type: "ISO14443" };
    await this.tellStatus("Occupied");
    this.transactionId = randomUUID();
    const values = [this.#register("Transaction.Begin")];
    const idToken = this.#token;
    const answer = await this.#event("Started", "Authorized", { chargingState: "Charging" }, values, { idToken });
    return (answer.idTokenInfo as { status: string }).status;
  }

  /** So much was charged since the last time, and this is drawn now. */
  async meter(energyWh: number, currentA = this.drawsA): Promise<void> {
    this.registerWh += energyWh;
    const [context, unitOfMeasure] = ["Sample.Periodic", { unit: "A" }];
    const phase = (name: string) => ({
      value: currentA,
      context,
      measurand: "Current.Import",
      phase: name,
      unitOfMeasure,
    });
    const powerW = { value: currentA * 690, context, measurand: "Power.Active.Import", unitOfMeasure: { unit: "W" } };
    const values = [this.#register(context), powerW, ...["L1", "L2", "L3"].map(phase)];
    await this.#event("Updated", "MeterValuePeriodic", { chargingState: "Charging" }, values);
  }

  /** The driver leaves. */
  async stop(): Promise<void> {
    const values = [this.#register("Transaction.End")];
    await this.#event("Ended", "EVCommunicationLost", { stoppedReason: "EVDisconnected" }, values);
    this.transactionId = undefined;
    this.limitA = 16;
    await this.tellStatus("Available");
  }

  protected usual(action: string, payload: Payload): Payload {
    if (action === "GetVariables") {
      const getVariableResult = (payload.getVariableData as Named[]).map(({ component, variable }) => {
        const attributeValue = VARIABLES[`${component.name}.${variable.name}`];
        const known = attributeValue === undefined ? {} : { attributeValue };
        return { attributeStatus: attributeValue ? "Accepted" : "UnknownVariable", ...known, component, variable };
      });
      return { getVariableResult };
    }
    if (action === "SetVariables") {
      const setVariableResult = (payload.setVariableData as Named[]).map(({ component, variable }) => ({
        attributeStatus: "Rejected",
        component,
        variable,
      }));
      return { setVariableResult };
    }
    if (action === "SetChargingProfile") return this.#limit(payload);
    if (action === "UnlockConnector") return { status: "Unlocked" };
    return { status: "Accepted" };
  }

  /** A TxProfile is for the transaction that runs here, by its id (K01.FR.33). */
  #limit({ chargingProfile, evseId }: Payload): Payload {
    const { chargingProfilePurpose, transactionId, chargingSchedule } = chargingProfile as {
      chargingProfilePurpose: string;
      transactionId?: string;
      chargingSchedule: { chargingSchedulePeriod: { limit: number }[] }[];
    };
    if (chargingProfilePurpose !== "TxProfile") return { status: "Accepted" };
    if (evseId !== 1 || transactionId !== this.transactionId)
      return { status: "Rejected", statusInfo: { reasonCode: "TxNotFound" } };
    this.limitA = chargingSchedule[0]!.chargingSchedulePeriod[0]!.limit;
    return { status: "Accepted" };
  }
}

/** A charge point of OCPP 1.6 with one socket, driven by hand: what it answers and tells is up to the story. */
import { OcppEnd, type Payload } from "./ocpp-end.ts";

const SETTINGS: Readonly<Record<string, string>> = {
  ChargingScheduleAllowedChargingRateUnit: "Current",
  ChargeProfileMaxStackLevel: "8",
  ChargingScheduleMaxPeriods: "24",
  MaxChargingProfilesInstalled: "10",
  SupportedFeatureProfiles: "Core,SmartCharging,RemoteTrigger,Reservation",
  NumberOfConnectors: "1",
};

export class ChargePoint extends OcppEnd {
  declare transactionId: number | undefined;
  status = "Available";

  constructor(id: string, url: string) {
    super(id, url, "ocpp1.6");
  }

  protected async hello(): Promise<void> {
    await this.call("BootNotification", { chargePointVendor: "Partner", chargePointModel: "Story" });
    await this.tellStatus(this.status);
  }

  async tellStatus(status: string): Promise<void> {
    this.status = status;
    const timestamp = new Date().toISOString();
    await this.call("StatusNotification", { connectorId: 1, errorCode: "NoError", status, timestamp });
  }

  /** Accepted, Blocked, Expired or Invalid. */
  async authorize(idTag: string): Promise<string> {
    return statusOf(await this.call("Authorize", { idTag }));
  }

  /** A car is plugged in and a token shown: what became of it. */
  async start(idTag: string, atMs = Date.now(), more: Payload = {}): Promise<string> {
    await this.tellStatus("Preparing");
    const answer = await this.call("StartTransaction", {
      connectorId: 1,
      idTag,
      meterStart: this.registerWh,
      timestamp: new Date(atMs).toISOString(),
      ...more,
    });
    this.transactionId = Number(answer.transactionId);
    if (statusOf(answer) === "Accepted") await this.tellStatus("Charging");
    return statusOf(answer);
  }

  /** So much was charged since the last time, and this is drawn now. */
  async meter(energyWh: number, currentA = this.drawsA, atMs = Date.now()): Promise<void> {
    this.registerWh += energyWh;
    const phase = (name: string) => ({
      value: currentA.toFixed(1),
      measurand: "Current.Import",
      unit: "A",
      phase: name,
    });
    await this.call("MeterValues", {
      connectorId: 1,
      ...(this.transactionId === undefined ? {} : { transactionId: this.transactionId }),
      meterValue: [
        {
          timestamp: new Date(atMs).toISOString(),
          sampledValue: [
            { value: String(this.registerWh), measurand: "Energy.Active.Import.Register", unit: "Wh" },
            { value: (currentA * 690).toFixed(0), measurand: "Power.Active.Import", unit: "W" },
            ...["L1", "L2", "L3"].map(phase),
          ],
        },
      ],
    });
  }

  /** The driver leaves. */
  async stop(reason = "Local", atMs = Date.now(), more: Payload = {}): Promise<void> {
    await this.call("StopTransaction", {
      transactionId: this.transactionId,
      meterStop: this.registerWh,
      timestamp: new Date(atMs).toISOString(),
      reason,
      ...more,
    });
    this.transactionId = undefined;
    this.limitA = 16;
    await this.tellStatus("Finishing");
    await this.tellStatus("Available");
  }

  protected usual(action: string, payload: Payload): Payload {
    if (action === "GetConfiguration") {
      const keys = (payload.key as string[] | undefined) ?? Object.keys(SETTINGS);
      const known = keys.filter((key) => key in SETTINGS);
      return {
        configurationKey: known.map((key) => ({ key, readonly: true, value: SETTINGS[key] })),
        unknownKey: keys.filter((key) => !(key in SETTINGS)),
      };
    }
    if (action === "SetChargingProfile") this.#limit(payload);
    if (action === "UnlockConnector") return { status: "Unlocked" };
    return { status: "Accepted" };
  }

  #limit({ csChargingProfiles }: Payload): void {
    const { chargingProfilePurpose, chargingSchedule } = csChargingProfiles as {
      chargingProfilePurpose: string;
      chargingSchedule: { chargingSchedulePeriod: { limit: number }[] };
    };
    if (chargingProfilePurpose === "TxProfile") this.limitA = chargingSchedule.chargingSchedulePeriod[0]!.limit;
  }
}

function statusOf({ idTagInfo }: Payload): string {
  return (idTagInfo as { status: string }).status;
}

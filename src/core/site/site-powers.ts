/** The powers of the site now, as far as they are known. Metering books them, the live picture shows them. */
import { readingQuality } from "../device-quality.ts";
import type { EvseReading, ProcessImage } from "../image.ts";
import { sumPhases } from "../quantity.ts";
import { chargesOffRecord } from "../state/off-record.ts";
import { openSessionAt } from "../state/sessions.ts";
import type { SiteState } from "../state/state.ts";
import type { DeviceConfiguration } from "./site.ts";
import type { SiteModel } from "./site-model.ts";

/** W; `undefined` is unknown, 0 also stands for a part that the site does not have. */
export interface SitePowers {
  /** Import +. */
  readonly gridW: number | undefined;
  readonly pvW: number | undefined;
  readonly chargeW: number | undefined;
  readonly dischargeW: number | undefined;
  readonly evsesW: number | undefined;
  /** What remains of the balance, when everything else is known. */
  readonly buildingW: number | undefined;
}

export interface PowersInput {
  readonly site: SiteModel;
  readonly state: SiteState;
  readonly image: ProcessImage;
}

/** Inverters switch off at night: one whose last word was next to nothing is asleep, not unknown. */
const ASLEEP_BELOW_W = 50;
/** Charge points report in intervals of up to a minute, some of them late. */
const EVSE_VALID_MS = 120_000;

/** Power of an EVSE, W, from its currents where it is not sent; `undefined` when not read within two minutes. */
export function evsePowerW(reading: EvseReading | undefined, monoMs: number, voltageV: number): number | undefined {
  if (!reading || monoMs - reading.atMonoMs > EVSE_VALID_MS) return undefined;
  return reading.powerW ?? (reading.currentA && sumPhases(reading.currentA) * voltageV);
}

type Device = DeviceConfiguration;

function valid<T extends { readonly atMonoMs: number }>(reading: T | undefined, device: Device, image: ProcessImage) {
  return reading && readingQuality(device, reading.atMonoMs, image) !== "absent" ? reading : undefined;
}

/** Sum of all, or `undefined` when one is. */
function total(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce<number | undefined>(
    (sum, value) => (sum === undefined || value === undefined ? undefined : sum + value),
    0,
  );
}

function pvPowerW(device: Device, image: ProcessImage): number | undefined {
  const reading = image.pvs.get(device.id);
  const known = valid(reading, device, image);
  return known?.powerW ?? (reading && Math.abs(reading.powerW) < ASLEEP_BELOW_W ? 0 : undefined);
}

/** A car may be drawing there, on record or not. */
export function mayCharge({ state, image }: Pick<PowersInput, "state" | "image">, evseId: string): boolean {
  const isTold = openSessionAt(state.sessions, evseId) !== undefined || chargesOffRecord(state, evseId);
  return isTold || image.untoldCars?.has(evseId) === true;
}

function evsesPowerW({ site, state, image }: PowersInput): number | undefined {
  return total(
    site.evses.map((evse) => {
      const powerW = evsePowerW(image.evses.get(evse.id), image.monoMs, site.voltageV);
      // An EVSE without a transaction and without a word draws nothing.
      return powerW ?? (mayCharge({ state, image }, evse.id) ? undefined : 0);
    }),
  );
}

/** What is known of the powers of grid meter, sun and batteries. */
export function devicePowers({ site, image }: PowersInput): Omit<SitePowers, "evsesW" | "buildingW"> {
  const { devices } = site.configuration;
  const gridMeter = devices.find((device) => device.id === site.gridMeterId);
  const gridW = gridMeter && valid(image.meters.get(gridMeter.id), gridMeter, image)?.powerW;
  const pvW = total(devices.filter(({ id }) => site.pvIds.includes(id)).map((device) => pvPowerW(device, image)));
  const batteries = site.batteries.map((device) => valid(image.batteries.get(device.id), device, image)?.powerW);
  const chargeW = total(batteries.map((powerW) => powerW && Math.max(0, powerW)));
  const dischargeW = total(batteries.map((powerW) => powerW && Math.max(0, -powerW)));
  return { gridW, pvW, chargeW, dischargeW };
}

/** What is known of the site's powers. */
export function sitePowers(input: PowersInput): SitePowers {
  const { gridW, pvW, chargeW, dischargeW } = devicePowers(input);
  const evsesW = evsesPowerW(input);
  const known =
    gridW !== undefined &&
    pvW !== undefined &&
    chargeW !== undefined &&
    dischargeW !== undefined &&
    evsesW !== undefined;
  const buildingW = known ? Math.max(0, gridW + pvW - chargeW + dischargeW - evsesW) : undefined;
  return { gridW, pvW, chargeW, dischargeW, evsesW, buildingW };
}

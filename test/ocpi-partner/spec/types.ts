/** Classes and enumerations that several modules share: chapters Types, Locations, Tariffs, CDRs and Credentials. */
import {
  boolean,
  type Check,
  ciString,
  dateTime,
  int,
  must,
  number,
  object,
  oneOf,
  pattern,
  string,
  url,
} from "./check.ts";

export type Version = "2.2.1" | "2.3.0";

export const ROLES_221 = "CPO EMSP HUB NAP NSP OTHER SCSP";
export const ROLES_230 = "CPO EMSP NAP NSP OTHER SCSP";

export const displayText = object({ language: ["1", string(2)], text: ["1", string(512)] });

/** Without and with tax; in 2.3.0 the taxes by name. */
export function price(version: Version): Check {
  if (version === "2.2.1") return object({ excl_vat: ["1", number()], incl_vat: ["?", number()] });
  const tax = object({
    name: ["1", string(255)],
    account_number: ["?", string(255)],
    percentage: ["?", number()],
    amount: ["1", number()],
  });
  return object({ before_taxes: ["1", number()], taxes: ["*", tax] });
}

/** Without tax, of a Price of either version. */
export function beforeTax(value: unknown): number | undefined {
  const { excl_vat, before_taxes } = (value ?? {}) as Record<string, number | undefined>;
  return excl_vat ?? before_taxes;
}

export const geoLocation = object({
  latitude: ["1", pattern(10, /^-?[0-9]{1,2}\.[0-9]{5,7}$/)],
  longitude: ["1", pattern(11, /^-?[0-9]{1,3}\.[0-9]{5,7}$/)],
});

export const image = object({
  url: ["1", url],
  thumbnail: ["?", url],
  category: ["1", oneOf("CHARGER ENTRANCE LOCATION NETWORK OPERATOR OTHER OWNER")],
  type: ["1", ciString(4)],
  width: ["?", int],
  height: ["?", int],
});

export const businessDetails = object({ name: ["1", string(100)], website: ["?", url], logo: ["?", image] });

const energySource = object({
  source: ["1", oneOf("NUCLEAR GENERAL_FOSSIL COAL GAS GENERAL_GREEN SOLAR WIND WATER")],
  percentage: ["1", number()],
});
const environmentalImpact = object({
  category: ["1", oneOf("NUCLEAR_WASTE CARBON_DIOXIDE")],
  amount: ["1", number()],
});

export const energyMix = object(
  {
    is_green_energy: ["1", boolean],
    energy_sources: ["*", energySource],
    environ_impact: ["*", environmentalImpact],
    supplier_name: ["?", string(64)],
    energy_product_name: ["?", string(64)],
  },
  ({ energy_sources = [] }, at) => {
    const sources = energy_sources as { percentage: number }[];
    const sum = sources.reduce((total, { percentage }) => total + percentage, 0);
    return must(sources.length === 0 || Math.abs(sum - 100) < 0.01, at, `sources are ${sum} percent`);
  },
);

export const tokenType = (version: Version) =>
  oneOf(version === "2.2.1" ? "AD_HOC_USER APP_USER OTHER RFID" : "AD_HOC_USER APP_USER EMAID OTHER RFID");

export const cdrToken = (version: Version) =>
  object({
    country_code: ["1", ciString(2)],
    party_id: ["1", ciString(3)],
    uid: ["1", ciString(36)],
    type: ["1", tokenType(version)],
    contract_id: ["1", ciString(36)],
  });

export const authMethod = oneOf("AUTH_REQUEST COMMAND WHITELIST");

const DIMENSIONS = "ENERGY MAX_CURRENT MIN_CURRENT MAX_POWER MIN_POWER PARKING_TIME RESERVATION_TIME TIME";
const DIMENSIONS_OF_SESSIONS = `${DIMENSIONS} CURRENT ENERGY_EXPORT ENERGY_IMPORT POWER STATE_OF_CHARGE`;

export const chargingPeriod = (of: "session" | "cdr") =>
  object({
    start_date_time: ["1", dateTime],
    dimensions: [
      "+",
      object({
        type: ["1", oneOf(of === "session" ? DIMENSIONS_OF_SESSIONS : DIMENSIONS)],
        volume: ["1", number()],
      }),
    ],
    tariff_id: ["?", ciString(36)],
  });

export const powerType = oneOf("AC_1_PHASE AC_2_PHASE AC_2_PHASE_SPLIT AC_3_PHASE DC");
export const connectorFormat = oneOf("SOCKET CABLE");

const STANDARDS = `CHADEMO CHAOJI DOMESTIC_A DOMESTIC_B DOMESTIC_C DOMESTIC_D DOMESTIC_E DOMESTIC_F DOMESTIC_G
  DOMESTIC_H DOMESTIC_I DOMESTIC_J DOMESTIC_K DOMESTIC_L DOMESTIC_M DOMESTIC_N DOMESTIC_O GBT_AC GBT_DC
  IEC_60309_2_single_16 IEC_60309_2_three_16 IEC_60309_2_three_32 IEC_60309_2_three_64 IEC_62196_T1
  IEC_62196_T1_COMBO IEC_62196_T2 IEC_62196_T2_COMBO IEC_62196_T3A IEC_62196_T3C NEMA_5_20 NEMA_6_30 NEMA_6_50
  NEMA_10_30 NEMA_10_50 NEMA_14_30 NEMA_14_50 PANTOGRAPH_BOTTOM_UP PANTOGRAPH_TOP_DOWN TESLA_R TESLA_S`;
export const connectorType = (version: Version) =>
  oneOf(version === "2.2.1" ? STANDARDS : `${STANDARDS} MCS SAE_J3400`);

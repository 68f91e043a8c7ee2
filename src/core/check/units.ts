/** Numbers that are possible, but look as if another unit was meant: cents for euros, kWh for Wh, kW for W. */

import type { PriceSource, SiteConfiguration } from "../site/site.ts";
import type { Problem } from "./problem.ts";

type Path = Problem["path"];

/** No household or business has paid more for a kWh by contract, EUR. */
const DEAR_EUR_PER_KWH = 2;
/** Smaller is no battery of a building, no car's need, Wh. */
const LITTLE_WH = 500;
/** Smaller is no inverter, no plant and no connection, W. */
const LITTLE_W = 200;

function euros(path: Path, eurPerKwh: number | undefined): Problem[] {
  if (eurPerKwh === undefined || Math.abs(eurPerKwh) <= DEAR_EUR_PER_KWH) return [];
  return [
    {
      severity: "warning",
      path,
      message: `${eurPerKwh} EUR for a kWh is more than anybody pays`,
      advice: `Prices are in euros: ${eurPerKwh} ct are ${Number((eurPerKwh / 100).toFixed(6))}`,
    },
  ];
}

function whole(path: Path, value: number | undefined, unit: "W" | "Wh"): Problem[] {
  const least = unit === "W" ? LITTLE_W : LITTLE_WH;
  if (value === undefined || value <= 0 || value >= least) return [];
  return [
    {
      severity: "warning",
      path,
      message: `${value} ${unit} is very little`,
      advice: `It is in ${unit}: ${value} k${unit} are ${Math.round(value * 1000)}`,
    },
  ];
}

function priceProblems(source: PriceSource, path: Path): Problem[] {
  if (source.kind === "fixed") return euros([...path, "eurPerKwh"], source.eurPerKwh);
  if (source.kind === "day-ahead")
    return [
      ...euros([...path, "addEurPerKwh"], source.addEurPerKwh),
      ...euros([...path, "fallbackEurPerKwh"], source.fallbackEurPerKwh),
    ];
  return [
    ...euros([...path, "otherwiseEurPerKwh"], source.otherwiseEurPerKwh),
    ...source.periods.flatMap(({ eurPerKwh }, index) => euros([...path, "periods", index, "eurPerKwh"], eurPerKwh)),
  ];
}

/** Warnings: the site may be driven, by numbers that nobody meant. */
export function unitProblems({ devices, tariff, charging, gridConnection }: SiteConfiguration): Problem[] {
  return [
    ...whole(["gridConnection", "importLimitW"], gridConnection.importLimitW, "W"),
    ...devices.flatMap(({ battery, pv }, index) => [
      ...whole(["devices", index, "battery", "capacityWh"], battery?.capacityWh, "Wh"),
      ...whole(["devices", index, "battery", "maxChargeW"], battery?.maxChargeW, "W"),
      ...whole(["devices", index, "battery", "maxDischargeW"], battery?.maxDischargeW, "W"),
      ...euros(["devices", index, "battery", "wearEurPerKwh"], battery?.wearEurPerKwh),
      ...whole(["devices", index, "pv", "peakW"], pv?.peakW, "W"),
    ]),
    ...priceProblems(tariff.import, ["tariff", "import"]),
    ...(tariff.export ? priceProblems(tariff.export, ["tariff", "export"]) : []),
    ...whole(["charging", "defaultEnergyWh"], charging.defaultEnergyWh, "Wh"),
  ];
}

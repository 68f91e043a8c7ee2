/** English: no new plan can be followed. What is wrong, what goes on, and what to do. */
import type { PlanTroubleWords } from "./words.ts";

const RESTART = "Restart wattledger; if it comes back, report this with a backup of the ledger";

/** By the field of the plan's input, the first that fits: what it is to people, and where to look. */
const FIELDS: readonly (readonly [field: RegExp, what: string, advice: string])[] = [
  [/^input\.(im|ex)portEurPerKwh\b/, "a price", "Look at the tariff in site.yaml, and at what the price source sends"],
  [/^input\.buildingW\b/, "what the building draws", "Look at the meters and at the forecasts of the building's load"],
  [/^input\.pvW\b/, "the sun that is expected", "Look at the inverter and at the forecasts of the sun"],
  [/^input\.batteries\b/, "a value of a battery", "Look at the battery under the devices"],
  [/^input\.evses\b/, "a value of a car", "Set energy and departure of the cars again"],
];

/** Why there is no new plan, that charging goes on, and what to do. */
export function planTrouble({ since, where }: PlanTroubleWords): string {
  const [, name, advice = RESTART] = FIELDS.find(([field]) => where !== undefined && field.test(where)) ?? [];
  const found = name ?? (where?.startsWith("result") ? "a value in the plan itself" : "a value");
  const why = where === undefined ? "planning fails" : `${found} is no number (${where})`;
  return `No plan is made since ${since}: ${why}. Fuses stay protected and charging goes on, by the last plan while it lasts, then in fair shares. ${advice}.`;
}

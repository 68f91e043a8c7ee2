/** An EVSE whose cars may give energy back. */
import { type Static, Type } from "../schema.ts";
import { closed } from "./site-parts.ts";

export const DischargeSchema = Type.Object(
  {
    by: Type.Literal("negative-limit", {
      description: "How the charge point is told: by a negative limit in the charging profile (OCPP 1.6, 2.0.1)",
    }),
    maxPowerW: Type.Number({ exclusiveMinimum: 0, description: "The most that it feeds back, W" }),
    capacityWh: Type.Number({ exclusiveMinimum: 0, default: 60000, description: "Assumed battery of a car, Wh" }),
    minSocPercent: Type.Number({
      minimum: 0,
      maximum: 100,
      default: 50,
      description:
        "No car is emptied below this; one that does not tell its charge is not emptied below what it came with",
    }),
    efficiencyPercent: Type.Number({ minimum: 50, maximum: 100, default: 85, description: "In and out again" }),
    wearEurPerKwh: Type.Number({
      minimum: 0,
      default: 0.08,
      description: "What a kWh given back costs the car's battery",
    }),
  },
  { ...closed, description: "Cars may give energy back; left out: no" },
);
export type DischargeConfiguration = Static<typeof DischargeSchema>;

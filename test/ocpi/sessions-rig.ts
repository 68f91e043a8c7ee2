/** A registered partner, an hour of charging, and what the partner was sent. */
import { Ajv } from "ajv";
import { onTestFinished } from "vitest";
import type { TSchema } from "../../src/core/schema.ts";
import type { Received } from "./partner.ts";
import { OcpiRig, type OcpiRigOptions } from "./rig.ts";

export const UPSTREAM = {
  location: {
    address: "Kade 1",
    city: "Utrecht",
    country: "NLD",
    latitude: "52.09070",
    longitude: "5.12140",
    facilities: ["RESTAURANT"],
    openingTimes: [{ weekday: 1, from: "08:00", to: "18:00" }],
    energyMix: { green: true, sources: [{ source: "SOLAR", percent: 100 }], co2GramsPerKwh: 0, supplier: "Sun" },
  },
  tariffs: [
    {
      id: "standard",
      elements: [
        {
          components: [
            { type: "ENERGY", price: 0.4, vatPercent: 21 },
            { type: "FLAT", price: 0.5, vatPercent: 21 },
          ],
        },
      ],
    },
  ],
};

export async function registered(options: OcpiRigOptions = {}): Promise<OcpiRig> {
  const rig = await OcpiRig.registered({ configuration: { sees: "all" }, upstream: UPSTREAM, ...options });
  onTestFinished(() => rig.close());
  await rig.settled();
  return rig;
}

export const ajv = new Ajv({ strict: false, allErrors: true });
export function fits(schema: TSchema, value: unknown): void {
  const check = ajv.compile(schema);
  if (!check(value)) throw new Error(`${JSON.stringify(check.errors)} in ${JSON.stringify(value)}`);
}

// biome-ignore lint/suspicious/noExplicitAny: what came over the wire
export const bodies = (received: readonly Received[], method: string, module: string): any[] =>
  received
    .filter((request) => request.method === method && request.path.includes(`/${module}`))
    .map(({ body }) => body);

export const oneHour = async (rig: OcpiRig) => {
  await rig.site.connectAll();
  await rig.site.plugIn("one");
  await rig.run(3_600);
};

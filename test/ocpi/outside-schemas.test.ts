/**
 * What the site sends on OCPI 2.2.1, held against a schema set of somebody else: ocpi-schema of Solidstudio (Apache-2.0),
 * which is on no registry. Where it is generated, `OCPI_SCHEMAS=directory npx vitest run test/ocpi/outside-schemas.test.ts`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { afterEach, expect, test } from "vitest";
import { OcpiRig } from "./rig.ts";

const DIRECTORY = process.env.OCPI_SCHEMAS;
const rigs: OcpiRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

// Without environ_impact: the set calls its category `source`, the text does not.
const UPSTREAM = {
  location: {
    address: "Kade 1",
    city: "Utrecht",
    country: "NLD",
    latitude: "52.09070",
    longitude: "5.12140",
    openingTimes: [{ weekday: 1, from: "08:00", to: "18:00" }],
    energyMix: { green: true, sources: [{ source: "SOLAR", percent: 100 }], supplier: "Sun" },
  },
  tariffs: [
    {
      id: "standard",
      text: "Energy",
      maxPrice: 60,
      elements: [
        {
          components: [{ type: "ENERGY", price: 0.4, vatPercent: 21 }],
          restrictions: { startTime: "07:00", endTime: "19:00", days: ["MONDAY", "WEDNESDAY"] },
        },
        { components: [{ type: "ENERGY", price: 0.3, vatPercent: 21 }] },
      ],
    },
  ],
};

function problemsOf(schema: string, value: unknown): string[] {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const check = ajv.compile(JSON.parse(readFileSync(join(DIRECTORY!, `ocpi.2_2_1.${schema}.json`), "utf8")));
  if (check(value)) return [];
  return (check.errors ?? []).map(
    ({ instancePath, message, params }) => `${schema}${instancePath}: ${message} ${JSON.stringify(params)}`,
  );
}

test.skipIf(DIRECTORY === undefined)("fits the schemas of somebody else", async () => {
  const contracts = [{ may: ["charging-profiles"], tokens: "all" }];
  const rig = await OcpiRig.registered({ configuration: { sees: "all", contracts }, upstream: UPSTREAM });
  rigs.push(rig);
  await rig.partner.discover(rig.versionsUrl);
  await rig.site.connectAll();
  await rig.site.plugIn("one", { override: false });
  await rig.run(1_000);
  const charging_profile = { charging_rate_unit: "A", charging_profile_period: [{ start_period: 0, limit: 9 }] };
  const response_url = `${rig.partner.url}/results/a`;
  const url = `${rig.partner.endpoint("chargingprofiles")}/${rig.sessionId(1)}`;
  const response = await rig.partner.call("PUT", url, { body: { charging_profile, response_url } });
  await rig.run(60);
  await rig.site.unplug("one");
  await rig.run(150);
  const sent = (method: string, path: string) =>
    rig.partner.received.filter((one) => one.method === method && one.path.includes(path)).map(({ body }) => body);
  const checked: [string, readonly unknown[]][] = [
    ["location", sent("PUT", "/receiver/locations/")],
    ["tariff", sent("PUT", "/receiver/tariffs/")],
    ["session", sent("PUT", "/receiver/sessions/")],
    ["session.partial", sent("PATCH", "/receiver/sessions/")],
    ["evse.partial", sent("PATCH", "/receiver/locations/")],
    ["cdr", sent("POST", "/receiver/cdrs")],
    ["chargingprofiles.active", sent("PUT", "/sender/chargingprofiles/")],
    ["chargingprofiles.charging_profile.result", sent("POST", "/results/a")],
    ["chargingprofiles.response", [response.body]],
  ];
  const found = checked.flatMap(([schema, values]) => {
    expect([schema, values.length > 0]).toEqual([schema, true]);
    return values.flatMap((value) => problemsOf(schema, value));
  });
  expect([...new Set(found)]).toEqual([]);
});

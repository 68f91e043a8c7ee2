/** Whatever a partner sends, the answer is an envelope with a code, never a defect; and the site goes on. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import fc from "../fast-check.ts";
import { OcpiRig } from "./rig.ts";

let rig: OcpiRig;
beforeAll(async () => {
  rig = await OcpiRig.registered({
    configuration: {
      smac: {},
      sees: "all",
      contracts: [{ may: ["charging-profiles", "preferences", "commands"], tokens: "all" }],
    },
    upstream: {
      serviceProvider: true,
      location: { address: "Kade 1", city: "Utrecht", country: "NLD", latitude: "52.09070", longitude: "5.12140" },
    },
  });
  await rig.partner.discover(rig.versionsUrl);
  await rig.site.connectAll();
  await rig.site.plugIn("one");
  await rig.run(30);
});
afterAll(() => rig.close());

const SESSION_PATHS = ["", "/x", "/x/charging_preferences"];
const PATHS: Readonly<Record<string, readonly string[]>> = {
  "sessions SENDER": SESSION_PATHS,
  "chargingprofiles RECEIVER": ["/x"],
  "tokens RECEIVER": ["/NL/EMS/x"],
  "commands RECEIVER": ["/START_SESSION", "/STOP_SESSION", "/UNLOCK_CONNECTOR", "/RESERVE_NOW", "/CANCEL_RESERVATION"],
  "locations SENDER": ["", "/rig", "/rig/one", "/rig/one/1"],
  "cdrs SENDER": [""],
  "tariffs SENDER": [""],
  "hubclientinfo RECEIVER": ["/NL/EMS"],
  "sessions RECEIVER": ["/NL/EMS/x"],
  "chargingprofiles SENDER": ["/x", "/results/x"],
  "smartchargingoptimisation RECEIVER": ["/NL/EMS/x"],
};

function addresses(): string[] {
  return Object.entries(PATHS).flatMap(([name, paths]) => {
    const [identifier, role] = name.split(" ") as [string, string];
    return paths.map(
      (path) => `${rig.partner.endpoint(identifier, role)}${path.replace("/x", `/${rig.sessionId(1)}`)}`,
    );
  });
}

/** Values that nearly fit: the names of OCPI with anything behind them. */
const NAMES = [
  "id",
  "uid",
  "token",
  "response_url",
  "location_id",
  "evse_uid",
  "session_id",
  "charging_profile",
  "kwh",
  "status",
  "charging_profile_period",
  "charging_rate_unit",
  "start_date_time",
  "last_updated",
  "country_code",
  "party_id",
  "profile_type",
  "departure_time",
  "energy_need",
  "evses",
  "connectors",
  "demand",
  "price",
  "result",
  "reservation_id",
  "expiry_date",
  "__proto__",
  "constructor",
];
const VALUES = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    "",
    "NL",
    "EMS",
    "W",
    "FAST",
    "2026-06-10T12:00:00Z",
    "http://127.0.0.1:1/x",
    -1,
    0,
    1e308,
    true,
    [],
    {},
  ),
  fc.jsonValue({ maxDepth: 3 }),
);
const bodies = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.dictionary(fc.constantFrom(...NAMES), fc.oneof(VALUES, fc.dictionary(fc.constantFrom(...NAMES), VALUES))),
);

describe("garbage", () => {
  test("gets a code at every address, by every method", async () => {
    const all = addresses();
    const method = fc.constantFrom("GET", "PUT", "POST", "PATCH", "DELETE");
    const query = fc.constantFrom(
      "",
      "?duration=x&response_url=y",
      "?duration=900&response_url=http%3A%2F%2F127.0.0.1%3A1%2F",
      "?date_from=2020-01-01T00:00:00Z&limit=-1",
      "?date_from=2020-01-01T00:00:00Z&date_from=x",
      "?offset=99999999",
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...all), method, query, bodies, async (url, verb, search, body) => {
        await rig.site.clock.advance(1_000);
        const options = verb === "GET" || verb === "DELETE" ? {} : { body };
        const answer = await rig.partner.call(verb, `${url}${search}`, options);
        expect(answer.http).toBeLessThan(500);
        expect(answer.body).toMatchObject({ status_code: expect.any(Number), timestamp: expect.stringMatching(/Z$/) });
        if (answer.http === 200 && answer.body.status_code !== 1000)
          expect(answer.body.status_code).toBeLessThan(3_000);
      }),
      { numRuns: 1_500 },
    );
    await rig.settled();
    expect(rig.lines.filter((line) => line.includes("failed"))).toEqual([]);
    expect(({} as Record<string, unknown>).id).toBeUndefined();
    // The car that charges does not notice.
    await rig.run(30);
    expect(Object.keys(rig.site.controller.state().sessions.open)).toEqual(["1"]);
  });
});

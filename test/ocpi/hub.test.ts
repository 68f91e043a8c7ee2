/** Parties behind a hub: each gets its own messages, sees its own sessions, and commands its own drivers. */
import { afterEach, describe, expect, test } from "vitest";
import { OcpiRig } from "./rig.ts";

const rigs: OcpiRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

const HUB = { role: "HUB", country_code: "AT", party_id: "H21" };
const RIGHTS = ["commands", "charging-profiles", "preferences"];

const from = (party_id: string, to = { country: "NL", party: "CPO" }) => ({
  "OCPI-from-country-code": "AT",
  "OCPI-from-party-id": party_id,
  "OCPI-to-country-code": to.country,
  "OCPI-to-party-id": to.party,
});
const token = (uid: string, party_id: string) => ({
  country_code: "AT",
  party_id,
  uid,
  type: "RFID",
  contract_id: `AT-${party_id}-${uid}`,
  issuer: "Test",
  valid: true,
  whitelist: "ALLOWED",
  last_updated: "2026-06-01T00:00:00Z",
});

/** A site behind a hub, with a driver of AT-N21 charging at EVSE one. */
async function charging(): Promise<OcpiRig> {
  const rig = await OcpiRig.registered({ partner: { party: HUB }, configuration: { contracts: [{ may: RIGHTS }] } });
  rigs.push(rig);
  await rig.partner.discover(rig.versionsUrl);
  await rig.partner.call("PUT", `${rig.partner.endpoint("tokens")}/AT/N21/CARD-1`, {
    body: token("CARD-1", "N21"),
    headers: from("N21"),
  });
  await rig.site.connectAll();
  await rig.site.plugIn("one", { token: "CARD-1", override: false });
  await rig.run(60);
  return rig;
}

const to = (rig: OcpiRig, module: string) =>
  rig.partner.received
    .filter(({ path, method }) => path.includes(`/${module}`) && method !== "GET")
    .map(({ headers }) => `${headers["ocpi-to-country-code"]}-${headers["ocpi-to-party-id"]}`);

describe("behind a hub", () => {
  test("a driver's sessions, records and what holds for them go to his own party", async () => {
    const rig = await charging();
    const response_url = `${rig.partner.url}/results/a`;
    const charging_profile = { charging_rate_unit: "A", charging_profile_period: [{ start_period: 0, limit: 9 }] };
    const profile = `${rig.partner.endpoint("chargingprofiles")}/${rig.sessionId(1)}`;
    const body = { charging_profile, response_url };
    expect((await rig.partner.call("PUT", profile, { body, headers: from("F21") })).body.data.result).toBe("REJECTED");
    expect((await rig.partner.call("PUT", profile, { body, headers: from("N21") })).body.data.result).toBe("ACCEPTED");
    await rig.run(60);
    await rig.site.unplug("one");
    await rig.run(60);
    for (const module of ["sessions", "cdrs", "sender/chargingprofiles", "results/a"]) {
      const parties = to(rig, module);
      expect([module, ...new Set(parties)]).toEqual([module, "AT-N21"]);
    }
    const cdrs = rig.partner.endpoint("cdrs");
    expect((await rig.partner.call("GET", cdrs, { headers: from("N21") })).body.data).toHaveLength(1);
    expect((await rig.partner.call("GET", cdrs, { headers: from("F21") })).body.data).toEqual([]);
    expect((await rig.partner.call("GET", cdrs, { headers: from("H21") })).body.data).toHaveLength(1);
  });

  test("a party sees and commands its own drivers, not those of another party there", async () => {
    const rig = await charging();
    const list = `${rig.partner.endpoint("sessions", "SENDER")}?date_from=2020-01-01T00:00:00Z`;
    expect((await rig.partner.call("GET", list, { headers: from("F21") })).body.data).toEqual([]);
    expect((await rig.partner.call("GET", list, { headers: from("N21") })).body.data).toHaveLength(1);
    const response_url = `${rig.partner.url}/results/b`;
    const command = (name: string, party: string, body: object) =>
      rig.partner.call("POST", `${rig.partner.endpoint("commands")}/${name}`, {
        body: { ...body, response_url },
        headers: from(party),
      });
    const stop = { session_id: rig.sessionId(1) };
    expect((await command("STOP_SESSION", "F21", stop)).body.data.result).toBe("REJECTED");
    const start = { token: token("APP-1", "N21"), location_id: "rig", evse_uid: "two", connector_id: "1" };
    expect((await command("START_SESSION", "F21", start)).body.data.result).toBe("REJECTED");
    const preferences = `${list.split("?")[0]}/${rig.sessionId(1)}/charging_preferences`;
    const wish = { body: { profile_type: "FAST" } };
    expect(await rig.partner.call("PUT", preferences, { ...wish, headers: from("F21") })).toMatchObject({
      http: 404,
      body: { status_code: 2001 },
    });
    expect((await rig.partner.call("PUT", preferences, { ...wish, headers: from("N21") })).body.data).toBe("ACCEPTED");
    expect((await command("START_SESSION", "N21", start)).body.data.result).toBe("ACCEPTED");
    expect((await command("STOP_SESSION", "N21", stop)).body.data.result).toBe("ACCEPTED");
  });

  test("what is for a party elsewhere is refused, what is for all behind the hub is not", async () => {
    const rig = await charging();
    const url = rig.partner.endpoint("tariffs");
    const elsewhere = from("N21", { country: "FR", party: "ZZZ" });
    expect((await rig.partner.call("GET", url, { headers: elsewhere })).body.status_code).toBe(2001);
    const all = from("N21", { country: "AT", party: "H21" });
    expect((await rig.partner.call("GET", url, { headers: all })).body.status_code).toBe(1000);
    const info = (status: string) =>
      rig.partner.call("PUT", `${rig.partner.endpoint("hubclientinfo")}/AT/N21`, {
        body: { country_code: "AT", party_id: "N21", role: "EMSP", status, last_updated: "2026-06-01T00:00:00Z" },
      });
    expect((await info("ASLEEP")).body.status_code).toBe(2001);
    expect((await info("CONNECTED")).body.status_code).toBe(1000);
  });
});

/** Results that a partner was promised: each comes once, whoever was away in between. */
import { afterEach, describe, expect, test } from "vitest";
import { publicFact } from "../../src/core/view/public.ts";
import { OcpiRig } from "./rig.ts";

const rigs: OcpiRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

const CONTRACT = { sees: "all", contracts: [{ may: ["charging-profiles", "commands"], tokens: "all" }] };

async function charging(): Promise<OcpiRig> {
  const rig = await OcpiRig.registered({ configuration: CONTRACT });
  rigs.push(rig);
  await rig.partner.discover(rig.versionsUrl);
  await rig.site.connectAll();
  await rig.site.plugIn("one", { override: false });
  await rig.run(60);
  return rig;
}

const responseUrl = (rig: OcpiRig, name: string) => `${rig.partner.url}/results/${name}`;
const resultsOf = (rig: OcpiRig, name: string) =>
  rig.partner.received.filter(({ path }) => path === `/results/${name}`).map(({ body }) => body);
const at = (rig: OcpiRig) => `${rig.partner.endpoint("chargingprofiles")}/${rig.sessionId(1)}`;
const set = (rig: OcpiRig, name: string, limit: number) =>
  rig.partner.call("PUT", at(rig), {
    body: {
      charging_profile: { charging_rate_unit: "A", charging_profile_period: [{ start_period: 0, limit }] },
      response_url: responseUrl(rig, name),
    },
  });
const command = (rig: OcpiRig, name: string, body: object) =>
  rig.partner.call("POST", `${rig.partner.endpoint("commands")}/${name}`, {
    body: { ...body, response_url: responseUrl(rig, name) },
  });
const owed = (rig: OcpiRig) => Object.keys(rig.site.controller.state().upstream.results);

describe("a result that was promised", () => {
  test("of a profile, a question and a clearing comes after a restart, once each", async () => {
    const rig = await charging();
    await set(rig, "set", 9);
    const query = (name: string) => `response_url=${encodeURIComponent(responseUrl(rig, name))}`;
    rig.partner.broken = { http: 503, raw: "" };
    await rig.partner.call("GET", `${at(rig)}?duration=900&${query("get")}`);
    await rig.run(1);
    await rig.restart();
    await rig.site.connectAll();
    rig.partner.broken = undefined;
    const before = rig.partner.received.length;
    await rig.run(60);
    const after = rig.partner.received.slice(before).map(({ path }) => path);
    expect(after.filter((path) => path === "/results/set")).toHaveLength(1);
    expect(after.filter((path) => path === "/results/get")).toHaveLength(1);
    expect(resultsOf(rig, "set")).toEqual([{ result: "ACCEPTED" }]);
    expect(resultsOf(rig, "get").at(-1)).toMatchObject({ result: "ACCEPTED", profile: { charging_profile: {} } });
    rig.partner.broken = { http: 503, raw: "" };
    await rig.partner.call("DELETE", `${at(rig)}?${query("clear")}`);
    await rig.run(1);
    await rig.restart();
    rig.partner.broken = undefined;
    const cleared = rig.partner.received.length;
    await rig.run(30);
    const once = rig.partner.received.slice(cleared).filter(({ path }) => path === "/results/clear");
    expect(once.map(({ body }) => body)).toEqual([{ result: "ACCEPTED" }]);
    expect(owed(rig)).toEqual([]);
    const answered = rig.site.facts("partner-request-answered");
    expect(answered.map(({ data }) => data.heard)).toEqual([true, true, true]);
  });

  test("of a command that the restart interrupted is what the site sees, or a time-out", async () => {
    const rig = await charging();
    const never = new Promise<never>(() => {});
    // The charge point is asked, and the controller stops before it has answered.
    const { controller } = rig.site;
    controller.command = () => never;
    const token = {
      country_code: "NL",
      party_id: "EMS",
      uid: "APP-1",
      type: "APP_USER",
      contract_id: "C1",
      issuer: "Test",
      valid: true,
      whitelist: "NEVER",
      last_updated: "2026-06-01T00:00:00Z",
    };
    await command(rig, "START_SESSION", { token, location_id: "rig", evse_uid: "two", connector_id: "1" });
    await command(rig, "UNLOCK_CONNECTOR", { location_id: "rig", evse_uid: "one", connector_id: "1" });
    await command(rig, "STOP_SESSION", { session_id: rig.sessionId(1) });
    await rig.run(5);
    expect(owed(rig)).toHaveLength(3);
    await rig.restart();
    await rig.site.connectAll();
    await rig.site.plugIn("two", { token: "APP-1" });
    await rig.run(5);
    expect(resultsOf(rig, "START_SESSION")).toEqual([{ result: "ACCEPTED" }]);
    await rig.run(70);
    expect(resultsOf(rig, "UNLOCK_CONNECTOR")).toEqual([{ result: "TIMEOUT" }]);
    expect(resultsOf(rig, "STOP_SESSION")).toEqual([{ result: "TIMEOUT" }]);
    expect(owed(rig)).toEqual([]);
  });

  test("is tried again within the time that was promised, and given up when it is refused or that is over", async () => {
    const rig = await charging();
    rig.partner.handlers.push(({ path }) => (path === "/results/refused" ? { http: 400, code: 2000 } : undefined));
    await set(rig, "refused", 9);
    await rig.run(60);
    expect(resultsOf(rig, "refused")).toHaveLength(1);
    expect(rig.site.facts("partner-request-answered").at(-1)).toMatchObject({
      data: { heard: false, reason: "HTTP 400, OCPI 2000" },
    });
    rig.partner.broken = { http: 500, raw: "" };
    await set(rig, "late", 10);
    await rig.run(15);
    rig.partner.broken = undefined;
    await rig.run(15);
    const heard = rig.site.facts("partner-request-answered").at(-1);
    expect(heard).toMatchObject({ data: { heard: true, result: "ACCEPTED" } });
    rig.partner.broken = { http: 500, raw: "" };
    await set(rig, "never", 11);
    await rig.run(60);
    expect(rig.site.facts("partner-request-answered").at(-1)).toMatchObject({ data: { heard: false } });
    const tries = resultsOf(rig, "never").length;
    rig.partner.broken = undefined;
    await rig.run(900);
    expect(resultsOf(rig, "never")).toHaveLength(tries);
    expect(owed(rig)).toEqual([]);
  });

  test("is told once to a partner that takes its time to answer", async () => {
    const rig = await charging();
    const answers: (() => void)[] = [];
    rig.partner.handlers.push(({ path }) =>
      path === "/results/slow" ? new Promise((resolve) => answers.push(() => resolve({}))) : undefined,
    );
    await set(rig, "slow", 9);
    // While an answer is awaited nothing settles: only the clock goes on.
    for (let second = 0; second < 30 && answers.length === 0; second++) {
      await rig.site.run(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await rig.partner.until((received) => received.find(({ path }) => path === "/results/slow"));
    await rig.site.run(9);
    for (const answer of answers) answer();
    await rig.run(60);
    expect(resultsOf(rig, "slow")).toEqual([{ result: "ACCEPTED" }]);
    expect(rig.site.facts("partner-request-answered").at(-1)).toMatchObject({ data: { heard: true } });
  });

  test("shows nobody the address that the partner named for it", async () => {
    const rig = await charging();
    await set(rig, "secret-part", 9);
    const [fact] = rig.site.facts("partner-request-accepted");
    expect(JSON.stringify(fact)).toContain("secret-part");
    expect(JSON.stringify(publicFact(fact!))).not.toContain("secret-part");
  });
});

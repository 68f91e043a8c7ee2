/** A partner registers with the site, and the site with a partner: chapters Versions and Credentials. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { authorization, send } from "./exchange.ts";
import { tokenOf } from "./market.ts";
import { Platform, type Reply } from "./platform.ts";
import { CPO, EMSP_ENDPOINTS, StorySite } from "./site.ts";
import { isObject } from "./spec/check.ts";
import type { Version } from "./spec/types.ts";

const EMSP = (partyId: string) => ({ role: "EMSP" as const, countryCode: "DE", partyId });
const platform = (partyId: string, ...versions: Version[]) =>
  new Platform({ versions, parties: [EMSP(partyId)], endpoints: EMSP_ENDPOINTS, cpo: CPO });

const caller: Readonly<Record<Version, Platform>> = {
  "2.2.1": platform("CA1", "2.2.1"),
  "2.3.0": platform("CA3", "2.3.0"),
};
const called: Readonly<Record<Version, Platform>> = {
  "2.2.1": platform("CB1", "2.2.1"),
  "2.3.0": platform("CB3", "2.2.1", "2.3.0"),
};
const growing = platform("GRO", "2.2.1", "2.3.0");
const faulty = platform("FAU", "2.2.1", "2.3.0");
const older = platform("OLD", "2.2.1", "2.3.0");
const all = [...Object.values(caller), ...Object.values(called), growing, faulty, older];
let site: StorySite;

beforeAll(async () => {
  for (const each of all) await each.listen();
  const partner = (id: string, platform: Platform, addressed = true) => ({ id, platform, addressed });
  site = await new StorySite({
    partners: [
      partner("caller-2.2.1", caller["2.2.1"]),
      partner("caller-2.3.0", caller["2.3.0"]),
      partner("called-2.2.1", called["2.2.1"]),
      partner("called-2.3.0", called["2.3.0"]),
      partner("growing", growing),
      partner("faulty", faulty),
      { ...partner("older", older), versions: ["2.2.1"] },
    ],
    chargePoints: [],
  }).start();
}, 180_000);

afterAll(async () => {
  for (const each of all) await each.close();
  await site?.close();
});

const stateOf = async (id: string) => {
  const { answer } = await site.admin("GET", "");
  return (answer as unknown as { id: string; registered: boolean; version?: string }[]).find((each) => each.id === id)!;
};

describe.each(["2.2.1", "2.3.0"] as const)("with OCPI %s", (version) => {
  test("a partner comes with the token it was given, reads versions and details, and trades it for another", async () => {
    const partner = caller[version];
    const tokenA = await site.tokenFor(`caller-${version}`);
    partner.token = tokenA;
    await partner.discover(site.versionsUrl, version);
    // Token A is for versions and credentials only.
    for (const [module, path] of [
      ["locations", ""],
      ["cdrs", ""],
      ["tokens", "/DE/CA1/012345"],
      ["hubclientinfo", "/DE/CA1"],
      ["tokens", ""],
      ["commands", "/START_SESSION"],
      ["chargingprofiles", ""],
    ] as const)
      expect((await partner.ask("GET", module, path)).status, module).toBe(401);
    for (const [method, body] of [
      ["PUT", partner.credentials(version, "x")],
      ["DELETE", undefined],
    ] as const)
      expect((await partner.ask(method, "credentials", "", { body })).status, method).toBe(405);

    const answer = await partner.register(site.versionsUrl, version);
    expect(answer.status).toBeLessThan(300);
    expect(answer.code).toBe(1000);
    expect(partner.token).not.toBe(tokenA);
    const roles = partner.others!.roles as { role: string }[];
    expect(roles).toContainEqual(expect.objectContaining({ role: "CPO", country_code: "NL", party_id: "ABC" }));
    // While the POST was open, it was asked itself.
    expect(partner.heard.slice(0, 2).map(({ method, module }) => `${method} ${module}`)).toEqual([
      "GET versions",
      "GET details",
    ]);
    expect(await stateOf(`caller-${version}`)).toMatchObject({ registered: true, version });

    const again = await send("GET", site.versionsUrl, { token: tokenA });
    expect(again.status).toBe(401);
    expect((await partner.ask("GET", "locations", "")).code).toBe(1000);
    expect((await partner.ask("POST", "credentials", "", { body: partner.credentials(version, "y") })).status).toBe(
      405,
    );
    expect(partner.faults).toEqual([]);
  });

  test("it reads the credentials that it holds", async () => {
    const partner = caller[version];
    const answer = await partner.ask("GET", "credentials", "");
    expect(answer.status).toBe(200);
    expect(answer.data).toMatchObject({ token: partner.token, url: partner.others!.url, roles: partner.others!.roles });
    expect(partner.faults).toEqual([]);
  });

  test("it offers every endpoint of a CPO, each with its interface role", async () => {
    const offered = caller[version].endpoints.map(({ identifier, role }) => `${identifier} ${role}`);
    for (const endpoint of [
      "locations SENDER",
      "tariffs SENDER",
      "sessions SENDER",
      "cdrs SENDER",
      "tokens RECEIVER",
      "commands RECEIVER",
      "chargingprofiles RECEIVER",
      "hubclientinfo RECEIVER",
    ])
      expect(offered).toContain(endpoint);
    expect(offered.filter((each) => each.startsWith("credentials"))).toHaveLength(1);
  });

  test("it renews the tokens of both sides with a PUT", async () => {
    const partner = caller[version];
    const old = partner.token;
    const since = partner.heard.length;
    const answer = await partner.register(site.versionsUrl, version, "PUT");
    expect(answer.code).toBe(1000);
    expect(answer.status).toBe(200);
    expect(partner.token).not.toBe(old);
    expect(
      partner.heard
        .slice(since)
        .map(({ module }) => module)
        .slice(0, 2),
    ).toEqual(["versions", "details"]);
    expect((await partner.ask("GET", "tariffs", "")).code).toBe(1000);
    expect(partner.faults).toEqual([]);
  });

  test("it ends the registration and may come again with a new token", async () => {
    const partner = caller[version];
    const earlier = partner.token;
    expect((await partner.register(site.versionsUrl, version, "PUT")).code).toBe(1000);
    expect((await partner.ask("DELETE", "credentials", "")).code).toBe(1000);
    for (const token of [earlier, partner.token])
      expect((await send("GET", site.versionsUrl, { token })).status).toBe(401);
    expect((await stateOf(`caller-${version}`)).registered).toBe(false);
    await site.admit(`caller-${version}`, partner, version);
    expect((await partner.ask("GET", "sessions", "?date_from=2020-01-01T00:00:00Z")).code).toBe(1000);
    expect(partner.faults).toEqual([]);
  });

  test("the site registers with a partner, renews, and ends it", async () => {
    const partner = called[version];
    const tokenA = partner.issue();
    const registered = await site.admin("POST", `/called-${version}/register`, { token: tokenA });
    expect(registered).toMatchObject({ status: 200 });
    expect(partner.heard.slice(0, 3).map(({ method, module }) => `${method} ${module}`)).toEqual([
      "GET versions",
      "GET details",
      "POST credentials",
    ]);
    expect(partner.heard.find(({ module }) => module === "details")!.version).toBe(version);
    expect(partner.valid.has(tokenA)).toBe(false);
    await partner.discover(String(partner.others!.url), version);
    expect((await partner.ask("GET", "locations", "")).code).toBe(1000);

    const since = partner.heard.length;
    const old = partner.token;
    expect((await site.admin("POST", `/called-${version}/update`)).status).toBe(200);
    const renewal = await partner.next(({ method, module }) => method === "PUT" && module === "credentials", since);
    expect(isObject(renewal.body) && renewal.body.token).toBe(partner.token);
    expect(partner.token).not.toBe(old);
    expect((await partner.ask("GET", "locations", "")).code).toBe(1000);

    expect((await site.admin("DELETE", `/called-${version}/registration`)).status).toBe(200);
    await partner.next(({ method, module }) => method === "DELETE" && module === "credentials", since);
    expect((await send("GET", site.versionsUrl, { token: partner.token })).status).toBe(401);
    expect(partner.faults).toEqual([]);
  });
});

test("a request needs a token that is known, in the one form that is allowed", async () => {
  await site.admit("growing", growing, "2.2.1");
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const wrong = [
    "",
    "Token",
    "Token ",
    `Token ${base64("nobody")}`,
    `Bearer ${base64(growing.token)}`,
    base64(growing.token),
  ];
  for (const authorization of wrong) {
    const answer = await send("GET", site.versionsUrl, { authorization });
    expect(answer.status, authorization).toBe(401);
  }
  expect((await send("GET", site.versionsUrl, { authorization: authorization(growing.token) })).status).toBe(200);
});

test("a partner of 2.2.1 moves to 2.3.0 with a PUT to the credentials of the new version", async () => {
  const answer = await growing.register(site.versionsUrl, "2.3.0", "PUT");
  expect(answer.code).toBe(1000);
  expect(await stateOf("growing")).toMatchObject({ registered: true, version: "2.3.0" });
  expect((await growing.ask("GET", "tariffs", "")).data).toContainEqual(
    expect.objectContaining({ tax_included: "NO" }),
  );
  expect(growing.faults).toEqual([]);
});

test("a partner with whom one version was agreed is shown that one only", async () => {
  const token = await site.tokenFor("older");
  const listed = (await send("GET", site.versionsUrl, { token })).data as { version: string; url: string }[];
  expect(listed.map(({ version }) => version)).toEqual(["2.2.1"]);
  const newer = listed[0]!.url.replace("2.2.1", "2.3.0");
  expect((await send("GET", newer, { token })).status).toBe(404);
  await site.admit("older", older, "2.2.1");
  expect(older.faults).toEqual([]);
});

test("a partner that cannot be read during its registration gets 3001, and may try again", async () => {
  faulty.token = await site.tokenFor("faulty");
  faulty.instead = ({ module }) => (module === "details" ? { status: 500, code: 3000 } : undefined);
  expect((await faulty.register(site.versionsUrl, "2.3.0")).code).toBe(3001);
  faulty.instead = ({ module }) => (module === "versions" ? { data: [{ version: "2.2.1" }] } : undefined);
  expect((await faulty.register(site.versionsUrl, "2.3.0")).code).toBeGreaterThanOrEqual(3000);
  faulty.instead = () => undefined;
  for (const body of [
    {},
    [],
    { ...faulty.credentials("2.3.0", "t"), roles: [] },
    { ...faulty.credentials("2.3.0", "a b") },
  ]) {
    const answer = await faulty.ask("POST", "credentials", "", { body });
    expect(answer.status).toBe(200);
    expect(answer.code, JSON.stringify(body)).toBe(2001);
  }
  expect((await faulty.register(site.versionsUrl, "2.3.0")).code).toBe(1000);
  expect(faulty.faults).toEqual([]);
});

test("a partner that speaks another version, or sends elsewhere, is not registered with", async () => {
  const strange = called["2.2.1"];
  strange.others = undefined;
  const token = strange.issue();
  const register = () => site.admin("POST", "/called-2.2.1/register", { token });
  const posted = () =>
    strange.heard.filter(({ module, method }) => module === "credentials" && method === "POST").length;
  const before = posted();
  const url = `${strange.base}/211-details`;
  const answers: readonly (() => Reply)[] = [
    () => ({ data: ["2.1.1", "2.2", "3.0"].map((version) => ({ version, url })) }),
    () => ({ data: [] }),
    () => ({ data: { version: "2.2.1", url: 7 } }),
    () => ({ status: 302, headers: { Location: `${growing.base}/which` } }),
    () => ({ status: 200, code: 2000 }),
  ];
  const elsewhere = growing.heard.length;
  for (const answer of answers) {
    strange.instead = ({ module }) => (module === "versions" ? answer() : undefined);
    expect((await register()).status).toBeGreaterThanOrEqual(400);
  }
  strange.instead = () => undefined;
  expect(posted()).toBe(before);
  expect(growing.heard).toHaveLength(elsewhere);
  expect((await stateOf("called-2.2.1")).registered).toBe(false);
});

test("credentials that lead to a host that is not the partner's are not followed", async () => {
  await site.admin("DELETE", "/faulty/registration");
  faulty.token = await site.tokenFor("faulty");
  await faulty.discover(site.versionsUrl, "2.3.0");
  const since = faulty.heard.length;
  for (const url of [`http://127.0.0.2:${faulty.port}/which`, "http://169.254.169.254/latest", "file:///etc/passwd"]) {
    const body = { ...faulty.credentials("2.3.0", faulty.issue()), url };
    const answer = await faulty.ask("POST", "credentials", "", { body });
    expect(answer.status, url).toBe(200);
    expect([2001, 3001], url).toContain(answer.code);
  }
  expect(faulty.heard.slice(since)).toEqual([]);
  expect((await stateOf("faulty")).registered).toBe(false);
});

test("of two registrations at once one holds", async () => {
  const since = faulty.heard.length;
  const bodies = [faulty.issue(), faulty.issue()].map((token) => faulty.credentials("2.3.0", token));
  const answers = await Promise.all(bodies.map((body) => faulty.ask("POST", "credentials", "", { body })));
  expect(answers.filter(({ code }) => code === 1000)).toHaveLength(1);
  const winner = answers.find(({ code }) => code === 1000)!;
  faulty.token = String((winner.data as { token: string }).token);
  expect((await faulty.ask("GET", "tariffs", "")).code).toBe(1000);
  const sent = bodies[answers.indexOf(winner)]!.token;
  const place = ({ module, method }: { module: string; method: string }) => module === "locations" && method === "PUT";
  const told = await faulty.next(place, since, "the location");
  expect(told.headers.authorization).toBe(authorization(String(sent)));
});

test("nobody becomes another partner by saying so, and no hub speaks for who is registered for itself", async () => {
  const role = (name: string, partyId: string) => ({
    role: name,
    country_code: "DE",
    party_id: partyId,
    business_details: { name: "Somebody" },
  });
  async function become(roles: readonly object[], more: object = {}): Promise<unknown> {
    const body = { ...faulty.credentials("2.3.0", faulty.issue()), roles, ...more };
    const answer = await faulty.ask("PUT", "credentials", "", { body });
    if (answer.code === 1000) faulty.token = String((answer.data as { token: string }).token);
    return answer.code;
  }
  const token = tokenOf(growing, "OF-GRO");
  expect((await growing.ask("PUT", "tokens", "/DE/GRO/OF-GRO", { body: token })).code).toBe(1000);
  const stolen = { ...token, valid: false, last_updated: "2026-09-01T00:00:00Z" };
  const from = { role: "EMSP", countryCode: "DE", partyId: "GRO" } as const;
  async function steal(): Promise<void> {
    for (const routed of [{}, { from }]) {
      const put = await faulty.ask("PUT", "tokens", "/DE/GRO/OF-GRO", { body: stolen, ...routed });
      expect(put.code).toBe(2001);
    }
    expect((await growing.ask("GET", "tokens", "/DE/GRO/OF-GRO")).data).toEqual(token);
  }

  for (const name of ["EMSP", "OTHER"]) expect(await become([role(name, "GRO")]), name).toBe(2001);
  expect(await become([role("EMSP", "FAU"), role("EMSP", "gro")])).toBe(2001);
  await steal();
  // The same company may also be a party without drivers, at another partner.
  expect(await become([role("SCSP", "GRO")])).toBe(1000);
  await steal();
  expect(await become([role("EMSP", "FAU")], { hub_party_id: "DEFAU" })).toBe(1000);
  await steal();
  expect(await become([role("EMSP", "FAU")])).toBe(1000);
  expect(await stateOf("growing")).toMatchObject({ registered: true });
});

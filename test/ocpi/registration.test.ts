/** A site and a partner find each other: real HTTP on loopback, the partner written from the text. */

import { readFileSync, statSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { PartnerStatusSchema } from "../../src/core/upstream-admin.ts";
import { deviations } from "../api-answers.ts";
import { OcpiRig, type OcpiRigOptions } from "./rig.ts";

const rigs: OcpiRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});
async function start(options?: OcpiRigOptions): Promise<OcpiRig> {
  const rig = await OcpiRig.start(options);
  rigs.push(rig);
  return rig;
}
async function registered(options?: OcpiRigOptions): Promise<OcpiRig> {
  const rig = await OcpiRig.registered(options);
  rigs.push(rig);
  return rig;
}

describe("a partner registers with the site", () => {
  test("by the token that it was given: both sides hold a token of the other, and the first one is dead", async () => {
    const rig = await start();
    const tokenA = rig.upstream.issueToken("emsp")!;
    const answer = await rig.partner.register(rig.versionsUrl, tokenA);
    expect(answer).toMatchObject({
      http: 200,
      body: {
        status_code: 1000,
        data: {
          url: rig.versionsUrl,
          roles: [{ role: "CPO", country_code: "NL", party_id: "CPO", business_details: { name: "Site Charging" } }],
        },
      },
    });
    expect(answer.body.timestamp).toMatch(/Z$/);
    expect((await rig.partner.call("GET", rig.versionsUrl, { token: tokenA })).http).toBe(401);
    expect(
      (await rig.partner.call("GET", rig.versionsUrl)).body.data.map((entry: { version: string }) => entry.version),
    ).toEqual(["2.2.1", "2.3.0"]);
    // While the POST was open, the site read versions and details with the partner's token.
    expect(rig.partner.received.slice(0, 2).map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /versions",
      "GET /2.2.1",
    ]);
    expect(rig.upstream.status()).toMatchObject([
      {
        id: "emsp",
        registered: true,
        version: "2.2.1",
        parties: [{ role: "EMSP", countryCode: "NL", partyId: "EMS", name: "Test" }],
      },
    ]);
    expect(deviations(PartnerStatusSchema, rig.upstream.status()[0])).toEqual([]);
  });

  test("and what it registered is in the ledger, its tokens are not: they are in a file of the owner's", async () => {
    const rig = await registered();
    const ledger = JSON.stringify(rig.site.ledger.facts);
    expect(rig.site.facts("partner-registered")).toHaveLength(1);
    const shownToPartner = [...rig.partner.accepts][0]!;
    for (const secret of [shownToPartner, rig.partner.token]) expect(ledger).not.toContain(secret);
    const file = join(rig.directory, "ocpi-secrets.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).not.toContain(rig.partner.token);
    expect(rig.lines.join()).not.toContain(shownToPartner);
  });

  test("and is still registered after the controller was killed", async () => {
    const rig = await registered();
    await rig.restart();
    expect((await rig.partner.call("GET", rig.partner.endpoint("credentials"))).body).toMatchObject({
      status_code: 1000,
      data: { token: rig.partner.token },
    });
    expect(rig.upstream.status()).toMatchObject([{ registered: true }]);
  });

  test("not a second time, and nothing is updated or ended before", async () => {
    const rig = await start();
    const tokenA = rig.upstream.issueToken("emsp")!;
    await rig.partner.discover(rig.versionsUrl, tokenA);
    const url = rig.partner.endpoint("credentials");
    const body = { token: "x", url: rig.partner.versionsUrl, roles: [] };
    for (const method of ["PUT", "DELETE"])
      expect(await rig.partner.call(method, url, { token: tokenA, body })).toMatchObject({ http: 405 });
    await rig.partner.register(rig.versionsUrl, tokenA);
    expect(await rig.partner.call("POST", url, { body })).toMatchObject({ http: 405, body: { status_code: 2000 } });
  });

  test("only where the site can use what it offers, and with the code that the text wants", async () => {
    const rig = await start();
    const attempt = async (change: () => void) => {
      change();
      const answer = await rig.partner.register(rig.versionsUrl, rig.upstream.issueToken("emsp")!);
      return [answer.http, answer.body.status_code];
    };
    expect(
      await attempt(() =>
        rig.partner.handlers.push(({ path }) => (path === "/versions" ? { http: 500, code: 3000 } : undefined)),
      ),
    ).toEqual([200, 3001]);
    rig.partner.handlers.splice(0);
    const url = `${rig.partner.url}/2.2.1`;
    expect(
      await attempt(() =>
        rig.partner.handlers.push(({ path }) =>
          path === "/versions" ? { data: [{ version: "2.1.1", url }] } : undefined,
        ),
      ),
    ).toEqual([200, 3002]);
    rig.partner.handlers.splice(0);
    expect(
      await attempt(() =>
        rig.partner.handlers.push(({ path }) =>
          path === "/2.2.1" ? { data: { version: "2.2.1", endpoints: [] } } : undefined,
        ),
      ),
    ).toEqual([200, 3003]);
    rig.partner.handlers.splice(0);
    expect(rig.upstream.status()).toMatchObject([{ registered: false }]);
    expect(await attempt(() => {})).toEqual([200, 1000]);
  });

  test("sees no module that was not agreed with it, and finds nothing at its address", async () => {
    const rig = await OcpiRig.registered();
    rigs.push(rig);
    await rig.partner.discover(rig.versionsUrl);
    expect(rig.partner.endpoints.map(({ identifier }) => identifier)).not.toContain("smartchargingoptimisation");
    const url = `${rig.partner.endpoint("sessions", "SENDER").replace(/sessions$/, "smartchargingoptimisation")}`;
    expect((await rig.partner.call("GET", url)).http).toBe(404);
    const agreed = await OcpiRig.registered({ configuration: { smac: { moduleId: "nl-smac" } } });
    rigs.push(agreed);
    await agreed.partner.discover(agreed.versionsUrl);
    expect(agreed.partner.endpoints.map(({ identifier }) => identifier)).toContain("nl-smac");
  });

  test("rotates tokens: the old one lives until the new one was used, and ten minutes more", async () => {
    const rig = await registered();
    const old = rig.partner.token;
    const versions = (token: string) => rig.partner.call("GET", rig.versionsUrl, { token }).then(({ http }) => http);
    await rig.partner.rotate();
    expect(rig.partner.token).not.toBe(old);
    // The answer may have got lost: an hour later the old one is still good.
    await rig.site.clock.advance(3_600_000);
    expect(await versions(old)).toBe(200);
    expect(await versions(rig.partner.token)).toBe(200);
    await rig.site.clock.advance(9 * 60_000);
    expect(await versions(old)).toBe(200);
    await rig.site.clock.advance(2 * 60_000);
    expect(await versions(old)).toBe(401);
    expect(await versions(rig.partner.token)).toBe(200);
  });

  test("ends it: nobody comes in any more, on either side", async () => {
    const rig = await registered();
    expect((await rig.partner.call("DELETE", rig.partner.endpoint("credentials"))).body.status_code).toBe(1000);
    expect((await rig.partner.call("GET", rig.versionsUrl)).http).toBe(401);
    expect(rig.site.facts("partner-unregistered")).toMatchObject([{ data: { partnerId: "emsp", by: "partner" } }]);
    expect(await rig.upstream.update("emsp")).toMatchObject({ ok: false });
  });

  test("which sends its token without encoding it, or with a line feed as in the samples of the text", async () => {
    const rig = await start({ partner: { rawToken: true }, configuration: { quirks: ["raw-token"] } });
    const answer = await rig.partner.register(rig.versionsUrl, rig.upstream.issueToken("emsp")!);
    expect(answer.body.status_code).toBe(1000);
    const lineFeed = { authorization: `Token ${Buffer.from(`${rig.partner.token}\n`).toString("base64")}` };
    expect((await rig.partner.call("GET", rig.versionsUrl, { headers: lineFeed })).http).toBe(200);
  });

  test("and chooses 2.3.0 where both know it", async () => {
    const rig = await registered({ partner: { version: "2.3.0" } });
    expect(rig.upstream.status()).toMatchObject([{ version: "2.3.0" }]);
  });
});

describe("the site registers with a partner", () => {
  test("by the partner's token, renews the tokens, and ends it", async () => {
    const rig = await start();
    const tokenA = rig.partner.newInbound();
    const attempt = await rig.upstream.register("emsp", tokenA);
    expect(attempt).toMatchObject({ ok: true });
    expect(attempt.message).not.toContain(tokenA);
    const first = rig.partner.token;
    await rig.partner.discover(rig.partner.sitesVersionsUrl);
    expect((await rig.partner.call("GET", rig.partner.endpoint("credentials"))).body.data.token).toBe(first);
    expect(await rig.upstream.update("emsp")).toMatchObject({ ok: true });
    expect(rig.partner.token).not.toBe(first);
    expect(await rig.upstream.unregister("emsp")).toMatchObject({ ok: true });
    expect(rig.partner.received.at(-1)).toMatchObject({ method: "DELETE", path: "/2.2.1/credentials" });
    expect((await rig.partner.call("GET", rig.versionsUrl)).http).toBe(401);
  });

  test("and says what is wrong when it is refused or not answered", async () => {
    const rig = await start();
    expect(await rig.upstream.register("emsp", "wrong")).toMatchObject({
      ok: false,
      message: expect.stringContaining("401"),
    });
    expect(await rig.upstream.register("nobody", "x")).toMatchObject({
      ok: false,
      message: expect.stringContaining("emsp"),
    });
    const gone = await start({ configuration: { versionsUrl: "http://127.0.0.1:1/versions" } });
    expect(await gone.upstream.register("emsp", "x")).toMatchObject({
      ok: false,
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  test("an update whose answer got lost locks nobody out", async () => {
    const rig = await registered();
    rig.partner.handlers.push(({ method }) => (method === "PUT" ? { http: 503, raw: "" } : undefined));
    const known = rig.partner.token;
    expect(await rig.upstream.update("emsp")).toMatchObject({ ok: false });
    expect((await rig.partner.call("GET", rig.versionsUrl, { token: known })).http).toBe(200);
    rig.partner.handlers.splice(0);
    expect(await rig.upstream.update("emsp")).toMatchObject({ ok: true });
    expect((await rig.partner.call("GET", rig.versionsUrl)).http).toBe(200);
  });

  test("does not go where the partner's hosts are not: other hosts, plain HTTP, private addresses, redirects", async () => {
    const elsewhere = await start({ configuration: { versionsUrl: "https://partner.example/versions" } });
    const answer = await elsewhere.partner.register(elsewhere.versionsUrl, elsewhere.upstream.issueToken("emsp")!);
    expect(answer.body).toMatchObject({
      status_code: 3001,
      status_message: expect.stringContaining("partner.example"),
    });
    expect(elsewhere.partner.received).toEqual([]);
    const hosts = { versionsUrl: undefined, hosts: ["127.0.0.1"] };
    for (const configuration of [{ allowHttp: false }, { allowPrivateAddresses: false }]) {
      const strict = await start({ configuration: { ...hosts, ...configuration } });
      const refused = await strict.partner.register(strict.versionsUrl, strict.upstream.issueToken("emsp")!);
      expect(refused.body.status_code).toBe(3001);
      expect(strict.partner.received).toEqual([]);
    }
    const redirected = await start();
    redirected.partner.handlers.push(({ path }) =>
      path === "/versions" ? { http: 302, headers: { location: "http://127.0.0.1:1/" } } : undefined,
    );
    expect(await redirected.upstream.register("emsp", redirected.partner.newInbound())).toMatchObject({
      ok: false,
      message: expect.stringContaining("302"),
    });
  });
});

describe("whoever comes without a right", () => {
  test("is not let in: no token, a wrong one, no scheme, garbage", async () => {
    const rig = await registered();
    for (const authorization of ["", "Token", "Token !!!", "Basic abc", `Token ${"x".repeat(600)}`, "Token d3Jvbmc="])
      expect(await rig.partner.call("GET", rig.versionsUrl, { headers: { authorization } })).toMatchObject({
        http: 401,
        body: { status_code: 2000 },
      });
  });

  test("gets the codes of the text: no JSON, too much, nothing there, ids that do not fit", async () => {
    const rig = await registered();
    const url = rig.partner.endpoint("credentials");
    expect(await rig.partner.call("PUT", url, { text: "{not json" })).toMatchObject({ http: 400 });
    expect(await rig.partner.call("PUT", url, { text: JSON.stringify("x".repeat(300_000)) })).toMatchObject({
      http: 413,
    });
    expect(await rig.partner.call("PUT", url, { body: { token: "t" } })).toMatchObject({
      http: 200,
      body: { status_code: 2001 },
    });
    expect(await rig.partner.call("PUT", url, { text: `${"[".repeat(100_000)}${"]".repeat(100_000)}` })).toMatchObject({
      http: 200,
      body: { status_code: 2001 },
    });
    expect(await rig.partner.call("GET", `${rig.versionsUrl}/nothing`)).toMatchObject({ http: 404 });
  });

  test("a flood is cut off for that partner, and ends when it ends", async () => {
    const rig = await registered();
    const codes = new Map<number, number>();
    for (let count = 0; count < 450; count++) {
      const { http } = await rig.partner.call("GET", rig.versionsUrl);
      codes.set(http, (codes.get(http) ?? 0) + 1);
    }
    expect(codes.get(429)).toBeGreaterThan(0);
    await rig.site.clock.advance(60_000);
    expect((await rig.partner.call("GET", rig.versionsUrl)).http).toBe(200);
  });

  test("ids of a request come back with its answer, also on a refusal", async () => {
    const rig = await registered();
    const headers = { "x-request-id": "r-1", "x-correlation-id": "c-1", authorization: "Token bad" };
    const answer = await rig.partner.call("GET", rig.versionsUrl, { headers });
    expect([answer.headers["x-request-id"], answer.headers["x-correlation-id"]]).toEqual(["r-1", "c-1"]);
  });

  test("a body that never ends does not hold the server", async () => {
    const rig = await registered();
    const { port } = new URL(rig.versionsUrl);
    const outgoing = httpRequest({
      port,
      method: "POST",
      path: "/ocpi/2.2.1/credentials",
      headers: { "content-length": "1000" },
    });
    outgoing.on("error", () => {});
    outgoing.write("{");
    expect((await rig.partner.call("GET", rig.versionsUrl)).http).toBe(200);
    outgoing.destroy();
  });
});

describe("where nobody can call the site", () => {
  const location = { address: "Kade 1", city: "Utrecht", country: "NLD", latitude: "52.09070", longitude: "5.12140" };
  const nowhere = { upstream: { publicUrl: undefined, location } };

  test("a partner's one token is used for good: no credentials are sent, renewed or ended", async () => {
    const rig = await start({ configuration: { quirks: ["no-credentials-exchange"] }, ...nowhere });
    const token = rig.partner.newInbound();
    const places = () =>
      rig.partner.received.filter(({ method, path }) => method === "PUT" && path.includes("/locations/"));
    expect(await rig.upstream.register("emsp", token)).toMatchObject({ ok: true });
    await rig.settled();
    const told = places().length;
    expect(told).toBeGreaterThan(0);
    await rig.run(1);
    expect(await rig.upstream.update("emsp")).toMatchObject({ ok: true });
    await rig.settled();
    expect(places().length).toBeGreaterThan(told);
    const as = `Token ${Buffer.from(token).toString("base64")}`;
    expect(new Set(places().map(({ headers }) => headers.authorization))).toEqual(new Set([as]));
    expect(await rig.upstream.unregister("emsp")).toMatchObject({ ok: true });
    expect(rig.partner.received.filter(({ path }) => path.endsWith("/credentials"))).toEqual([]);
    expect(rig.upstream.status()).toMatchObject([{ registered: false }]);
  });

  test("a partner that wants credentials is not registered with, and not told an address that is none", async () => {
    const rig = await start(nowhere);
    const cannot = { ok: false, message: expect.stringContaining("set upstream.publicUrl") };
    expect(await rig.upstream.register("emsp", rig.partner.newInbound())).toMatchObject(cannot);
    expect(rig.partner.received).toEqual([]);
  });
});

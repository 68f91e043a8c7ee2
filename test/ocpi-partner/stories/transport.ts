/** What is no OCPI, or not of this endpoint: the codes that the chapters Transport and format and Status codes have. */
import { expect, test } from "vitest";
import { send } from "../exchange.ts";
import { type Market, pushToken, story, tokenOf } from "../market.ts";
import { int, type Json, millis } from "../spec/check.ts";

export function transportStories(market: Market): void {
  story("transport", (version) => {
    const emsp = market.emsp[version];
    const own = `/${emsp.party.countryCode}/${emsp.party.partyId}`;
    const isEnvelope = (envelope: Json) => int(envelope.status_code, "status_code").length === 0;

    const BODIED: readonly (readonly [string, string, string])[] = [
      ["PUT", "tokens", `${own}/GARBAGE`],
      ["PATCH", "tokens", `${own}/GARBAGE`],
      ["POST", "commands", "/START_SESSION"],
      ["POST", "commands", "/STOP_SESSION"],
      ["PUT", "chargingprofiles", "/some-session"],
      ["PUT", "sessions", "/some-session/charging_preferences"],
      ["PUT", "credentials", ""],
      ["PUT", "hubclientinfo", "/DE/XYZ"],
    ];

    test.each(BODIED)("%s %s of what is no JSON is HTTP 400", async (method, module, path) => {
      for (const raw of ["{", '{"uid": ', "uid=1", "\u0000\u0001", "<xml/>", "{'a': 1}", '{"a": NaN}']) {
        const answer = await emsp.ask(method, module, path, { raw });
        expect(answer.status, JSON.stringify(raw)).toBe(400);
        expect(isEnvelope(answer.envelope), answer.text).toBe(true);
        expect(answer.code).not.toBe(1000);
      }
    });

    test.each(BODIED)("%s %s of too much is refused, and the next is answered", async (method, module, path) => {
      const raw = JSON.stringify({ colour: "x".repeat(3_000_000) });
      const answer = await emsp.ask(method, module, path, { raw }).catch((error: Error) => error);
      // The connection may also be cut: who sends so much is not listened to.
      if (!(answer instanceof Error)) expect(answer.status).toBe(413);
      expect((await emsp.ask("GET", "tariffs", "")).code).toBe(1000);
    });

    test("methods that a module does not have do nothing", async () => {
      const wrong: readonly (readonly [string, string, string])[] = [
        ["POST", "locations", ""],
        ["PUT", "locations", "/LOC-1"],
        ["DELETE", "locations", "/LOC-1"],
        ["PATCH", "tariffs", "/standard"],
        ["DELETE", "tariffs", "/standard"],
        ["POST", "sessions", ""],
        ["DELETE", "sessions", "/any"],
        ["POST", "cdrs", ""],
        ["DELETE", "cdrs", "/any"],
        ["POST", "tokens", `${own}/ANY`],
        ["DELETE", "tokens", `${own}/ANY`],
        ["GET", "commands", "/START_SESSION"],
        ["PUT", "commands", "/START_SESSION"],
        ["POST", "chargingprofiles", "/any"],
        ["PATCH", "chargingprofiles", "/any"],
        ["PATCH", "credentials", ""],
      ];
      for (const [method, module, path] of wrong) {
        const answer = await emsp.ask(method, module, path, method === "GET" ? {} : { body: {} });
        expect([404, 405], `${method} ${module}${path}: ${answer.status}`).toContain(answer.status);
        expect(isEnvelope(answer.envelope), `${method} ${module}${path}: ${answer.text}`).toBe(true);
      }
    });

    test("what is not there is HTTP 404", async () => {
      const missing: readonly (readonly [string, string])[] = [
        ["locations", "/LOC-2"],
        ["locations", "/LOC-1/no-evse"],
        ["locations", `/LOC-1/evse-charging-${version}/99`],
        ["tokens", `${own}/no-token`],
        ["hubclientinfo", "/DE/NON"],
      ];
      for (const [module, path] of missing) {
        const answer = await emsp.ask("GET", module, path);
        expect(answer.status, module + path).toBe(404);
        expect(isEnvelope(answer.envelope), answer.text).toBe(true);
      }
      const base = emsp.endpoints.find(({ identifier }) => identifier === "locations")!.url;
      const nowhere = base.replace("locations", "parkings");
      expect((await send("GET", nowhere, { token: emsp.token })).status).toBe(404);
    });

    test("filters that are none get 2001; a page beyond the end is empty", async () => {
      for (const query of ["?date_from=yesterday", "?date_to=soon", "?offset=-1", "?limit=many", "?offset=1.5"]) {
        const answer = await emsp.ask("GET", "cdrs", query);
        expect([answer.status, answer.code], query).toEqual([200, 2001]);
      }
      const beyond = await emsp.ask("GET", "tariffs", "?offset=1000");
      expect(beyond.data).toEqual([]);
      expect(beyond.headers["x-total-count"]).toBe("3");
      expect(beyond.headers.link).toBeUndefined();
    });

    test("the link to the next page keeps the filters", async () => {
      const query = "?date_from=2026-01-01T00:00:00Z&date_to=2100-01-01T00:00:00Z&limit=2";
      const { headers, data } = await emsp.ask("GET", "tariffs", query);
      expect(data).toHaveLength(2);
      expect(Number(headers["x-limit"])).toBeGreaterThanOrEqual(2);
      const next = new URL(/^<([^>]+)>; rel="next"$/.exec(headers.link as string)![1]!);
      expect(Object.fromEntries(next.searchParams)).toMatchObject({ offset: "2", limit: "2" });
      for (const name of ["date_from", "date_to"])
        expect(millis(next.searchParams.get(name))).toBe(millis(new URLSearchParams(query).get(name)));
      const none = await emsp.askAll("tariffs", "?date_from=2100-01-01T00:00:00Z");
      expect(none.objects).toEqual([]);
    });

    test("ids and routing come back in answers; without them a request is answered, too", async () => {
      const { url } = emsp.endpoints.find(({ identifier }) => identifier === "tariffs")!;
      const bare = await send("GET", url, { token: emsp.token, headers: { "X-Request-ID": "only-this" } });
      expect(bare.status).toBe(200);
      expect(bare.headers["x-request-id"]).toBe("only-this");
      const slashed = await emsp.askAt("GET", "tariffs", `${url}/`);
      expect(slashed.code).toBe(1000);
    });

    test("a token that another party wrote is not this one's to read or change", async () => {
      const other = market.emsp[version === "2.2.1" ? "2.3.0" : "2.2.1"];
      const { countryCode, partyId } = other.party;
      await pushToken(other, tokenOf(other, `PRIVATE-${version}`));
      const path = `/${countryCode}/${partyId}/PRIVATE-${version}`;
      expect((await emsp.ask("GET", "tokens", path)).status).toBe(404);
      const body = { valid: false, last_updated: "2026-06-01T00:00:00Z" };
      expect((await emsp.ask("PATCH", "tokens", path, { body })).code).not.toBe(1000);
      expect((await other.ask("GET", "tokens", path)).data).toMatchObject({ valid: true });
    });
  });
}

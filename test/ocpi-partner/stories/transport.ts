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

    test("a body that is missing is no JSON either", async () => {
      for (const [method, module, path] of BODIED)
        for (const raw of [undefined, ""]) {
          const answer = await emsp.ask(method, module, path, raw === undefined ? {} : { raw });
          expect(answer.status, `${method} ${module} ${raw}`).toBe(400);
          expect(isEnvelope(answer.envelope), answer.text).toBe(true);
        }
    });

    test("who has no token gets 401 wherever it asks, before anything that it sends is read", async () => {
      const base = emsp.endpoints.find(({ identifier }) => identifier === "locations")!.url;
      const elsewhere = ["parkings", "locations/LOC-1/a/b/c"].map((path) => base.replace("locations", path));
      const urls = [...emsp.endpoints.map(({ url }) => url), ...elsewhere];
      for (const url of urls)
        for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
          expect((await send(method, url, { authorization: "Token bm9ib2R5" })).status, `${method} ${url}`).toBe(401);
      const { url } = emsp.endpoints.find(({ identifier }) => identifier === "tokens")!;
      for (const raw of ["{", "x".repeat(400_000)]) {
        const answer = await send("PUT", `${url}${own}/ANY`, { raw }).catch((error: Error) => error);
        if (!(answer instanceof Error)) expect(answer.status).toBe(401);
      }
    });

    test.each(BODIED)("%s %s of too much is refused, and the next is answered", async (method, module, path) => {
      const raw = JSON.stringify({ colour: "x".repeat(3_000_000) });
      const answer = await emsp.ask(method, module, path, { raw }).catch((error: Error) => error);
      // The connection may also be cut: who sends so much is not listened to.
      if (!(answer instanceof Error)) expect(answer.status).toBe(413);
      expect((await emsp.ask("GET", "tariffs", "")).code).toBe(1000);
    });

    test("methods that a module does not have do nothing, and are told which there are", async () => {
      const wrong: readonly (readonly [string, string, string, string])[] = [
        ["POST", "locations", "", "GET"],
        ["PUT", "locations", "/LOC-1", "GET"],
        ["DELETE", "locations", "/LOC-1", "GET"],
        ["OPTIONS", "tariffs", "", "GET"],
        ["POST", "sessions", "", "GET"],
        ["GET", "sessions", "/any/charging_preferences", "PUT"],
        ["POST", "cdrs", "", "GET"],
        ["POST", "tokens", `${own}/ANY`, "GET PUT PATCH"],
        ["DELETE", "tokens", `${own}/ANY`, "GET PUT PATCH"],
        ["GET", "commands", "/START_SESSION", "POST"],
        ["PUT", "commands", "/START_SESSION", "POST"],
        ["POST", "chargingprofiles", "/any", "GET PUT DELETE"],
        ["PATCH", "chargingprofiles", "/any", "GET PUT DELETE"],
        ["PATCH", "credentials", "", "GET POST PUT DELETE"],
        ["PATCH", "tariffs", "/", "GET"],
      ];
      for (const [method, module, path, allowed] of wrong) {
        const answer = await emsp.ask(method, module, path, method === "GET" ? {} : { body: {} });
        expect(answer.status, `${method} ${module}${path}`).toBe(405);
        const allow = String(answer.headers.allow).split(", ");
        expect(allow.filter((each) => each !== "HEAD").sort()).toEqual(allowed.split(" ").sort());
        expect(isEnvelope(answer.envelope), `${method} ${module}${path}: ${answer.text}`).toBe(true);
      }
      // The text knows no single tariff and no single record at their owner.
      for (const [method, module] of [
        ["PATCH", "tariffs"],
        ["DELETE", "cdrs"],
      ] as const)
        expect((await emsp.ask(method, module, "/any", { body: {} })).status).toBe(404);
    });

    test("what is not there is HTTP 404", async () => {
      const missing: readonly (readonly [string, string])[] = [
        ["locations", "/LOC-2"],
        ["locations", "/LOC-1/no-evse"],
        ["locations", `/LOC-1/evse-charging-${version}/99`],
        ["tokens", `${own}/no-token`],
        ["tokens", `${own}/${"A".repeat(300)}`],
        ["tokens", `${own}/%zz`],
        ["tokens", `${own}/%ff`],
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
      for (const query of [
        "?date_from=yesterday",
        "?date_to=soon",
        "?date_from=2026-13-01T00:00:00Z",
        "?offset=-1",
        "?limit=many",
        "?offset=1.5",
      ]) {
        const answer = await emsp.ask("GET", "cdrs", query);
        expect([answer.status, answer.code], query).toEqual([200, 2001]);
      }
      const beyond = await emsp.ask("GET", "tariffs", "?offset=1000");
      expect(beyond.data).toEqual([]);
      expect(beyond.headers["x-total-count"]).toBe("3");
      expect(beyond.headers.link).toBeUndefined();
    });

    test("a limit beyond any number of objects is one, and a limit of none asks for the count", async () => {
      for (const limit of ["2000", "2147483647", "9223372036854775807"]) {
        const all = await emsp.ask("GET", "tariffs", `?limit=${limit}`);
        expect([all.code, (all.data as unknown[]).length], limit).toEqual([1000, 3]);
      }
      const none = await emsp.ask("GET", "tariffs", "?limit=0");
      expect([none.code, none.data, none.headers["x-total-count"], none.headers.link]).toEqual([
        1000,
        [],
        "3",
        undefined,
      ]);
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

/** Drivers of partners: who may charge, whether or not the partner can be asked. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { allows, asked, CLOSED, CONFIGURATION, put, shown, site, token, urlOf } from "./drivers-rig.ts";
import type { Handler } from "./partner.ts";
import { OcpiRig } from "./rig.ts";

describe("tokens that a partner tells", () => {
  test("are kept, read back, changed in part, and never overwritten by older ones", async () => {
    const rig = await site();
    expect((await put(rig, "CARD-1")).http).toBe(201);
    expect((await put(rig, "CARD-1", { last_updated: "2026-06-02T00:00:00Z" })).http).toBe(200);
    expect((await put(rig, "CARD-1", { valid: false })).body.status_code).toBe(1000);
    const more = { language: "nl", default_profile_type: "GREEN", energy_contract: { supplier_name: "Sun" } };
    expect((await put(rig, "CARD-9", more)).http).toBe(201);
    expect((await rig.partner.call("GET", urlOf(rig, "CARD-9"))).body.data).toMatchObject(more);
    const read = await rig.partner.call("GET", `${urlOf(rig, "card-1")}?type=RFID`);
    expect(read.body.data).toMatchObject({ uid: "CARD-1", valid: true, last_updated: "2026-06-02T00:00:00Z" });
    const patch = (body: object) => rig.partner.call("PATCH", urlOf(rig, "CARD-1"), { body });
    expect((await patch({ valid: false })).body.status_code).toBe(2001);
    expect((await patch({ valid: false, last_updated: "2026-06-03T00:00:00Z" })).body.status_code).toBe(1000);
    expect(await shown(rig, "CARD-1")).toBe("blocked");
    expect(await rig.partner.call("GET", urlOf(rig, "NOBODY"))).toMatchObject({
      http: 404,
      body: { status_code: 2004 },
    });
  });

  test("must be those of its own parties, and about what the address names", async () => {
    const rig = await site();
    const other = await rig.partner.call("PUT", `${rig.partner.endpoint("tokens")}/DE/XYZ/CARD`, {
      body: token("CARD"),
    });
    expect(other).toMatchObject({ http: 404, body: { status_code: 2001 } });
    const wrong = await rig.partner.call("PUT", urlOf(rig, "CARD-1"), { body: token("CARD-2") });
    expect(wrong).toMatchObject({ http: 200, body: { status_code: 2001 } });
    expect((await rig.partner.call("PUT", urlOf(rig, "CARD-1"), { body: { uid: "CARD-1" } })).body.status_code).toBe(
      2001,
    );
  });

  test("are read from its list page by page, one that is malformed voids no other", async () => {
    const list: Handler = ({ method, path, query }) => {
      if (method !== "GET" || !path.endsWith("/sender/tokens")) return undefined;
      const offset = Number(query.get("offset") ?? 0);
      const link = `<http://127.0.0.1:${port()}${path}?offset=${offset + 2}>; rel="next"`;
      const all = [token("A"), { uid: "broken" }, token("B"), token("C")];
      return { data: all.slice(offset, offset + 2), headers: offset === 0 ? { link } : {} };
    };
    let port = () => 0;
    const rig = await OcpiRig.start({ configuration: CONFIGURATION, ...CLOSED });
    onTestFinished(() => rig.close());
    port = () => Number(new URL(rig.partner.url).port);
    rig.partner.handlers.push(list);
    await rig.partner.register(rig.versionsUrl, rig.upstream.issueToken("emsp")!);
    await rig.settled();
    await rig.site.connectAll();
    for (const uid of ["A", "B", "C"]) expect(await shown(rig, uid)).toBe("accepted");
    expect(asked(rig)).toEqual([]);
    await rig.restart();
    expect(statSync(join(rig.directory, "ocpi-tokens.json")).mode & 0o777).toBe(0o600);
    await rig.settled();
    const reads = rig.partner.received.filter(({ path }) => path.endsWith("/sender/tokens"));
    expect(reads[0]!.query.get("date_from")).toBeNull();
    expect(reads[2]!.query.get("date_from")).toMatch(/Z$/);
  });
});

describe("a card before a charge point", () => {
  test("of a whitelisted driver needs nobody to be asked, and its session bears the contract", async () => {
    const rig = await site();
    await put(rig, "CARD-1");
    expect(await shown(rig, "card-1")).toBe("accepted");
    expect(asked(rig)).toEqual([]);
    await rig.site.plugIn("one", { token: "card-1" });
    await rig.run(600);
    await rig.site.unplug("one");
    await rig.run(30);
    const cdrs = rig.partner.received.filter(({ path }) => path.endsWith("/cdrs")).map(({ body }) => body);
    expect(cdrs).toMatchObject([
      {
        auth_method: "WHITELIST",
        cdr_token: { country_code: "NL", party_id: "EMS", uid: "CARD-1", type: "RFID", contract_id: "NL-EMS-CCARD-1" },
      },
    ]);
  });

  test("that must be asked about each time is, with its reference; refused as the partner says", async () => {
    const rig = await site();
    await put(rig, "CARD-1", { whitelist: "NEVER" });
    rig.partner.handlers.push(
      allows("ALLOWED", { token: token("CARD-1", { whitelist: "NEVER" }), authorization_reference: "REF-7" }),
    );
    expect(await shown(rig, "CARD-1")).toBe("accepted");
    expect(asked(rig)[0]).toMatchObject({ body: { location_id: "rig", evse_uids: ["one"] } });
    await rig.site.plugIn("one", { token: "CARD-1" });
    await rig.run(60);
    const [session] = rig.partner.received.filter(({ path }) => path.includes("/sessions/")).map(({ body }) => body);
    expect(session).toMatchObject({ auth_method: "AUTH_REQUEST", authorization_reference: "REF-7" });
    rig.partner.handlers.splice(0);
    for (const allowed of ["BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED"]) {
      rig.partner.handlers[0] = allows(allowed);
      expect(await shown(rig, "CARD-1")).toBe("blocked");
    }
  });

  test("that must be asked about each time is, also where it is called invalid, or the charge point starts at once", async () => {
    const rig = await site();
    rig.partner.handlers.push(allows("ALLOWED"));
    await put(rig, "CARD-1", { whitelist: "NEVER", valid: false });
    expect(await shown(rig, "CARD-1")).toBe("accepted");
    await put(rig, "CARD-2", { whitelist: "NEVER" });
    await rig.site.plugIn("one", { token: "CARD-2" });
    expect(asked(rig).map(({ path }) => path.split("/").at(-2))).toEqual(["CARD-1", "CARD-2"]);
    await rig.run(60);
    const sessions = rig.partner.received.filter(({ path }) => path.includes("/sessions/"));
    expect(sessions[0]!.body).toMatchObject({ auth_method: "AUTH_REQUEST", cdr_token: { uid: "CARD-2" } });
  });

  test("that nobody told us of is asked about; unknown everywhere, it is unknown here", async () => {
    const rig = await site();
    rig.partner.handlers.push(({ path }) =>
      path.includes("/GUEST/authorize") ? { data: { allowed: "ALLOWED", token: token("GUEST") } } : undefined,
    );
    expect(await shown(rig, "GUEST")).toBe("accepted");
    rig.partner.handlers.push(({ path }) => (path.endsWith("/authorize") ? { http: 404, code: 2004 } : undefined));
    expect(await shown(rig, "STRANGER")).toBe("unknown");
    expect(await shown(rig, "OWNERS-CARD")).toBe("accepted");
    expect(asked(rig)).toHaveLength(2);
  });

  test("while the partner is away: by what its rules allow, within seconds", async () => {
    const rig = await site();
    await put(rig, "OFFLINE-OK", { whitelist: "ALLOWED_OFFLINE" });
    await put(rig, "ASK-ALWAYS", { whitelist: "NEVER" });
    rig.partner.broken = { http: 503, raw: "" };
    expect(await shown(rig, "OFFLINE-OK")).toBe("accepted");
    expect(await shown(rig, "ASK-ALWAYS")).toBe("blocked");
    expect(await shown(rig, "STRANGER")).toBe("unknown");
    expect(rig.site.facts("driver-authorised").map(({ data }) => [data.contract.uid, data.how, data.allowed])).toEqual([
      ["OFFLINE-OK", "offline", true],
      ["ASK-ALWAYS", "offline", false],
    ]);
  });

  test("waits no longer than the site allows for a partner that does not answer", async () => {
    const rig = await site();
    await put(rig, "CARD-1", { whitelist: "ALLOWED_OFFLINE" });
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    rig.partner.handlers.push(({ path }) =>
      path.endsWith("/authorize") ? held.then(() => ({ data: { allowed: "BLOCKED" } })) : undefined,
    );
    const answer = shown(rig, "CARD-1");
    await rig.partner.until(() => asked(rig)[0]);
    await rig.site.clock.advance(4_000);
    expect(await answer).toBe("accepted");
    release();
  });

  test("where anyone may charge, a stranger does and a blocked driver does not", async () => {
    const rig = await site({ charging: { acceptUnknownTokens: true } });
    await put(rig, "CARD-1", { valid: false });
    rig.partner.handlers.push(({ path }) => (path.endsWith("/authorize") ? { http: 404, code: 2004 } : undefined));
    expect(await shown(rig, "STRANGER")).toBe("accepted");
    expect(await shown(rig, "CARD-1")).toBe("blocked");
  });
});

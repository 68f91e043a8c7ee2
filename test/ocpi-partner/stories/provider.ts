/** Another CPO lets the site plan for its sessions: Sessions and SMAC go to it, charging profiles come back. */
import { expect, test } from "vitest";
import { type Market, SMAC, story } from "../market.ts";
import { type Json, millis } from "../spec/check.ts";

const QUARTER_MS = 900_000;

export function providerStories(market: Market): void {
  story("the site as a provider", (version) => {
    const cpo = market.cpo[version];
    const { countryCode, partyId } = cpo.party;
    const own = `/${countryCode}/${partyId}`;
    const id = `THEIR-SESSION-${version.replaceAll(".", "")}`;
    const now = Date.now();
    const stamp = (ms: number) => new Date(ms).toISOString();
    const period = (startMs: number, kwh: number): Json => ({
      start_date_time: stamp(startMs),
      dimensions: [{ type: "ENERGY", volume: kwh }],
    });
    const session: Json = {
      country_code: countryCode,
      party_id: partyId,
      id,
      start_date_time: stamp(now - 600_000),
      kwh: 1,
      cdr_token: { country_code: "DE", party_id: "XYZ", uid: "U-1", type: "RFID", contract_id: "C-1" },
      auth_method: "WHITELIST",
      location_id: "THEIR-LOC",
      evse_uid: "THEIR-EVSE",
      connector_id: "1",
      currency: "EUR",
      charging_periods: [period(now - 600_000, 1)],
      status: "ACTIVE",
      last_updated: stamp(now),
    };
    const context: Json = {
      country_code: countryCode,
      party_id: partyId,
      id: "THEIR-SITE",
      max_power: 11_000,
      evses: [{ location_id: "THEIR-LOC", evse_uid: "THEIR-EVSE", connectors: [{ connector_id: "1", power: 11_000 }] }],
      demand: [0, 1, 2, 3].map((slot) => ({ time_slot: stamp(now + slot * QUARTER_MS), value: 0.5 })),
      price: [0, 1, 2, 3].map((slot) => ({ time_slot: stamp(now + slot * QUARTER_MS), value: 0.3 })),
      last_updated: stamp(now),
    };
    const put = (body: unknown, path = `${own}/${id}`) => cpo.ask("PUT", "sessions", path, { body, role: "RECEIVER" });
    const patch = (body: unknown, path = `${own}/${id}`) =>
      cpo.ask("PATCH", "sessions", path, { body, role: "RECEIVER" });
    const held = async () => (await cpo.ask("GET", "sessions", `${own}/${id}`, { role: "RECEIVER" })).data as Json;

    test("it says so in its roles and endpoints", () => {
      const offered = cpo.endpoints.map(({ identifier, role }) => `${identifier} ${role}`);
      for (const each of ["sessions RECEIVER", "chargingprofiles SENDER", `${SMAC} RECEIVER`])
        expect(offered).toContain(each);
      expect(cpo.others!.roles).toContainEqual(expect.objectContaining({ role: "SCSP" }));
    });

    test("a context of optimisation is kept, changed by what a PATCH names, and read back", async () => {
      const path = `${own}/THEIR-SITE`;
      const ask = (method: string, body?: unknown) => cpo.ask(method, SMAC, path, { body, role: "RECEIVER" });
      const created = await ask("PUT", context);
      expect([created.status, created.code], created.text).toEqual([201, 1000]);
      expect((await ask("PUT", context)).status).toBe(200);
      expect((await ask("PATCH", { max_power: 9_000 })).code).toBe(2001);
      expect((await ask("PATCH", { max_power: 9_000, last_updated: stamp(now + 1_000) })).code).toBe(1000);
      expect((await ask("GET")).data).toMatchObject({ id: "THEIR-SITE", max_power: 9_000, evses: context.evses });
      for (const body of [{}, { ...context, id: "OTHER" }, { ...context, evses: [] }, { ...context, demand: "much" }])
        expect((await ask("PUT", body)).code, JSON.stringify(body)).toBe(2001);
    });

    test("a session gets a charging profile, and its result is taken", async () => {
      cpo.modules.ownSessions.set(id, session);
      const since = cpo.heard.length;
      const created = await put(session);
      expect([created.status, created.code], created.text).toEqual([201, 1000]);
      const set = await cpo.next(
        ({ module, method, path }) => module === "chargingprofiles" && method === "PUT" && path[0] === id,
        since,
        "a charging profile",
      );
      const { charging_profile } = set.body as { charging_profile: Json };
      expect((charging_profile.charging_profile_period as Json[]).length).toBeGreaterThan(0);
    });

    test("it is read back as it was sent; a PATCH adds periods, a PUT replaces them", async () => {
      expect(await held()).toMatchObject(session);
      expect((await put(session)).status).toBe(200);
      const last_updated = stamp(now + 1_000);
      expect((await patch({ kwh: 2, charging_periods: [period(now, 1)], last_updated })).code).toBe(1000);
      const patched = await held();
      expect(patched.kwh).toBe(2);
      expect((patched.charging_periods as Json[]).map(({ start_date_time }) => millis(start_date_time))).toEqual([
        now - 600_000,
        now,
      ]);
      expect((await patch({ kwh: 2.1, charging_periods: [], last_updated: stamp(now + 2_000) })).code).toBe(1000);
      expect((await held()).charging_periods).toHaveLength(2);
      const { charging_periods: _, ...bare } = session;
      expect((await put({ ...bare, last_updated: stamp(now + 3_000) })).code).toBe(1000);
      expect((await held()).charging_periods ?? []).toEqual([]);
    });

    test("a session that lacks what is required, or has a status of its own, gets 2001", async () => {
      const { cdr_token: _, ...lacks } = session;
      for (const body of [lacks, { ...session, status: "FINISHED" }]) expect((await put(body)).code).toBe(2001);
    });

    test("what is not as the tables have it gets 2001", async () => {
      for (const body of [{ ...session, id: "X" }, { ...session, kwh: "1" }, []]) {
        const answer = await put(body);
        expect([answer.status, answer.code], JSON.stringify(body)).toEqual([200, 2001]);
      }
      expect((await patch({ kwh: 3 })).code).toBe(2001);
      const unknown = await patch({ kwh: 3, last_updated: stamp(now) }, `${own}/NO-SUCH`);
      expect(unknown.code).not.toBe(1000);
      expect((await cpo.ask("GET", "sessions", `${own}/NO-SUCH`, { role: "RECEIVER" })).status).toBe(404);
    });

    test("a session of a party that is none of its own is not taken", async () => {
      const foreign = await put({ ...session, party_id: "ZZZ" }, `/${countryCode}/ZZZ/${id}`);
      expect(foreign.status === 404 || foreign.code === 2001, foreign.text).toBe(true);
    });

    test("what holds at the CPO can be told to it", async () => {
      const profile = { charging_rate_unit: "A", charging_profile_period: [{ start_period: 0, limit: 10 }] };
      const body = { start_date_time: stamp(Date.now()), charging_profile: profile };
      const tell = (body: unknown) => cpo.ask("PUT", "chargingprofiles", `/${id}`, { body, role: "SENDER" });
      expect((await tell(body)).code).toBe(1000);
      expect((await tell({ charging_profile: profile })).code).toBe(2001);
    });

    test("a session that is over gets no profile", async () => {
      cpo.modules.ownSessions.delete(id);
      const over = {
        ...session,
        status: "COMPLETED",
        end_date_time: stamp(Date.now()),
        last_updated: stamp(Date.now()),
      };
      expect((await put(over)).code).toBe(1000);
      expect(await held()).toMatchObject({ status: "COMPLETED" });
    });
  });
}

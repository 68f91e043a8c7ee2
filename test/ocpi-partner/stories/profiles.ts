/** A Smart Charging Service Provider steers a session of an eMSP's driver: every answer, result and update it is owed. */
import { expect, test } from "vitest";
import { type Market, pushToken, story, tokenOf } from "../market.ts";
import type { Platform } from "../platform.ts";
import { type Json, millis } from "../spec/check.ts";
import { type Active, askProfile, limitsA, profileOf, resultOf, updateOf } from "./steering.ts";

export function profileStories(market: Market): void {
  story("charging profiles", (version) => {
    const emsp = market.emsp[version];
    const scsp = market.scsp[version];
    const chargePoint = () => market.site.chargePoint(`profiles-${version}`);
    const evseUid = `evse-profiles-${version}`;
    const uid = `STEERED-${version.replaceAll(".", "")}`;
    let id = "";

    const ask = (platform: Platform, method: "PUT" | "GET" | "DELETE", profile?: Json, session = id) =>
      askProfile(platform, version, method, session, profile);

    /** Set, and accepted by the charge point. */
    async function set(platform: Platform, profile: Json): Promise<void> {
      expect(await resultOf(platform, version, id, profile)).toBe("ACCEPTED");
    }

    const updated = (platform: Platform, fits: (limits: number[]) => boolean, since: number, what: string) =>
      updateOf(platform, id, fits, since, what);
    const limited = (fits: (limitA: number) => boolean) =>
      chargePoint().next(({ action }) => action === "SetChargingProfile" && fits(chargePoint().limitA));

    test("the provider is told of the session of a driver that it does not know", async () => {
      await pushToken(emsp, tokenOf(emsp, uid));
      const since = scsp.heard.length;
      expect(await chargePoint().authorize(uid)).toBe("Accepted");
      expect(await chargePoint().start(uid)).toBe("Accepted");
      await market.site.admin("POST", `/scsp-${version}/send`);
      const told = await scsp.next(
        ({ module, body }) => module === "sessions" && (body as Json).evse_uid === evseUid,
        since,
        "the session",
      );
      id = told.path[2]!;
      await chargePoint().meter(1);
    });

    test("before any profile, what holds can be read", async () => {
      const { said, callback } = await ask(scsp, "GET");
      expect(said).toBe("ACCEPTED");
      const { result, profile } = await callback.result();
      expect(result).toBe("ACCEPTED");
      const { start_date_time, charging_profile } = profile as Active;
      expect(Math.abs(millis(start_date_time) - Date.now())).toBeLessThan(60_000);
      // As long as was asked for.
      expect(charging_profile.duration).toBe(900);
    });

    test("the id of a session is case-insensitive; the address for the result may have a query of its own", async () => {
      const callback = scsp.callback("chargingprofiles", version, "active");
      const url = encodeURIComponent(`${callback.url}?request=5678&of=a%20b`);
      const path = `/${id.toUpperCase()}?duration=900&response_url=${url}`;
      const since = scsp.heard.length;
      expect((await scsp.ask("GET", "chargingprofiles", path)).data).toMatchObject({ result: "ACCEPTED" });
      expect(await callback.result()).toMatchObject({ result: "ACCEPTED" });
      const called = scsp.heard.slice(since).find(({ query }) => query.get("request") === "5678")!;
      expect(called.query.get("of")).toBe("a b");
    });

    test("a profile in A is accepted, obeyed by the charge point, and shown as what holds", async () => {
      await set(scsp, profileOf(9));
      await limited((limitA) => limitA <= 9 && limitA >= 6);
      const { callback } = await ask(scsp, "GET");
      const { profile } = await callback.result();
      expect(limitsA(profile)[0]).toBeGreaterThanOrEqual(6);
      expect(limitsA(profile)[0]).toBeLessThanOrEqual(9);
    });

    test("one in W replaces it", async () => {
      const start_date_time = new Date().toISOString();
      const charging_profile_period = [
        { start_period: 0, limit: 4_830 },
        { start_period: 600, limit: 11_040 },
      ];
      await set(scsp, { start_date_time, duration: 1_800, charging_rate_unit: "W", charging_profile_period });
      await limited((limitA) => limitA <= 7 && limitA >= 6);
      const { callback } = await ask(scsp, "GET");
      const { profile } = await callback.result();
      expect(limitsA(profile)[0]).toBeLessThanOrEqual(7);
    });

    test("the eMSP sets one below it: the provider is told what holds now, the eMSP has it from its own", async () => {
      const since = scsp.heard.length;
      await set(emsp, profileOf(6));
      const told = await updated(scsp, (limits) => limits.every((limitA) => limitA <= 6.05), since, "what holds now");
      expect(Math.abs(millis((told.body as Json).start_date_time) - Date.now())).toBeLessThan(60_000);
      const { duration } = (told.body as unknown as Active).charging_profile;
      expect(duration).toBeGreaterThanOrEqual(300);
      expect(duration).toBeLessThanOrEqual(3_600);
    });

    test("it takes its own back: the other's holds again, and both are told", async () => {
      const [sinceScsp, sinceEmsp] = [scsp.heard.length, emsp.heard.length];
      const { said, callback } = await ask(emsp, "DELETE");
      expect(said).toBe("ACCEPTED");
      expect(await callback.result()).toEqual({ result: "ACCEPTED" });
      // What is free again may be given in steps, so not all of it need hold at once.
      const holdsAgain = (limits: number[]) => limits.some((limitA) => limitA > 6.5);
      await updated(scsp, holdsAgain, sinceScsp, "that its own holds");
      await updated(emsp, holdsAgain, sinceEmsp, "that the provider's holds");
      const again = await ask(emsp, "DELETE");
      expect(again.said).toBe("ACCEPTED");
      expect(await again.callback.result()).toEqual({ result: "UNKNOWN" });
    });

    test("who never set a profile is not told what holds", () => {
      const other = market.scsp[version === "2.2.1" ? "2.3.0" : "2.2.1"];
      expect([...other.modules.sessions.keys()]).toContain(id);
      expect(other.modules.activeProfiles.has(id)).toBe(false);
      expect(scsp.modules.activeProfiles.has(id)).toBe(true);
    });

    test("too many are refused as TOO_OFTEN, without a result", async () => {
      let last = await ask(scsp, "PUT", profileOf(10));
      for (let tries = 0; last.said === "ACCEPTED" && tries < 30; tries++) {
        await last.callback.result();
        last = await ask(scsp, "PUT", profileOf(10 + (tries % 3)));
      }
      expect(last.said).toBe("TOO_OFTEN");
      expect(last.callback.calls()).toBe(0);
    });

    test("the driver wants it fast: the eMSP's preference ends the profile, and the provider is told of the maximum", async () => {
      const since = scsp.heard.length;
      const body = { profile_type: "FAST" };
      const preferences = await emsp.ask("PUT", "sessions", `/${id}/charging_preferences`, { body });
      expect(preferences.data).toBe("ACCEPTED");
      await updated(
        scsp,
        (limits) => limits.at(-1)! > 13 && limits.slice(1).every((limitA) => limitA > 13),
        since,
        "the maximum",
      );
      expect(["REJECTED", "TOO_OFTEN"]).toContain((await ask(scsp, "PUT", profileOf(8))).said);
    });

    test("what the tables do not have gets 2001", async () => {
      const url = scsp.callback("chargingprofiles", version, "set").url;
      const good = { charging_profile: profileOf(8), response_url: url };
      const { charging_rate_unit: _, ...noUnit } = profileOf(8);
      const bodies: readonly unknown[] = [
        {},
        { charging_profile: profileOf(8) },
        { response_url: url },
        { ...good, response_url: "nowhere" },
        { ...good, response_url: "http://10.1.2.3/x" },
        { ...good, charging_profile: noUnit },
        { ...good, charging_profile: profileOf(8, "kW") },
        { ...good, charging_profile: { ...profileOf(8), charging_profile_period: [{ start_period: 0 }] } },
        { ...good, charging_profile: { ...profileOf(8), charging_profile_period: [{ start_period: 1.5, limit: 8 }] } },
        { ...good, charging_profile: { ...profileOf(8), start_date_time: "now" } },
        { ...good, charging_profile: { ...profileOf(8), duration: "900" } },
        [],
        "soon",
      ];
      for (const body of bodies) {
        const answer = await scsp.ask("PUT", "chargingprofiles", `/${id}`, { body });
        expect([answer.status, answer.code], JSON.stringify(body)).toEqual([200, 2001]);
      }
      const query = `response_url=${encodeURIComponent(url)}`;
      for (const [method, parameters] of [
        ["GET", query],
        ["GET", "duration=900"],
        ["GET", `duration=soon&${query}`],
        ["DELETE", ""],
      ] as const) {
        const answer = await scsp.ask(method, "chargingprofiles", `/${id}?${parameters}`);
        expect([answer.status, answer.code], `${method} ${parameters}`).toEqual([200, 2001]);
      }
    });

    test("who has no contract for a session is rejected, and hears nothing of it", async () => {
      const other = market.emsp[version === "2.2.1" ? "2.3.0" : "2.2.1"];
      const theirs = version === "2.2.1" ? "2.3.0" : "2.2.1";
      const callback = other.callback("chargingprofiles", theirs, "set");
      const body = { charging_profile: profileOf(8), response_url: callback.url };
      const answer = await other.ask("PUT", "chargingprofiles", `/${id}`, { body });
      expect(["REJECTED", "UNKNOWN_SESSION"]).toContain((answer.data as Json).result);
      expect(callback.calls()).toBe(0);
      expect([...other.modules.activeProfiles.keys()]).not.toContain(id);
    });

    test("a profile of nothing pauses a car", async () => {
      const pausing = market.site.chargePoint(`pausing-${version}`);
      const token = tokenOf(emsp, `${uid}-P`, { type: "RFID" });
      await pushToken(emsp, token);
      const since = emsp.heard.length;
      expect(await pausing.authorize(`${uid}-P`)).toBe("Accepted");
      expect(await pausing.start(`${uid}-P`)).toBe("Accepted");
      const told = await emsp.next(
        ({ module, body }) => module === "sessions" && (body as Json).evse_uid === `evse-pausing-${version}`,
        since,
        "the session",
      );
      const session = told.path[2]!;
      const start_date_time = new Date().toISOString();
      const none = { start_date_time, duration: 900, ...profileOf(0) };
      const { said, callback } = await ask(emsp, "PUT", none, session);
      expect(said).toBe("ACCEPTED");
      expect(await callback.result()).toEqual({ result: "ACCEPTED" });
      await pausing.next(({ action }) => action === "SetChargingProfile" && pausing.limitA < 6);
      const active = await ask(emsp, "GET", undefined, session);
      const { profile } = await active.callback.result();
      expect(limitsA(profile)[0]).toBe(0);
      await pausing.stop();
    });

    test("of a session that is over, or was never there, nothing is known", async () => {
      await chargePoint().stop();
      for (const session of [id, "no-such-session"])
        for (const method of ["PUT", "GET", "DELETE"] as const) {
          const { said, callback } = await ask(scsp, method, profileOf(8), session);
          expect(said, `${method} ${session}`).toBe("UNKNOWN_SESSION");
          expect(callback.calls()).toBe(0);
        }
    });
  });
}

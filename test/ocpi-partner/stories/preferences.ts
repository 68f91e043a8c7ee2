/** A driver says by the eMSP's app what is wanted: charging preferences with each answer that there is. */
import { expect, test } from "vitest";
import { type Market, pushToken, story, tokenOf } from "../market.ts";
import type { Json } from "../spec/check.ts";
import { preferencesResponse } from "../spec/control.ts";
import type { Period } from "../spec/sessions.ts";

const HOUR_MS = 3_600_000;
const inHours = (hours: number) => new Date(Date.now() + hours * HOUR_MS).toISOString();

export function preferenceStories(market: Market): void {
  story("charging preferences", (version) => {
    const emsp = market.emsp[version];
    const chargePoint = () => market.site.chargePoint(`preferences-${version}`);
    const evseUid = `evse-preferences-${version}`;
    const uid = `CHOOSY-${version.replaceAll(".", "")}`;
    let id = "";

    const prefer = (body: unknown, session = id) =>
      emsp.ask("PUT", "sessions", `/${session}/charging_preferences`, { body });

    test("the EVSE says that it takes them, and each kind has its tariff", async () => {
      const { data } = await emsp.ask("GET", "locations", `/LOC-1/${evseUid}`);
      const { capabilities, connectors } = data as { capabilities: string[]; connectors: { tariff_ids: string[] }[] };
      expect(capabilities).toContain("CHARGING_PREFERENCES_CAPABLE");
      expect(capabilities).toContain("CHARGING_PROFILE_CAPABLE");
      expect([...connectors[0]!.tariff_ids].sort()).toEqual(["cheap", "fast", "standard"]);
    });

    test("CHEAP needs to know when, then how much, and is then accepted", async () => {
      await pushToken(emsp, tokenOf(emsp, uid));
      const since = emsp.heard.length;
      expect(await chargePoint().authorize(uid)).toBe("Accepted");
      expect(await chargePoint().start(uid)).toBe("Accepted");
      const told = await emsp.next(
        ({ module, body }) => module === "sessions" && (body as Json).evse_uid === evseUid,
        since,
        "the session",
      );
      id = told.path[2]!;
      expect((await prefer({ profile_type: "CHEAP" })).data).toBe("DEPARTURE_REQUIRED");
      const departure_time = inHours(3);
      expect((await prefer({ profile_type: "CHEAP", departure_time })).data).toBe("ENERGY_NEED_REQUIRED");
      const answer = await prefer({ profile_type: "CHEAP", departure_time, energy_need: 12.5 });
      expect([answer.status, answer.code, answer.data]).toEqual([200, 1000, "ACCEPTED"]);
      emsp.faults.push(...preferencesResponse(answer.data, "preferences"));
    });

    test("what cannot be done is said to be impossible", async () => {
      for (const wish of [
        { departure_time: inHours(1), energy_need: 900 },
        { departure_time: inHours(-1), energy_need: 5 },
      ]) {
        const answer = await prefer({ profile_type: "CHEAP", ...wish });
        expect([answer.code, answer.data], JSON.stringify(wish)).toEqual([1000, "NOT_POSSIBLE"]);
      }
    });

    test("a kind without a tariff is not supported; that of everybody is", async () => {
      expect((await prefer({ profile_type: "GREEN", departure_time: inHours(3), energy_need: 5 })).data).toBe(
        "PROFILE_TYPE_NOT_SUPPORTED",
      );
      expect((await prefer({ profile_type: "REGULAR" })).data).toBe("ACCEPTED");
    });

    test("what the tables do not have gets 2001", async () => {
      const bodies: readonly unknown[] = [
        {},
        { profile_type: "SLOW" },
        { profile_type: "cheap" },
        { profile_type: "CHEAP", departure_time: "tonight" },
        { profile_type: "CHEAP", energy_need: "much" },
        { profile_type: "CHEAP", discharge_allowed: "no" },
        "CHEAP",
        [],
      ];
      for (const body of bodies) {
        const answer = await prefer(body);
        expect([answer.status, answer.code], JSON.stringify(body)).toEqual([200, 2001]);
      }
    });

    test("a session that is not there takes none", async () => {
      const unknown = await prefer({ profile_type: "REGULAR" }, "no-such-session");
      expect(unknown.code).not.toBe(1000);
    });

    test("another's session is as if it were not there", async () => {
      const unknown = await prefer({ profile_type: "REGULAR" }, "no-such-session");
      const other = market.emsp[version === "2.2.1" ? "2.3.0" : "2.2.1"];
      const body = { profile_type: "FAST" };
      const theirs = await other.ask("PUT", "sessions", `/${id}/charging_preferences`, { body });
      expect([theirs.status, theirs.code]).toEqual([unknown.status, unknown.code]);
    });

    test("the tariff of the kind holds from then on", async () => {
      await prefer({ profile_type: "CHEAP", departure_time: inHours(3), energy_need: 12.5 });
      await chargePoint().meter(4);
      const since = emsp.heard.length;
      await chargePoint().stop();
      const { body } = await emsp.next(
        ({ module, body }) => module === "cdrs" && (body as Json).session_id === id,
        since,
        "the CDR",
      );
      const { tariffs, charging_periods } = body as unknown as { tariffs: Json[]; charging_periods: Period[] };
      expect(charging_periods.at(-1)!.tariff_id).toBe("cheap");
      expect(tariffs.map(({ id }) => id)).toContain("cheap");
      expect((await prefer({ profile_type: "REGULAR" })).code).not.toBe(1000);
    });
  });
}

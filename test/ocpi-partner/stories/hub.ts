/** eMSPs behind a hub: routed by the headers of each message, announced as their version of OCPI has it. */
import { expect, test } from "vitest";
import type { Party } from "../exchange.ts";
import { type Market, story, tokenOf } from "../market.ts";
import type { Heard } from "../platform.ts";
import { CPO } from "../site.ts";
import type { Json } from "../spec/check.ts";
import { clientInfo } from "../spec/control.ts";

const to = ({ headers }: Heard) => `${headers["ocpi-to-country-code"]}${headers["ocpi-to-party-id"]}`;
const nameOf = ({ countryCode, partyId }: Party) => countryCode + partyId;

export function hubStories(market: Market): void {
  story("a hub", (version) => {
    const hub = market.hub[version];
    const [near, far] = hub.options.behind as readonly [Party, Party];
    const chargePoint = () => market.site.chargePoint(`hub-${version}`);
    const evseUid = `evse-hub-${version}`;
    const uid = `ROAMER-${version.replaceAll(".", "")}`;
    const tokenPath = ({ countryCode, partyId }: Party) => `/${countryCode}/${partyId}/${uid}`;
    const infoOf = ({ countryCode, partyId }: Party, status: string): Json => ({
      country_code: countryCode,
      party_id: partyId,
      role: "EMSP",
      status,
      last_updated: "2026-06-01T00:00:00Z",
    });
    const inform = (party: Party, status: string) =>
      hub.ask("PUT", "hubclientinfo", `/${party.countryCode}/${party.partyId}`, { body: infoOf(party, status) });

    test("it says who is connected, and reads it back", async () => {
      for (const party of [near, far]) expect((await inform(party, "CONNECTED")).code).toBe(1000);
      const { data } = await hub.ask("GET", "hubclientinfo", `/${near.countryCode}/${near.partyId}`);
      expect(clientInfo(version)(data, "info")).toEqual([]);
      expect(data).toEqual(infoOf(near, "CONNECTED"));
    });

    test("of states there are four", async () => {
      const wrong = { ...infoOf(near, "CONNECTED"), status: "ASLEEP" };
      const path = `/${near.countryCode}/${near.partyId}`;
      expect((await hub.ask("PUT", "hubclientinfo", path, { body: wrong })).code).toBe(2001);
    });

    test("locations come to the hub once, for all", async () => {
      const told = await hub.next(
        ({ module, method }) => module === "locations" && method === "PUT",
        0,
        "the location",
      );
      expect([nameOf(hub.party), nameOf(near), nameOf(far)]).toContain(to(told));
    });

    test("a party behind it pushes a token; the session goes to that party and no other", async () => {
      const token = { ...tokenOf(hub, uid), country_code: near.countryCode, party_id: near.partyId };
      const put = await hub.ask("PUT", "tokens", tokenPath(near), { body: token, from: near });
      expect(put.code).toBe(1000);
      expect((await hub.ask("GET", "tokens", tokenPath(near), { from: near })).data).toEqual(token);
      const since = hub.heard.length;
      expect(await chargePoint().authorize(uid)).toBe("Accepted");
      expect(await chargePoint().start(uid)).toBe("Accepted");
      const told = await hub.next(
        ({ module, body }) => module === "sessions" && (body as Json).evse_uid === evseUid,
        since,
        "the session",
      );
      expect(to(told)).toBe(nameOf(near));
      expect(told.path.slice(0, 2)).toEqual([CPO.countryCode, CPO.partyId]);
      expect(told.body).toMatchObject({ cdr_token: { country_code: near.countryCode, party_id: near.partyId } });
    });

    test("the other party behind it does not see that session; the one that owns it does", async () => {
      const query = "?date_from=2026-01-01T00:00:00Z";
      const theirs = await hub.ask("GET", "sessions", query, { from: far });
      expect((theirs.data as Json[]).map(({ evse_uid }) => evse_uid)).not.toContain(evseUid);
      const own = await hub.ask("GET", "sessions", query, { from: near });
      expect((own.data as Json[]).map(({ evse_uid }) => evse_uid)).toContain(evseUid);
    });

    const stop = async (from: Party) => {
      const session = [...hub.modules.sessions.values()].find(({ evse_uid }) => evse_uid === evseUid);
      const callback = hub.callback("commands", version, "STOP_SESSION");
      const body = { response_url: callback.url, session_id: session!.id };
      const answer = await hub.ask("POST", "commands", "/STOP_SESSION", { body, from });
      return { said: (answer.data as Json | undefined)?.result, callback };
    };

    test("the other party behind it may not stop that session", async () => {
      expect(["UNKNOWN_SESSION", "REJECTED"]).toContain((await stop(far)).said);
    });

    let since = 0;
    test("the one that owns it may", async () => {
      since = hub.heard.length;
      const { said, callback } = await stop(near);
      expect(said).toBe("ACCEPTED");
      expect(await callback.result()).toMatchObject({ result: "ACCEPTED" });
      await chargePoint().stop("Remote");
    });

    test("and it gets the record", async () => {
      const record = await hub.next(({ module }) => module === "cdrs", since, "the record");
      expect(to(record)).toBe(nameOf(near));
    });

    test("a message for a party that is not here is not carried out", async () => {
      const token = { ...tokenOf(hub, `${uid}-X`), country_code: near.countryCode, party_id: near.partyId };
      const headers = {
        "OCPI-from-country-code": near.countryCode,
        "OCPI-from-party-id": near.partyId,
        "OCPI-to-country-code": "FR",
        "OCPI-to-party-id": "ZZZ",
      };
      const path = `${tokenPath(near)}-X`;
      const answer = await hub.ask("PUT", "tokens", path, { body: token, headers });
      expect(answer.code).not.toBe(1000);
      expect((await hub.ask("GET", "tokens", path, { from: near })).status).toBe(404);
    });
  });
}

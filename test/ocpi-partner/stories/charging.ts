/** A driver charges: what is pushed to the eMSP on the way, and that the lists say the same. */
import { expect, test } from "vitest";
import { type Market, pushToken, story, tokenOf } from "../market.ts";
import { CPO } from "../site.ts";
import { type Json, millis } from "../spec/check.ts";
import { location } from "../spec/locations.ts";
import { cdr, session, volume } from "../spec/sessions.ts";
import { tariff } from "../spec/tariffs.ts";
import { beforeTax } from "../spec/types.ts";

const OWN = `/${CPO.countryCode}/${CPO.partyId}`;

export function chargingStories(market: Market): void {
  story("charging", (version) => {
    const emsp = market.emsp[version];
    const { modules } = emsp;
    const chargePoint = () => market.site.chargePoint(`charging-${version}`);
    const evseUid = `evse-charging-${version}`;
    const uid = `CARD-${version.replaceAll(".", "")}`;
    let sessionId = "";

    test("the location and the tariffs of the site come right after the registration", async () => {
      await emsp.next(({ module, method }) => module === "locations" && method === "PUT");
      await emsp.next(({ module, path }) => module === "tariffs" && path[2] === "fast");
      const held = modules.locations.get("LOC-1")!;
      expect(held).toMatchObject({
        address: "Kade 1",
        city: "Utrecht",
        country: "NLD",
        publish: true,
        time_zone: "UTC",
      });
      expect((held.evses as Json[]).map((evse) => evse.uid)).toContain(evseUid);
      expect(held.help_phone).toBe(version === "2.3.0" ? "+31301234567" : undefined);
      expect([...modules.tariffs.keys()].sort()).toEqual(["cheap", "fast", "standard"]);
      const connector = ((held.evses as Json[])[0]!.connectors as Json[])[0]!;
      expect(connector).toMatchObject({ power_type: "AC_3_PHASE", max_voltage: 230, max_amperage: 16 });
      // Every tariff that a connector names exists, one for each kind.
      expect([...(connector.tariff_ids as string[])].sort()).toEqual(["cheap", "fast", "standard"]);
    });

    test("the lists have the same location and tariffs; one EVSE and one connector can be read", async () => {
      const { objects, pages } = await emsp.askAll("locations", "");
      expect(objects.flatMap((each) => location(version)(each, "location"))).toEqual([]);
      expect(objects.map(({ id }) => id)).toEqual(["LOC-1"]);
      expect(pages[0]!.headers).toMatchObject({ "x-total-count": "1" });
      expect(Number(pages[0]!.headers["x-limit"])).toBeGreaterThan(0);
      expect(pages[0]!.headers.link).toBeUndefined();
      const one = await emsp.ask("GET", "locations", "/LOC-1");
      expect(one.data).toEqual(objects[0]);
      const evse = await emsp.ask("GET", "locations", `/LOC-1/${evseUid}`);
      expect((objects[0]!.evses as Json[]).find((each) => each.uid === evseUid)).toEqual(evse.data);
      const [connector] = (evse.data as { connectors: Json[] }).connectors;
      expect((await emsp.ask("GET", "locations", `/loc-1/${evseUid}/${connector!.id}`)).data).toEqual(connector);

      const tariffs = await emsp.askAll("tariffs", "?limit=1");
      expect(tariffs.objects.flatMap((each) => tariff(version)(each, "tariff"))).toEqual([]);
      expect(tariffs.pages).toHaveLength(3);
      expect(tariffs.pages.map(({ headers }) => headers["x-total-count"])).toEqual(["3", "3", "3"]);
      const pushed = tariffs.objects.map(({ id }) => modules.tariffs.get(String(id)));
      expect(tariffs.objects).toEqual(pushed);
    });

    test("a card that the eMSP pushed charges; status and session are told as it begins", async () => {
      await pushToken(emsp, tokenOf(emsp, uid, { visual_number: "4711", language: "nl" }));
      const since = emsp.heard.length;
      expect(await chargePoint().authorize(uid)).toBe("Accepted");
      expect(await chargePoint().start(uid)).toBe("Accepted");
      const put = await emsp.next(
        ({ module, body }) => module === "sessions" && (body as Json).evse_uid === evseUid,
        since,
        "the session",
      );
      sessionId = put.path[2]!;
      expect(put.path.slice(0, 2)).toEqual([CPO.countryCode, CPO.partyId]);
      expect(put.body).toMatchObject({
        id: sessionId,
        auth_method: "WHITELIST",
        location_id: "LOC-1",
        evse_uid: evseUid,
        connector_id: "1",
        currency: "EUR",
        cdr_token: {
          country_code: "DE",
          party_id: emsp.party.partyId,
          uid,
          type: "RFID",
          contract_id: tokenOf(emsp, uid).contract_id,
        },
      });
      expect(["PENDING", "ACTIVE"]).toContain((put.body as Json).status);
      const charging = ({ module, path, body }: { module: string; path: readonly string[]; body: unknown }) =>
        module === "locations" && path[3] === evseUid && (body as Json).status === "CHARGING";
      const status = await emsp.next(charging, since, "CHARGING");
      expect(status.path).toEqual([CPO.countryCode, CPO.partyId, "LOC-1", evseUid]);
    });

    test("what is charged is in the list; others do not see it", async () => {
      await chargePoint().meter(3);
      const { objects } = await emsp.askAll("sessions", "?date_from=2026-01-01T00:00:00Z");
      const own = objects.find(({ id }) => id === sessionId)!;
      expect(objects.flatMap((each) => session(version)(each, "session"))).toEqual([]);
      expect(own).toMatchObject({ evse_uid: evseUid, cdr_token: { uid } });
      const other = market.emsp[version === "2.2.1" ? "2.3.0" : "2.2.1"];
      const theirs = await other.askAll("sessions", "?date_from=2026-01-01T00:00:00Z");
      expect(theirs.objects.map(({ id }) => id)).not.toContain(sessionId);
      const seen = await market.scsp[version].askAll("sessions", "?date_from=2026-01-01T00:00:00Z");
      expect(seen.objects.map(({ id }) => id)).toContain(sessionId);
    });

    test("it is active as soon as the car may charge", () => {
      expect(modules.sessions.get(sessionId)!.status).toBe("ACTIVE");
    });

    test("a list of sessions without date_from is not answered", async () => {
      const answer = await emsp.ask("GET", "sessions", "");
      expect(answer.status).toBe(200);
      expect(answer.code).toBe(2001);
    });

    test("at the end come the completed session, the record of the meter's energy and its cost, and the free EVSE", async () => {
      const since = emsp.heard.length;
      await chargePoint().meter(4);
      await chargePoint().stop();
      await emsp.next(
        ({ module, body }) => module === "cdrs" && (body as Json).session_id === sessionId,
        since,
        "the CDR",
      );
      await emsp.next(
        ({ module, path, body }) =>
          module === "locations" && path[3] === evseUid && (body as Json).status === "AVAILABLE",
        since,
        "AVAILABLE",
      );
      await emsp.next(
        ({ module, path, body }) =>
          module === "sessions" && path[2] === sessionId && (body as Json).status === "COMPLETED",
        since,
        "the end",
      );
      const whole = modules.sessions.get(sessionId)!;
      expect(whole).toMatchObject({ status: "COMPLETED", kwh: 0.007 });
      expect(volume(whole.charging_periods, "ENERGY")).toBeCloseTo(0.007, 4);
      const record = [...modules.cdrs.values()].find(({ session_id }) => session_id === sessionId)!;
      expect(record).toMatchObject({ total_energy: 0.007, currency: "EUR", auth_method: "WHITELIST" });
      expect(beforeTax(record.total_cost)).toBeCloseTo(0.5 + 0.4 * 0.007, 4);
      expect(beforeTax(record.total_fixed_cost)).toBeCloseTo(0.5, 4);
      expect(beforeTax(record.total_energy_cost)).toBeCloseTo(0.0028, 4);
      const withTax = (0.5028 * 1.21).toFixed(4);
      const total = record.total_cost as { incl_vat?: number; taxes?: { amount: number }[] };
      const told = total.incl_vat ?? 0.5028 + (total.taxes ?? []).reduce((sum, { amount }) => sum + amount, 0);
      expect(told.toFixed(4)).toBe(withTax);
      expect((record.tariffs as Json[]).map(({ id }) => id)).toEqual(["standard"]);
      expect(beforeTax(whole.total_cost)).toBeCloseTo(beforeTax(record.total_cost)!, 2);
      expect(record.start_date_time).toBe(whole.start_date_time);
      expect(record.end_date_time).toBe(whole.end_date_time);
    });

    test("the lists say what was pushed, from date_from on and before date_to", async () => {
      const { objects, pages } = await emsp.askAll("cdrs", "");
      expect(objects.flatMap((each) => cdr(version)(each, "cdr"))).toEqual([]);
      for (const [id, pushed] of modules.cdrs) expect(objects.find((each) => each.id === id)).toEqual(pushed);
      expect(pages[0]!.headers["x-total-count"]).toBe(String(objects.length));
      const stamp = String(objects.at(-1)!.last_updated);
      const later = new Date(millis(stamp) + 1_000).toISOString().slice(0, 19);
      const ids = async (query: string) => (await emsp.askAll("cdrs", query)).objects.map(({ id }) => id);
      expect(await ids(`?date_from=${stamp}`)).toContain(objects.at(-1)!.id);
      expect(await ids(`?date_to=${stamp}`)).not.toContain(objects.at(-1)!.id);
      expect(await ids(`?date_from=${later}`)).toEqual([]);
      expect(await ids(`?date_to=${later}Z&limit=1`)).toContain(objects.at(-1)!.id);

      const sessions = await emsp.askAll("sessions", "?date_from=2026-01-01T00:00:00&limit=1");
      expect(sessions.objects.find(({ id }) => id === sessionId)).toEqual(modules.sessions.get(sessionId));
    });

    test("nothing of this went to the other eMSP", () => {
      const other = market.emsp[version === "2.2.1" ? "2.3.0" : "2.2.1"];
      expect([...other.modules.sessions.keys()]).not.toContain(sessionId);
      const foreign = [...other.modules.cdrs.values()].filter(({ session_id }) => session_id === sessionId);
      expect(foreign).toEqual([]);
      expect(
        emsp.heard.every(
          ({ module, path }) => !["sessions", "tariffs"].includes(module) || `/${path[0]}/${path[1]}` === OWN,
        ),
      ).toBe(true);
    });
  });
}

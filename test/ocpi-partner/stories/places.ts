/** What becomes of an EVSE is told at once, and the list says when it was changed. */
import { expect, test } from "vitest";
import { type Market, pushToken, story, tokenOf } from "../market.ts";
import { until } from "../site.ts";
import { type Json, millis } from "../spec/check.ts";

/** As a meter of a charge point signs: the text is not to be touched. */
const signed = (wh: number) =>
  `OCMF|{"FV":"1.0","GI":"PARTNER","PG":"T1","MV":"Meters","RD":[{"TM":"2026-11-21T12:00:00,000+0000 S","RV":${wh},` +
  '"RU":"Wh","ST":"G"}]}|{"SD":"304402201"}';

export function placeStories(market: Market): void {
  story("an EVSE", (version) => {
    const emsp = market.emsp[version];
    const chargePoint = () => market.site.chargePoint(`places-${version}`);
    const evseUid = `evse-places-${version}`;
    const evse = () =>
      ((emsp.modules.locations.get("LOC-1")?.evses ?? []) as Json[]).find(({ uid }) => uid === evseUid)!;

    test.each([
      ["Faulted", "OUTOFORDER"],
      ["Unavailable", "INOPERATIVE"],
      ["Reserved", "RESERVED"],
      ["Available", "AVAILABLE"],
    ])("that is %s at its charge point is told as %s", async (status, told) => {
      const since = emsp.heard.length;
      await chargePoint().tellStatus(status);
      const patch = await emsp.next(({ module, path }) => module === "locations" && path[3] === evseUid, since, told);
      expect(patch.method).toBe("PATCH");
      expect(patch.body).toEqual({ status: told, last_updated: (patch.body as Json).last_updated });
    });

    test("that cannot be reached is told as unknown, and as it is when it is back", async () => {
      await chargePoint().close();
      await until(() => evse().status === "UNKNOWN");
      await chargePoint().connect();
      await until(() => evse().status === "AVAILABLE");
    });

    test("lifts the time of its location: the list from then on has it, the list from later has not", async () => {
      const { last_updated } = evse();
      const at = async (query: string) => (await emsp.askAll("locations", query)).objects;
      const [location] = await at(`?date_from=${last_updated}`);
      expect(millis(location!.last_updated)).toBeGreaterThanOrEqual(millis(last_updated));
      const listed = (location!.evses as Json[]).find(({ uid }) => uid === evseUid)!;
      expect(listed.last_updated).toBe(last_updated);
      expect(await at("?date_from=2100-01-01T00:00:00Z")).toEqual([]);
      expect(await at("?date_to=2026-01-01T00:00:00Z")).toEqual([]);
    });

    test("whose meter signs has its values untouched in the record", async () => {
      const uid = `SIGNED-${version.replaceAll(".", "")}`;
      await pushToken(emsp, tokenOf(emsp, uid));
      const since = emsp.heard.length;
      expect(await chargePoint().authorize(uid)).toBe("Accepted");
      expect(await chargePoint().start(uid)).toBe("Accepted");
      const { registerWh } = chargePoint();
      await chargePoint().meter(3);
      const value = (context: string, wh: number) => ({
        timestamp: new Date().toISOString(),
        sampledValue: [
          { value: signed(wh), context, format: "SignedData", measurand: "Energy.Active.Import.Register", unit: "Wh" },
        ],
      });
      const transactionData = [value("Transaction.Begin", registerWh), value("Transaction.End", registerWh + 3)];
      await chargePoint().stop("Local", Date.now(), { transactionData });
      const told = await emsp.next(
        ({ module, body }) => module === "cdrs" && ((body as Json).cdr_token as Json).uid === uid,
        since,
        "the record",
      );
      const { encoding_method, signed_values } = (told.body as Json).signed_data as Json;
      expect(encoding_method).toBe("OCMF");
      const values = (signed_values as { nature: string; signed_data: string }[]).map(({ nature, signed_data }) => [
        nature,
        Buffer.from(signed_data, "base64").toString("utf8"),
      ]);
      expect(values).toEqual([
        ["Start", signed(registerWh)],
        ["End", signed(registerWh + 3)],
      ]);
    });
  });
}

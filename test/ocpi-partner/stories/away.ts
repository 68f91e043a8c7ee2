/** A partner that is away for a while: charging goes on, and afterwards it has the state of now, told once. */
import { expect, test } from "vitest";
import { type Market, pushToken, story, tokenOf } from "../market.ts";
import { until } from "../site.ts";
import type { Json } from "../spec/check.ts";

export function awayStories(market: Market): void {
  story("a partner that is away", (version) => {
    const emsp = market.guest[version];
    const partner = `guest-${version}`;
    const chargePoint = () => market.site.chargePoint(`away-${version}`);
    const evseUid = `evse-away-${version}`;
    const uid = `TRAVELLER-${version.replaceAll(".", "")}`;
    const sessionsHere = () => [...emsp.modules.sessions.values()].filter(({ evse_uid }) => evse_uid === evseUid);
    const pushed = (since: number, module: string, id?: string) =>
      emsp.heard.slice(since).filter((heard) => heard.module === module && (!id || heard.path[2] === id));

    /** One session from plug-in to the end, and another that goes on. */
    async function chargeTwice(): Promise<void> {
      expect(await chargePoint().authorize(uid)).toBe("Accepted");
      expect(await chargePoint().start(uid)).toBe("Accepted");
      await chargePoint().meter(3);
      await chargePoint().stop();
      expect(await chargePoint().start(uid)).toBe("Accepted");
      await chargePoint().meter(2);
    }

    test("its drivers charge while it is away", async () => {
      await pushToken(emsp, tokenOf(emsp, uid));
      await emsp.next(({ module, path }) => module === "tariffs" && path[2] === "fast", 0, "the tariffs");
      await emsp.close();
      await chargeTwice();
      // The books of the first session are closed when its record is there.
      await until(async () => {
        const { answer } = await market.site.admin("GET", "");
        const { pending } = (answer as unknown as { id: string; pending: number }[]).find(({ id }) => id === partner)!;
        return pending > 1;
      });
    });

    test("back again, it has both sessions, the record and the status, each told once", async () => {
      const since = emsp.heard.length;
      await emsp.listen();
      await until(async () => (await market.site.admin("POST", `/${partner}/send`)).status === 200);
      await emsp.next(({ module }) => module === "cdrs", since, "the record");
      await until(() => sessionsHere().length === 2);
      const charging = ({ module, path, body }: { module: string; path: readonly string[]; body: unknown }) => {
        const evses = ((body as Json).evses ?? []) as Json[];
        const evse = path[3] === evseUid ? (body as Json) : evses.find((each) => each.uid === evseUid);
        return module === "locations" && evse?.status === "CHARGING";
      };
      await emsp.next(charging, since, "the status");

      const first = sessionsHere().find(({ status }) => status === "COMPLETED");
      const second = sessionsHere().find(({ status }) => status === "ACTIVE");
      expect(first).toMatchObject({ kwh: 0.003 });
      for (const { id } of [first!, second!])
        expect(pushed(since, "sessions", String(id)).map(({ method }) => method)).toEqual(["PUT"]);
      expect(pushed(since, "cdrs").map(({ body }) => (body as Json).session_id)).toEqual([first!.id]);
    });

    test("what it reads then is what it was told", async () => {
      const { objects } = await emsp.askAll("locations", "");
      const evse = (objects[0]!.evses as Json[]).find((each) => each.uid === evseUid)!;
      expect(evse.status).toBe("CHARGING");
      const sessions = await emsp.askAll("sessions", "?date_from=2026-01-01T00:00:00Z");
      const first = sessionsHere().find(({ status }) => status === "COMPLETED");
      expect(sessions.objects.find(({ id }) => id === first!.id)).toEqual(first);
      const records = await emsp.askAll("cdrs", "");
      expect(records.objects).toEqual([...emsp.modules.cdrs.values()]);
    });

    test("a location that it lost is told whole again", async () => {
      emsp.modules.locations.clear();
      const since = emsp.heard.length;
      await chargePoint().tellStatus("Unavailable");
      const refused = await emsp.next(({ module, method }) => module === "locations" && method === "PATCH", since);
      expect(refused.status).toBe(404);
      await emsp.next(
        ({ module, method, path }) => module === "locations" && method === "PUT" && path.length === 3,
        since,
        "it",
      );
      const own = () =>
        ((emsp.modules.locations.get("LOC-1")?.evses ?? []) as Json[]).find(({ uid }) => uid === evseUid);
      await until(() => own()?.status === "INOPERATIVE");
      await chargePoint().tellStatus("Available");
    });

    test("a session that it lost is told whole again; errors of its server are no reason to lose a record", async () => {
      const second = sessionsHere().find(({ status }) => status === "ACTIVE");
      emsp.modules.sessions.delete(String(second!.id));
      let refusals = 0;
      emsp.instead = ({ module, method }) =>
        module === "cdrs" && method === "POST" && refusals++ < 1 ? { status: 500, code: 3000 } : undefined;
      const since = emsp.heard.length;
      await chargePoint().meter(2);
      await chargePoint().stop();
      await until(() => emsp.modules.sessions.get(String(second!.id))?.status === "COMPLETED");
      expect(emsp.modules.sessions.get(String(second!.id))).toMatchObject({ kwh: 0.004 });
      await emsp.next(({ module, status }) => module === "cdrs" && status === 500, since, "the refused record");
      await until(async () => (await market.site.admin("POST", `/${partner}/send`)).status === 200);
      await emsp.next(({ module, status }) => module === "cdrs" && status === 201, since, "the record again");
      emsp.instead = () => undefined;
    });
  });
}

/** Drivers' tokens: pushed, patched, read from the eMSP's list, and asked about in real time. */
import { expect, test } from "vitest";
import { HELD_BEFORE, type Market, pushToken, story, tokenOf } from "../market.ts";
import type { Heard } from "../platform.ts";
import { type Json, millis } from "../spec/check.ts";
import { token as tokenCheck } from "../spec/control.ts";

const never = () => new Promise<never>(() => {});
const asked = (uid: string) => (heard: Heard) => heard.path[0] === uid && heard.path[1] === "authorize";

export function tokenStories(market: Market): void {
  story("tokens", (version) => {
    const emsp = market.emsp[version];
    const chargePoint = () => market.site.chargePoint(`tokens-${version}`);
    const evseUid = `evse-tokens-${version}`;
    const own = (uid: string) => `${uid}-${version.replaceAll(".", "")}`;
    const at = (uid: string) => `/${emsp.party.countryCode}/${emsp.party.partyId}/${uid}`;

    test("those of the eMSP's list are read to the last page after the registration", async () => {
      const reads = () => emsp.heard.filter(({ module, method }) => module === "tokens" && method === "GET");
      await emsp.next((heard) => reads().includes(heard) && heard.query.get("offset") === "4", 0, "the last page");
      for (const uid of HELD_BEFORE.map((each) => each + version))
        expect(await chargePoint().authorize(uid), uid).toBe("Accepted");
    });

    test("one that is pushed is new, then known, and read back as it was sent", async () => {
      const full = tokenOf(emsp, own("FULL-1"), {
        visual_number: "DF000-2001-8999-1",
        group_id: "DF000-2001-8999",
        language: "it",
        default_profile_type: "GREEN",
        energy_contract: { supplier_name: "Greenpeace Energy eG", contract_id: "0123456789" },
        last_updated: "2026-06-01T10:00:00Z",
      });
      const created = await emsp.ask("PUT", "tokens", at(own("FULL-1")), { body: full });
      expect([created.status, created.code]).toEqual([201, 1000]);
      const updated = await emsp.ask("PUT", "tokens", at(own("FULL-1")), { body: full });
      expect([updated.status, updated.code]).toEqual([200, 1000]);
      const read = await emsp.ask("GET", "tokens", at(own("full-1")));
      expect(tokenCheck(version)(read.data, "token")).toEqual([]);
      const { language: _, default_profile_type: __, energy_contract: ___, ...kept } = full;
      expect(read.data).toMatchObject(kept);
      // A PUT is the whole object: what it lacks is gone.
      const less = tokenOf(emsp, own("FULL-1"), { last_updated: "2026-06-02T10:00:00" });
      await emsp.ask("PUT", "tokens", at(own("FULL-1")), { body: less });
      expect((await emsp.ask("GET", "tokens", at(own("FULL-1")))).data).toMatchObject({ uid: own("FULL-1") });
      expect(Object.keys((await emsp.ask("GET", "tokens", at(own("FULL-1")))).data as Json).sort()).toEqual(
        Object.keys(less).sort(),
      );
    });

    test("nothing of it is lost", async () => {
      const full = tokenOf(emsp, own("FULL-2"), {
        language: "it",
        default_profile_type: "GREEN",
        energy_contract: { supplier_name: "Greenpeace Energy eG", contract_id: "0123456789" },
      });
      await emsp.ask("PUT", "tokens", at(own("FULL-2")), { body: full });
      expect((await emsp.ask("GET", "tokens", at(own("FULL-2")))).data).toEqual(full);
      const wrong = { ...full, energy_contract: "none" };
      expect((await emsp.ask("PUT", "tokens", at(own("FULL-2")), { body: wrong })).code).toBe(2001);
    });

    test("a PATCH changes what it names and needs last_updated", async () => {
      await pushToken(
        emsp,
        tokenOf(emsp, own("PATCHED"), { visual_number: "1", last_updated: "2026-06-01T10:00:00Z" }),
      );
      expect(await chargePoint().authorize(own("PATCHED"))).toBe("Accepted");
      const without = await emsp.ask("PATCH", "tokens", at(own("PATCHED")), { body: { valid: false } });
      expect([without.status, without.code]).toEqual([200, 2001]);
      expect(await chargePoint().authorize(own("PATCHED"))).toBe("Accepted");
      const body = { valid: false, last_updated: "2026-06-02T10:00:00Z" };
      expect((await emsp.ask("PATCH", "tokens", at(own("PATCHED")), { body })).code).toBe(1000);
      const { data } = await emsp.ask("GET", "tokens", at(own("PATCHED")));
      expect(data).toMatchObject({ valid: false, visual_number: "1", whitelist: "ALWAYS" });
      expect(millis((data as Json).last_updated)).toBe(Date.UTC(2026, 5, 2, 10));
      expect(await chargePoint().authorize(own("PATCHED"))).not.toBe("Accepted");
      const unknown = await emsp.ask("PATCH", "tokens", at(own("NOT-THERE")), { body });
      expect(unknown.code).not.toBe(1000);
      const wrong = await emsp.ask("PATCH", "tokens", at(own("PATCHED")), { body: { ...body, valid: "yes" } });
      expect([wrong.status, wrong.code]).toEqual([200, 2001]);
    });

    test("a PATCH with null takes away what is optional, and nothing that is not", async () => {
      const full = tokenOf(emsp, own("NULLED"), {
        visual_number: "1",
        group_id: "G",
        last_updated: "2026-06-01T10:00:00Z",
      });
      await pushToken(emsp, full);
      const body = { group_id: null, last_updated: "2026-06-02T10:00:00Z" };
      expect((await emsp.ask("PATCH", "tokens", at(own("NULLED")), { body })).code).toBe(1000);
      const { group_id: _, ...less } = full;
      expect((await emsp.ask("GET", "tokens", at(own("NULLED")))).data).toEqual({
        ...less,
        last_updated: body.last_updated,
      });
      const worse = { valid: null, last_updated: "2026-06-03T10:00:00Z" };
      expect((await emsp.ask("PATCH", "tokens", at(own("NULLED")), { body: worse })).code).toBe(2001);
    });

    test("uid and type together name a token; RFID is meant where no type is said", async () => {
      const app = tokenOf(emsp, own("TWICE"), { type: "APP_USER", whitelist: "NEVER", contract_id: "APP" });
      await pushToken(emsp, app);
      expect((await emsp.ask("GET", "tokens", at(own("TWICE")))).status).toBe(404);
      await pushToken(emsp, tokenOf(emsp, own("TWICE"), { contract_id: "CARD" }));
      expect((await emsp.ask("GET", "tokens", at(own("TWICE")))).data).toMatchObject({ contract_id: "CARD" });
      const read = await emsp.ask("GET", "tokens", `${at(own("TWICE"))}?type=APP_USER`);
      expect(read.data).toMatchObject({ contract_id: "APP", type: "APP_USER" });
    });

    test("ids and parties are case-insensitive", async () => {
      await pushToken(emsp, tokenOf(emsp, own("MiXeD")));
      expect((await emsp.ask("GET", "tokens", at(own("mIxEd")).toLowerCase())).data).toMatchObject({
        uid: own("MiXeD"),
      });
      const body = { valid: false, last_updated: "2026-06-02T10:00:00Z" };
      expect((await emsp.ask("PATCH", "tokens", at(own("MIXED")), { body })).code).toBe(1000);
      expect(await chargePoint().authorize(own("mixed"))).not.toBe("Accepted");
    });

    if (version === "2.3.0")
      test("a contract in a car's certificate is a token, too", async () => {
        const token = tokenOf(emsp, "DE8AA1A2B3C4D5", { type: "EMAID" });
        await pushToken(emsp, token);
        expect((await emsp.ask("GET", "tokens", `${at("DE8AA1A2B3C4D5")}?type=EMAID`)).data).toEqual(token);
      });

    test("what is not as the tables have it is refused with 2001 and changes nothing", async () => {
      const good = tokenOf(emsp, own("STRICT"));
      const { issuer: _, ...lacks } = good;
      const bodies: readonly unknown[] = [
        lacks,
        { ...good, uid: "OTHER-UID" },
        { ...good, country_code: "FR" },
        { ...good, valid: 1 },
        { ...good, whitelist: "SOMETIMES" },
        { ...good, contract_id: "C".repeat(300) },
        { ...good, last_updated: "yesterday" },
        { ...good, last_updated: "2026-13-01T00:00:00Z" },
        { ...good, last_updated: "2026-12-01T24:00:00Z" },
        [good, good],
        own("STRICT"),
        null,
      ];
      for (const body of bodies) {
        const answer = await emsp.ask("PUT", "tokens", at(own("STRICT")), { body });
        expect([answer.status, answer.code], JSON.stringify(body)).toEqual([200, 2001]);
      }
      expect((await emsp.ask("GET", "tokens", at(own("STRICT")))).status).toBe(404);
      const foreign = { ...good, party_id: "XXX" };
      const answer = await emsp.ask("PUT", "tokens", `/DE/XXX/${own("STRICT")}`, { body: foreign });
      expect(answer.status === 404 || answer.code === 2001, `${answer.status} ${answer.code}`).toBe(true);
      // Names that no table has do not make a message wrong.
      expect((await emsp.ask("PUT", "tokens", at(own("STRICT")), { body: { ...good, colour: "red" } })).code).toBe(
        1000,
      );
    });

    test("one that may never be whitelisted is asked about each time, with the place", async () => {
      const token = tokenOf(emsp, own("NEVER-1"), { whitelist: "NEVER" });
      await pushToken(emsp, token);
      for (const allowed of ["ALLOWED", "BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED"]) {
        emsp.modules.authorizations.set(own("NEVER-1"), () => ({ allowed, token }));
        const since = emsp.heard.length;
        const said = await chargePoint().authorize(own("NEVER-1"));
        expect(said === "Accepted", `${allowed}: ${said}`).toBe(allowed === "ALLOWED");
        const question = await emsp.next(asked(own("NEVER-1")), since);
        expect(question.query.get("type") ?? "RFID").toBe("RFID");
        expect(question.body).toEqual({ location_id: "LOC-1", evse_uids: [evseUid] });
      }
    });

    test("that it is marked invalid has no influence on that", async () => {
      const token = tokenOf(emsp, own("REVIVED"), { whitelist: "NEVER", valid: false });
      await pushToken(emsp, token);
      emsp.modules.authorizations.set(own("REVIVED"), () => ({ allowed: "ALLOWED", token: { ...token, valid: true } }));
      expect(await chargePoint().authorize(own("REVIVED"))).toBe("Accepted");
    });

    test("a charge point that begins at once, without a question of its own, makes no difference", async () => {
      await pushToken(emsp, tokenOf(emsp, own("HASTY"), { whitelist: "NEVER" }));
      const said = await chargePoint().start(own("HASTY"));
      await chargePoint().stop();
      expect(said).toBe("Accepted");
    });

    test("the reference that the eMSP gives comes back in the session", async () => {
      const token = tokenOf(emsp, own("REFERRED"), { whitelist: "NEVER" });
      await pushToken(emsp, token);
      const authorization_reference = "REF-4711";
      const info = { language: "en", text: "Welcome" };
      emsp.modules.authorizations.set(own("REFERRED"), () => ({
        allowed: "ALLOWED",
        token,
        authorization_reference,
        info,
      }));
      const since = emsp.heard.length;
      expect(await chargePoint().authorize(own("REFERRED"))).toBe("Accepted");
      expect(await chargePoint().start(own("REFERRED"))).toBe("Accepted");
      const told = await emsp.next(
        ({ module, body }) => module === "sessions" && (body as Json).evse_uid === evseUid,
        since,
        "the session",
      );
      expect(told.body).toMatchObject({ auth_method: "AUTH_REQUEST", authorization_reference });
      await chargePoint().stop();
    });

    test("an answer that comes too late is none: then the whitelist rule decides", async () => {
      const waits: (() => void)[] = [];
      for (const [whitelist, accepted] of [
        ["ALLOWED_OFFLINE", true],
        ["NEVER", false],
      ] as const) {
        const uid = own(`LATE-${whitelist}`);
        const token = tokenOf(emsp, uid, { whitelist });
        await pushToken(emsp, token);
        const late = new Promise<void>((resolve) => waits.push(resolve));
        emsp.modules.authorizations.set(uid, () =>
          late.then(() => ({ allowed: accepted ? "BLOCKED" : "ALLOWED", token })),
        );
        expect((await chargePoint().authorize(uid)) === "Accepted", whitelist).toBe(accepted);
      }
      for (const answer of waits) answer();
    });

    test("one that nobody pushed is asked about, too; who says nothing of use allows nothing", async () => {
      const token = tokenOf(emsp, own("STRANGER"));
      emsp.modules.authorizations.set(own("STRANGER"), () => ({ allowed: "ALLOWED", token }));
      expect(await chargePoint().authorize(own("STRANGER"))).toBe("Accepted");
      expect(await chargePoint().authorize(own("NOBODYS"))).not.toBe("Accepted");
      emsp.modules.authorizations.set(own("VAGUE"), () => ({ allowed: "PERHAPS", token: tokenOf(emsp, own("VAGUE")) }));
      expect(await chargePoint().authorize(own("VAGUE"))).not.toBe("Accepted");
      emsp.modules.authorizations.set(own("SILENT"), never);
      expect(await chargePoint().authorize(own("SILENT"))).not.toBe("Accepted");
    });

    test("one that is always whitelisted is never asked about", async () => {
      await pushToken(emsp, tokenOf(emsp, own("ALWAYS-1")));
      const since = emsp.heard.length;
      expect(await chargePoint().authorize(own("always-1"))).toBe("Accepted");
      expect(emsp.heard.slice(since).filter(asked(own("ALWAYS-1")))).toEqual([]);
    });
  });
}

/** Drivers of partners: who may charge, whether or not the partner can be asked, and what partners command. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { CommandResult } from "../../src/core/charge-point-input.ts";
import type { Handler } from "./partner.ts";
import { OcpiRig, type OcpiRigOptions } from "./rig.ts";

const rigs: OcpiRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

const CONFIGURATION = { contracts: [{ may: ["commands"] }] };
/** Nobody charges whom nobody knows. */
const CLOSED = { charging: { acceptUnknownTokens: false, tokens: [{ token: "OWNERS-CARD" }] } };

async function site(options: OcpiRigOptions = {}): Promise<OcpiRig> {
  const rig = await OcpiRig.registered({ configuration: CONFIGURATION, ...CLOSED, ...options });
  rigs.push(rig);
  await rig.partner.discover(rig.versionsUrl);
  await rig.site.connectAll();
  await rig.settled();
  return rig;
}

const token = (uid: string, more: object = {}) => ({
  country_code: "NL",
  party_id: "EMS",
  uid,
  type: "RFID",
  contract_id: `NL-EMS-C${uid}`,
  visual_number: null,
  issuer: "Test",
  valid: true,
  whitelist: "ALLOWED",
  last_updated: "2026-06-01T00:00:00Z",
  ...more,
});

const urlOf = (rig: OcpiRig, uid: string) => `${rig.partner.endpoint("tokens")}/NL/EMS/${uid}`;
const put = (rig: OcpiRig, uid: string, more?: object) =>
  rig.partner.call("PUT", urlOf(rig, uid), { body: token(uid, more) });
const shown = async (rig: OcpiRig, uid: string) =>
  (await rig.site.controller.handle({ type: "authorize", chargePointId: "cp-one", token: uid })).tokenStatus;
const asked = (rig: OcpiRig) => rig.partner.received.filter(({ path }) => path.endsWith("/authorize"));
const allows =
  (allowed: string, more: object = {}): Handler =>
  ({ path }) =>
    path.endsWith("/authorize") ? { data: { allowed, ...more } } : undefined;

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
    rigs.push(rig);
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

describe("a partner's command", () => {
  const command = (rig: OcpiRig, name: string, body: object) =>
    rig.partner.call("POST", `${rig.partner.endpoint("commands")}/${name}`, {
      body: { response_url: `${rig.partner.url}/results/${name}`, ...body },
    });
  const result = (rig: OcpiRig, name: string) =>
    rig.partner.received.filter(({ path }) => path === `/results/${name}`).map(({ body }) => body);
  const sent = (rig: OcpiRig, type: string) =>
    rig.site.commands.map(({ command }) => command).filter((one) => one.type === type);
  const begin = { location_id: "rig", evse_uid: "one", connector_id: "1" };

  test("starts a session of a driver that the site never heard of, and stops it", async () => {
    const rig = await site();
    const answer = await command(rig, "START_SESSION", {
      ...begin,
      token: token("APP-1", { type: "APP_USER" }),
      authorization_reference: "R-1",
    });
    expect(answer.body.data).toEqual({ result: "ACCEPTED", timeout: 30 });
    await rig.run(2);
    expect(result(rig, "START_SESSION")).toEqual([{ result: "ACCEPTED" }]);
    expect(sent(rig, "start-transaction")).toMatchObject([{ token: "APP-1", connector: 1 }]);
    // The charge point asks about the token: the partner is not.
    expect(await shown(rig, "APP-1")).toBe("accepted");
    expect(asked(rig)).toEqual([]);
    await rig.site.plugIn("one", { token: "APP-1" });
    await rig.run(60);
    const session = rig.partner.received.find(({ path }) => path.includes("/sessions/"))!.body as { id: string };
    expect(session).toMatchObject({
      auth_method: "COMMAND",
      authorization_reference: "R-1",
      cdr_token: { type: "APP_USER" },
    });
    const stopped = await command(rig, "STOP_SESSION", { session_id: session.id });
    expect(stopped.body.data.result).toBe("ACCEPTED");
    await rig.run(2);
    expect(sent(rig, "stop-transaction")).toMatchObject([{ transactionId: 1 }]);
  });

  test("brings back what the charge point said", async () => {
    const rig = await site();
    const outcomes: [CommandResult["status"], string][] = [
      ["rejected", "REJECTED"],
      ["not-supported", "NOT_SUPPORTED"],
      ["no-answer", "TIMEOUT"],
      ["offline", "FAILED"],
    ];
    for (const [status] of outcomes) {
      rig.site.onCommand = ({ type }) => (type === "unlock" ? { status, detail: "" } : undefined);
      await command(rig, "UNLOCK_CONNECTOR", begin);
      await rig.run(2);
    }
    expect(result(rig, "UNLOCK_CONNECTOR")).toEqual(outcomes.map(([, name]) => ({ result: name })));
  });

  test("reserves an EVSE, changes the reservation under the same id, and cancels it", async () => {
    const rig = await site();
    const expiry_date = new Date(rig.site.clock.wallMs() + 1_800_000).toISOString();
    const reserve = { ...begin, token: token("APP-1"), reservation_id: "R1", expiry_date };
    expect((await command(rig, "RESERVE_NOW", reserve)).body.data.result).toBe("ACCEPTED");
    await rig.run(2);
    await rig.restart();
    await rig.site.connectAll();
    await command(rig, "RESERVE_NOW", { ...reserve, token: token("APP-2") });
    await rig.run(2);
    const [first, second] = sent(rig, "reserve") as { reservationId: number; token: string }[];
    expect(second).toMatchObject({ reservationId: first!.reservationId, token: "APP-2" });
    expect(result(rig, "RESERVE_NOW")).toEqual([{ result: "ACCEPTED" }, { result: "ACCEPTED" }]);
    await command(rig, "CANCEL_RESERVATION", { reservation_id: "r1" });
    await rig.run(2);
    expect(sent(rig, "cancel-reservation")).toMatchObject([{ reservationId: first!.reservationId }]);
    await command(rig, "CANCEL_RESERVATION", { reservation_id: "R1" });
    await rig.run(2);
    expect(result(rig, "CANCEL_RESERVATION")).toEqual([{ result: "ACCEPTED" }, { result: "UNKNOWN_RESERVATION" }]);
    rig.site.onCommand = ({ type }) => (type === "reserve" ? { status: "rejected", detail: "Occupied" } : undefined);
    await command(rig, "RESERVE_NOW", reserve);
    await rig.run(2);
    expect(result(rig, "RESERVE_NOW").at(-1)).toMatchObject({ result: "EVSE_OCCUPIED" });
    expect(rig.site.controller.state().upstream.reservations).toEqual({});
    const late = await command(rig, "RESERVE_NOW", { ...reserve, expiry_date: "2020-01-01T00:00:00Z" });
    expect(late.body.data.result).toBe("REJECTED");
  });

  test("has a reservation as a session: ACTIVE under the same id when the driver comes, COMPLETED when he does not", async () => {
    const rig = await site();
    const sessions = () =>
      rig.partner.received.flatMap(({ path, method, body }) =>
        path.includes("/sessions/") && method === "PUT" ? [body as { id: string; status: string }] : [],
      );
    const reserve = (id: string, uid: string, minutes: number) =>
      command(rig, "RESERVE_NOW", {
        ...begin,
        token: token(uid),
        reservation_id: id,
        expiry_date: new Date(rig.site.clock.wallMs() + minutes * 60_000).toISOString(),
        authorization_reference: "REF-1",
      });
    await reserve("R1", "APP-1", 30);
    await rig.run(5);
    expect(sessions()).toMatchObject([
      { status: "RESERVATION", kwh: 0, evse_uid: "one", auth_method: "COMMAND", cdr_token: { uid: "APP-1" } },
    ]);
    const { id } = sessions()[0]!;
    const list = `${rig.partner.endpoint("sessions", "SENDER")}?date_from=2020-01-01T00:00:00Z`;
    expect((await rig.partner.call("GET", list)).body.data).toMatchObject([{ id, status: "RESERVATION" }]);
    await rig.restart();
    await rig.site.connectAll();
    await rig.site.plugIn("one", { token: "APP-1" });
    await rig.run(60);
    expect(sessions().at(-1)).toMatchObject({ id, status: "ACTIVE", authorization_reference: "REF-1" });
    expect((await command(rig, "STOP_SESSION", { session_id: id })).body.data.result).toBe("ACCEPTED");
    await rig.site.unplug("one");
    await rig.run(30);
    expect(sessions().at(-1)).toMatchObject({ id, status: "COMPLETED" });
    const cdrs = rig.partner.received.filter(({ path }) => path.endsWith("/cdrs"));
    expect(cdrs.map(({ body }) => body)).toMatchObject([{ session_id: id, auth_method: "COMMAND" }]);
    expect((await rig.partner.call("GET", list)).body.data).toMatchObject([{ id, status: "COMPLETED" }]);
    // One that runs out, and one that is cancelled.
    await reserve("R2", "APP-2", 2);
    await rig.run(5);
    const second = sessions().at(-1)!.id;
    await rig.run(130);
    expect(sessions().at(-1)).toMatchObject({ id: second, status: "COMPLETED", kwh: 0 });
    await reserve("R3", "APP-3", 30);
    await rig.run(5);
    await command(rig, "CANCEL_RESERVATION", { reservation_id: "R3" });
    await rig.run(5);
    expect(sessions().at(-1)).toMatchObject({ status: "COMPLETED", cdr_token: { uid: "APP-3" } });
    expect(new Set(sessions().map((session) => session.id)).size).toBe(3);
    expect(rig.partner.received.filter(({ path }) => path.endsWith("/cdrs"))).toHaveLength(1);
  });

  test("hears that a place cannot be kept when its EVSE breaks down, also when it asks to cancel it", async () => {
    const rig = await site();
    const expiry_date = new Date(rig.site.clock.wallMs() + 1_800_000).toISOString();
    const reserve = { ...begin, token: token("APP-1"), reservation_id: "R1", expiry_date };
    await command(rig, "RESERVE_NOW", reserve);
    await rig.run(2);
    await rig.restart();
    await rig.site.connectAll();
    const at = { type: "status", chargePointId: "cp-one", connector: 1 } as const;
    await rig.site.controller.handle({ ...at, status: "faulted" });
    await rig.run(5);
    expect(result(rig, "RESERVE_NOW")).toEqual([{ result: "ACCEPTED" }, { result: "CANCELED_RESERVATION" }]);
    const sessions = rig.partner.received.filter(({ path }) => path.includes("/sessions/"));
    expect(sessions.at(-1)!.body).toMatchObject({ status: "COMPLETED", kwh: 0 });
    await command(rig, "CANCEL_RESERVATION", { reservation_id: "R1" });
    await rig.run(2);
    expect(result(rig, "CANCEL_RESERVATION")).toEqual([{ result: "CANCELED_RESERVATION" }]);
    // Once; and when it works again the place can be kept again.
    await rig.site.controller.handle({ ...at, status: "available" });
    await rig.site.controller.handle({ ...at, status: "unavailable" });
    await rig.run(2);
    expect(result(rig, "RESERVE_NOW")).toHaveLength(2);
    await rig.site.controller.handle({ ...at, status: "available" });
    await command(rig, "RESERVE_NOW", reserve);
    await rig.run(2);
    expect(result(rig, "RESERVE_NOW").at(-1)).toEqual({ result: "ACCEPTED" });
    await rig.site.plugIn("one", { token: "APP-1" });
    await rig.run(30);
    const ids = rig.partner.received.flatMap(({ path }) => /sessions\/NL\/CPO\/(.*)$/.exec(path)?.[1] ?? []);
    expect(new Set(ids).size).toBe(2);
  });

  test("is answered with the codes of the text where it cannot be", async () => {
    const rig = await site();
    const start = async (body: object) => (await command(rig, "START_SESSION", body)).body;
    expect(await start({ ...begin })).toMatchObject({ status_code: 2001 });
    expect(await start({ ...begin, token: token("A"), location_id: "elsewhere" })).toMatchObject({ status_code: 2003 });
    expect(await start({ ...begin, token: token("A"), evse_uid: "nine" })).toMatchObject({ status_code: 2003 });
    expect((await command(rig, "STOP_SESSION", { session_id: "rig-9" })).body.data.result).toBe("UNKNOWN_SESSION");
    const foreign = await start({ ...begin, token: token("A", { party_id: "XYZ" }) });
    expect(foreign.data).toMatchObject({ result: "REJECTED", message: [{ text: "A token of NL-XYZ is not yours" }] });
    const unknown = await command(rig, "FLY", {});
    expect(unknown).toMatchObject({ http: 200, body: { data: { result: "NOT_SUPPORTED", timeout: 0 } } });
    expect(await start({ ...begin, token: token("A"), evse_uid: undefined })).toMatchObject({ status_code: 2001 });
    await rig.site.plugIn("one", { token: "OWNERS-CARD" });
    expect((await start({ ...begin, token: token("A") })).data.result).toBe("ACCEPTED");
    await rig.run(2);
    expect(result(rig, "START_SESSION")).toEqual([{ result: "EVSE_OCCUPIED" }]);
    // Somebody else's session is not for it to stop.
    expect((await command(rig, "STOP_SESSION", { session_id: rig.sessionId(1) })).body.data.result).toBe("REJECTED");
    expect(rig.site.commands.filter(({ command: { type } }) => type.endsWith("transaction"))).toEqual([]);
  });

  test("hears what the charge point cannot: reserve, unlock, start where it is out of order or away", async () => {
    const rig = await site();
    const settings = { SupportedFeatureProfiles: "Core,SmartCharging" };
    await rig.site.controller.handle({ type: "probed", chargePointId: "cp-one", rateUnit: "A", settings });
    const expiry_date = new Date(rig.site.clock.wallMs() + 1_800_000).toISOString();
    const reserve = { ...begin, token: token("APP-1"), reservation_id: "R1", expiry_date };
    expect((await command(rig, "RESERVE_NOW", reserve)).body.data.result).toBe("NOT_SUPPORTED");
    expect((await command(rig, "RESERVE_NOW", { ...reserve, evse_uid: "two" })).body.data.result).toBe("ACCEPTED");
    rig.site.onCommand = ({ type }) => (type === "unlock" ? { status: "rejected", detail: "UnlockFailed" } : undefined);
    await command(rig, "UNLOCK_CONNECTOR", begin);
    await rig.run(2);
    expect(result(rig, "UNLOCK_CONNECTOR")).toMatchObject([{ result: "FAILED" }]);
    await rig.site.controller.handle({ type: "status", chargePointId: "cp-one", connector: 1, status: "faulted" });
    await command(rig, "START_SESSION", { ...begin, token: token("A") });
    await rig.run(2);
    expect(result(rig, "START_SESSION")).toEqual([{ result: "EVSE_INOPERATIVE" }]);
    await rig.site.disconnect("one");
    const away = await command(rig, "START_SESSION", { ...begin, token: token("A") });
    expect(away.body.data).toMatchObject({ result: "REJECTED", timeout: 0 });
  });

  test("needs a contract", async () => {
    const rig = await site({ configuration: {} });
    const answer = await command(rig, "START_SESSION", { ...begin, token: token("A") });
    expect(answer.body.data).toMatchObject({ result: "REJECTED", message: [{ language: "en" }] });
    expect(rig.site.facts("partner-refused")).toHaveLength(1);
  });
});

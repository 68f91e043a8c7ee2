import { describe, expect, test } from "vitest";
import type { CommandResult } from "../../src/core/charge-point-input.ts";
import { asked, shown, site, token } from "./drivers-rig.ts";
import type { OcpiRig } from "./rig.ts";

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

/** Commands of an eMSP for its drivers, each with the answer at once and the result that follows. */
import { expect, test } from "vitest";
import { type Market, pushToken, story, tokenOf } from "../market.ts";
import { until } from "../site.ts";
import { type Json, must } from "../spec/check.ts";
import { commandResponse } from "../spec/control.ts";

const SOON = () => new Date(Date.now() + 3_600_000).toISOString();

export function commandStories(market: Market): void {
  story("commands", (version) => {
    const emsp = market.emsp[version];
    const foreign = market.emsp[version === "2.2.1" ? "2.3.0" : "2.2.1"];
    const chargePoint = () => market.site.chargePoint(`commands-${version}`);
    const evseUid = `evse-commands-${version}`;
    const own = (uid: string) => `${uid}-${version.replaceAll(".", "")}`;
    const place = { location_id: "LOC-1", evse_uid: evseUid };
    const user = tokenOf(emsp, own("USER"), { type: "APP_USER", whitelist: "NEVER" });
    let sessionId = "";

    /** Asks; what was said at once, and the address where the result comes. */
    async function command(name: string, body: Json) {
      const callback = emsp.callback("commands", version, name);
      const answer = await emsp.ask("POST", "commands", `/${name}`, { body: { response_url: callback.url, ...body } });
      if (answer.code === 1000) {
        emsp.faults.push(...commandResponse(answer.data, name));
        emsp.faults.push(
          ...must(
            (answer.data as Json).result !== "ACCEPTED" || Number((answer.data as Json).timeout) > 0,
            name,
            "no timeout",
          ),
        );
      }
      return { answer, said: (answer.data as Json | undefined)?.result, callback };
    }
    const told = (action: string, since: number) => chargePoint().next((each) => each.action === action, since);
    const status = (wanted: string, since: number) =>
      emsp.next(
        ({ module, path, body }) => module === "locations" && path[3] === evseUid && (body as Json).status === wanted,
        since,
        wanted,
      );
    const heardSession = (wanted: string, since: number) =>
      emsp.next(
        ({ module, path, body }) =>
          module === "sessions" &&
          emsp.modules.sessions.get(path[2]!)?.evse_uid === evseUid &&
          (body as Json).status === wanted,
        since,
        `session ${wanted}`,
      );

    test("START_SESSION begins a session of a user that the site never heard of", async () => {
      const [since, sinceHeard] = [chargePoint().told.length, emsp.heard.length];
      const authorization_reference = own("AUTH-REF");
      const body = { token: user, ...place, connector_id: "1", authorization_reference };
      const { said, callback } = await command("START_SESSION", body);
      expect(said).toBe("ACCEPTED");
      const remote = await told("RemoteStartTransaction", since);
      expect(remote.payload).toMatchObject({ connectorId: 1, idTag: user.uid });
      expect(await callback.result()).toMatchObject({ result: "ACCEPTED" });
      // The token came with the command: the eMSP is not asked for it.
      expect(await chargePoint().start(String(remote.payload.idTag))).toBe("Accepted");
      const put = await emsp.next(
        ({ module, body }) => module === "sessions" && (body as Json).evse_uid === evseUid,
        sinceHeard,
        "the session",
      );
      sessionId = put.path[2]!;
      const { uid, type, contract_id } = user;
      expect(put.body).toMatchObject({
        auth_method: "COMMAND",
        authorization_reference,
        cdr_token: { uid, type, contract_id },
      });
      expect(
        emsp.heard.slice(sinceHeard).filter(({ path }) => path[1] === "authorize" && path[0] === user.uid),
      ).toEqual([]);
      expect(callback.calls()).toBe(1);
    });

    test("an EVSE with a session takes no second one", async () => {
      const { said, callback } = await command("START_SESSION", { token: user, ...place });
      if (said === "ACCEPTED") expect((await callback.result()).result).toBe("EVSE_OCCUPIED");
      else expect(said).toBe("REJECTED");
    });

    test("START_SESSION and RESERVE_NOW for another eMSP's driver begin nothing", async () => {
      const token = tokenOf(foreign, own("THEIRS"));
      for (const [name, more] of [
        ["START_SESSION", {}],
        ["RESERVE_NOW", { reservation_id: "R-theirs", expiry_date: SOON() }],
      ] as const) {
        const { said, answer } = await command(name, { token, ...place, ...more });
        expect(said === "REJECTED" || Number(answer.code) >= 2000, answer.text).toBe(true);
      }
    });

    test("bodies that are not as the tables have them get 2001 and no result", async () => {
      const url = emsp.callback("commands", version, "WRONG").url;
      const { issuer: _, ...lacking } = user;
      const bodies: readonly (readonly [string, unknown])[] = [
        ["START_SESSION", { token: user, ...place }],
        ["START_SESSION", { response_url: url, ...place }],
        ["START_SESSION", { response_url: url, token: lacking, ...place }],
        ["START_SESSION", { response_url: "not a URL", token: user, ...place }],
        ["START_SESSION", { response_url: "https://elsewhere.example/x", token: user, ...place }],
        ["STOP_SESSION", { response_url: url }],
        ["STOP_SESSION", { response_url: url, session_id: 7 }],
        ["RESERVE_NOW", { response_url: url, token: user, reservation_id: "R", location_id: "LOC-1" }],
        ["RESERVE_NOW", { response_url: url, token: user, ...place, reservation_id: "R", expiry_date: "tomorrow" }],
        ["CANCEL_RESERVATION", { response_url: url }],
        ["UNLOCK_CONNECTOR", { response_url: url, ...place }],
        ["STOP_SESSION", []],
        ["STOP_SESSION", null],
      ];
      for (const [name, body] of bodies) {
        const answer = await emsp.ask("POST", "commands", `/${name}`, { body });
        expect([answer.status, answer.code], `${name} ${JSON.stringify(body)}`).toEqual([200, 2001]);
      }
      const none = await emsp.ask("POST", "commands", "/DANCE", { body: { response_url: url } });
      expect(none.status === 404 || none.code === 2001 || (none.data as Json)?.result === "NOT_SUPPORTED").toBe(true);
    });

    test("a uid of 36 characters is a uid: a charge point is told what it can take, the eMSP hears the whole of it", async () => {
      expect((await command("STOP_SESSION", { session_id: sessionId })).said).toBe("ACCEPTED");
      await chargePoint().stop();
      await heardSession("COMPLETED", 0);
      const uid = `3f2504e0-4f89-11d3-9a0c-0305e82c${version.replaceAll(".", "")}0`.slice(0, 36);
      const token = tokenOf(emsp, uid, { type: "APP_USER", whitelist: "NEVER", contract_id: own("DE-LONG") });
      const [since, sinceHeard] = [chargePoint().told.length, emsp.heard.length];
      const reservation = { reservation_id: own("LONG"), expiry_date: SOON() };
      const reserved = await command("RESERVE_NOW", { token, ...place, ...reservation });
      expect(reserved.said).toBe("ACCEPTED");
      const kept = (await told("ReserveNow", since)).payload;
      expect((await reserved.callback.result()).result).toBe("ACCEPTED");
      const started = await command("START_SESSION", { token, ...place });
      expect(started.said).toBe("ACCEPTED");
      const { idTag } = (await told("RemoteStartTransaction", since)).payload;
      expect(String(idTag).length).toBeLessThanOrEqual(20);
      expect(idTag).toBe(kept.idTag);
      expect(await started.callback.result()).toMatchObject({ result: "ACCEPTED" });
      expect(await chargePoint().authorize(String(idTag))).toBe("Accepted");
      expect(await chargePoint().start(String(idTag), Date.now(), { reservationId: kept.reservationId })).toBe(
        "Accepted",
      );
      const active = await heardSession("ACTIVE", sinceHeard);
      sessionId = active.path[2]!;
      const { type, contract_id } = token;
      expect(emsp.modules.sessions.get(sessionId)).toMatchObject({ cdr_token: { uid, type, contract_id } });
    });

    test("a connector needs its EVSE", async () => {
      const { answer } = await command("START_SESSION", { token: user, location_id: "LOC-1", connector_id: "1" });
      expect(answer.code).toBe(2001);
    });

    test("STOP_SESSION ends it; one that nobody knows, or that is another's, is unknown", async () => {
      expect((await command("STOP_SESSION", { session_id: "no-such-session" })).said).toBe("UNKNOWN_SESSION");
      const callback = foreign.callback("commands", version === "2.2.1" ? "2.3.0" : "2.2.1", "STOP_SESSION");
      const body = { response_url: callback.url, session_id: sessionId };
      const theirs = await foreign.ask("POST", "commands", "/STOP_SESSION", { body });
      expect(["UNKNOWN_SESSION", "REJECTED"]).toContain((theirs.data as Json).result);

      const [since, sinceHeard] = [chargePoint().told.length, emsp.heard.length];
      const stop = await command("STOP_SESSION", { session_id: sessionId });
      expect(stop.said).toBe("ACCEPTED");
      const remote = await told("RemoteStopTransaction", since);
      expect(remote.payload).toEqual({ transactionId: chargePoint().transactionId });
      expect(await stop.callback.result()).toMatchObject({ result: "ACCEPTED" });
      await chargePoint().stop("Remote");
      await heardSession("COMPLETED", sinceHeard);
      const again = await command("STOP_SESSION", { session_id: sessionId });
      expect(["UNKNOWN_SESSION", "REJECTED"]).toContain(again.said);
    });

    test("START_SESSION of a place that is not there begins nothing", async () => {
      const since = chargePoint().told.length;
      const unknown = await command("START_SESSION", { token: user, ...place, location_id: "LOC-2" });
      expect([unknown.answer.status, unknown.answer.code]).toEqual([200, 2003]);
      const evse = await command("START_SESSION", { token: user, ...place, evse_uid: "NOWHERE" });
      expect(evse.said === "REJECTED" || Number(evse.answer.code) >= 2000, evse.answer.text).toBe(true);
      expect(
        chargePoint()
          .told.slice(since)
          .filter(({ action }) => action === "RemoteStartTransaction"),
      ).toEqual([]);
    });

    test("what a charge point refuses is told as its result", async () => {
      chargePoint().answers.RemoteStartTransaction = { status: "Rejected" };
      const start = await command("START_SESSION", { token: user, ...place });
      expect(start.said).toBe("ACCEPTED");
      expect(["REJECTED", "FAILED"]).toContain((await start.callback.result()).result);
      delete chargePoint().answers.RemoteStartTransaction;
    });

    test("ids of places and sessions are case-insensitive", async () => {
      const since = chargePoint().told.length;
      const shouted = { location_id: "loc-1", evse_uid: evseUid.toUpperCase(), connector_id: "1" };
      const unlock = await command("UNLOCK_CONNECTOR", shouted);
      expect(unlock.said).toBe("ACCEPTED");
      await told("UnlockConnector", since);
      const other = [...emsp.modules.sessions.values()].find(({ status }) => status === "COMPLETED")!;
      const id = String(other.id);
      const lower = await command("STOP_SESSION", { session_id: id });
      expect((await command("STOP_SESSION", { session_id: id.toUpperCase() })).said).toBe(lower.said);
    });

    test("UNLOCK_CONNECTOR is done, fails, or is not supported", async () => {
      for (const [status, results] of [
        ["Unlocked", ["ACCEPTED"]],
        ["UnlockFailed", ["FAILED", "REJECTED"]],
        ["NotSupported", ["NOT_SUPPORTED"]],
      ] as const) {
        chargePoint().answers.UnlockConnector = { status };
        const since = chargePoint().told.length;
        const { said, callback } = await command("UNLOCK_CONNECTOR", { ...place, connector_id: "1" });
        expect(said).toBe("ACCEPTED");
        expect((await told("UnlockConnector", since)).payload).toEqual({ connectorId: 1 });
        expect(results, status).toContain((await callback.result()).result);
      }
      const nowhere = await command("UNLOCK_CONNECTOR", { ...place, location_id: "LOC-2", connector_id: "1" });
      expect([nowhere.answer.status, nowhere.answer.code]).toEqual([200, 2003]);
      const wrong = await command("UNLOCK_CONNECTOR", { ...place, connector_id: "9" });
      expect(wrong.said === "REJECTED" || Number(wrong.answer.code) >= 2000, wrong.answer.text).toBe(true);
    });

    test("RESERVE_NOW reserves under an id of the site's own; the same again replaces it", async () => {
      await pushToken(emsp, tokenOf(emsp, own("GUEST")));
      const token = tokenOf(emsp, own("GUEST"));
      const [since, sinceHeard] = [chargePoint().told.length, emsp.heard.length];
      const body = {
        token,
        ...place,
        reservation_id: own("R-1"),
        expiry_date: SOON(),
        authorization_reference: own("RES"),
      };
      const first = await command("RESERVE_NOW", body);
      expect(first.said).toBe("ACCEPTED");
      const reserved = await told("ReserveNow", since);
      expect(reserved.payload).toMatchObject({ connectorId: 1, idTag: token.uid });
      expect(await first.callback.result()).toMatchObject({ result: "ACCEPTED" });
      await chargePoint().tellStatus("Reserved");
      await status("RESERVED", sinceHeard);
      const again = await command("RESERVE_NOW", { ...body, expiry_date: SOON() });
      expect(await again.callback.result()).toMatchObject({ result: "ACCEPTED" });
      const replaced = chargePoint()
        .told.filter(({ action }) => action === "ReserveNow")
        .at(-1)!;
      expect(replaced.payload.reservationId).toBe(reserved.payload.reservationId);
    });

    const reservation = () => [...emsp.modules.sessions.values()].find(({ id }) => id === reservationId);
    let reservationId: unknown;
    test("a reservation is a session with the status RESERVATION", async () => {
      const told = await emsp.next(
        ({ module, body }) =>
          module === "sessions" &&
          (body as Json).authorization_reference === own("RES") &&
          (body as Json).status === "RESERVATION",
        0,
        "the reservation",
      );
      reservationId = told.path[2];
      expect(told.body).toMatchObject({
        auth_method: "COMMAND",
        authorization_reference: own("RES"),
        cdr_token: { uid: own("GUEST") },
        kwh: 0,
      });
    });

    test("a reservation is not another eMSP's to cancel", async () => {
      const body = { reservation_id: own("R-1") };
      const callback = foreign.callback("commands", version === "2.2.1" ? "2.3.0" : "2.2.1", "CANCEL_RESERVATION");
      const since = chargePoint().told.length;
      const answer = await foreign.ask("POST", "commands", "/CANCEL_RESERVATION", {
        body: { response_url: callback.url, ...body },
      });
      const said = (answer.data as Json | undefined)?.result;
      if (said === "ACCEPTED") expect((await callback.result()).result).toBe("UNKNOWN_RESERVATION");
      else expect(said === "REJECTED" || Number(answer.code) >= 2000, answer.text).toBe(true);
      expect(
        chargePoint()
          .told.slice(since)
          .filter(({ action }) => action === "CancelReservation"),
      ).toEqual([]);
    });

    test("CANCEL_RESERVATION cancels it; one that nobody knows is unknown", async () => {
      const [since, sinceHeard] = [chargePoint().told.length, emsp.heard.length];
      const { said, callback } = await command("CANCEL_RESERVATION", { reservation_id: own("R-1") });
      expect(said).toBe("ACCEPTED");
      const reserved = chargePoint().told.findLast(({ action }) => action === "ReserveNow")!;
      expect((await told("CancelReservation", since)).payload).toEqual({
        reservationId: reserved.payload.reservationId,
      });
      expect(await callback.result()).toMatchObject({ result: "ACCEPTED" });
      await chargePoint().tellStatus("Available");
      await status("AVAILABLE", sinceHeard);
      const unknown = await command("CANCEL_RESERVATION", { reservation_id: "R-99" });
      if (unknown.said === "ACCEPTED") expect((await unknown.callback.result()).result).toBe("UNKNOWN_RESERVATION");
      else expect(unknown.said === "REJECTED" || Number(unknown.answer.code) >= 2000, unknown.answer.text).toBe(true);
    });

    test("a reservation that was cancelled is a completed session", async () => {
      await until(() => reservation()?.status === "COMPLETED");
    });

    test("a reservation whose driver comes becomes the session", async () => {
      const [since, sinceTold] = [emsp.heard.length, chargePoint().told.length];
      const token = tokenOf(emsp, own("GUEST"));
      const body = { token, ...place, reservation_id: own("R-2"), expiry_date: SOON() };
      const { callback } = await command("RESERVE_NOW", body);
      await told("ReserveNow", sinceTold);
      expect(await callback.result()).toMatchObject({ result: "ACCEPTED" });
      await chargePoint().tellStatus("Reserved");
      const first = await emsp.next(
        ({ module, body }) =>
          module === "sessions" && (body as Json).evse_uid === evseUid && (body as Json).status === "RESERVATION",
        since,
        "the reservation",
      );
      const { reservationId } = chargePoint().told.findLast(({ action }) => action === "ReserveNow")!.payload;
      expect(await chargePoint().start(own("GUEST"), Date.now(), { reservationId })).toBe("Accepted");
      await until(() => emsp.modules.sessions.get(first.path[2]!)?.status === "ACTIVE");
      await chargePoint().meter(1);
      await chargePoint().stop();
      await until(() => emsp.modules.sessions.get(first.path[2]!)?.status === "COMPLETED");
      expect(emsp.modules.sessions.get(first.path[2]!)).toMatchObject({ kwh: 0.001 });
    });

    test("a reservation that the charge point refuses is told by the result", async () => {
      for (const [status, result] of [
        ["Occupied", ["EVSE_OCCUPIED"]],
        ["Faulted", ["EVSE_INOPERATIVE"]],
        ["Unavailable", ["EVSE_INOPERATIVE"]],
        ["Rejected", ["REJECTED"]],
      ] as const) {
        chargePoint().answers.ReserveNow = { status };
        const body = { token: user, ...place, reservation_id: `R-${status}`, expiry_date: SOON() };
        const { callback } = await command("RESERVE_NOW", body);
        expect(result, status).toContain((await callback.result()).result);
      }
      delete chargePoint().answers.ReserveNow;
      const past = { token: user, ...place, reservation_id: "R-past", expiry_date: "2020-01-01T00:00:00Z" };
      const { said, answer } = await command("RESERVE_NOW", past);
      expect(said === "REJECTED" || Number(answer.code) >= 2000, answer.text).toBe(true);
    });

    test("a charge point that is away gets no command", async () => {
      await chargePoint().close();
      const { said, callback } = await command("UNLOCK_CONNECTOR", { ...place, connector_id: "1" });
      if (said === "ACCEPTED")
        expect(["FAILED", "TIMEOUT", "EVSE_INOPERATIVE"]).toContain((await callback.result()).result);
      else expect(said).toBe("REJECTED");
      await chargePoint().connect();
    });
  });
}

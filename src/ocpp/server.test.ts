/** Who gets in, and what is made of what a charger says. */
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { chargePoint, Station, siteOfTest } from "./station.test-kit.ts";

const BOOT = { chargePointVendor: "Test", chargePointModel: "One" };

function rawUpgrade(port: number, path: string, headers = ""): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.on("data", (data) => {
      text += data;
      if (text.includes("101 ")) socket.destroy();
    });
    socket.on("close", () => resolve(text));
    const fixed = "Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    socket.write(`GET ${path} HTTP/1.1\r\n${fixed}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`);
  });
}

describe("the door of the OCPP port", () => {
  it("refuses a broken URL and lives on", async () => {
    const { server } = await siteOfTest([chargePoint("cp")]);
    expect(await rawUpgrade(server.port, "/ocpp/%")).toContain("400");
    expect(await rawUpgrade(server.port, "/ocpp/stranger")).toContain("404");
    expect((await Station.open(server.port, "/ocpp/cp", ["ocpp1.6"])).ws.protocol).toBe("ocpp1.6");
  });

  it.each(["/cp", "/ocpp/cp/", "//ocpp//cp", "/ocpp/cp/cp"])("lets a charger in that writes %s", async (path) => {
    const { server, until } = await siteOfTest([chargePoint("cp")]);
    await Station.open(server.port, path, ["ocpp1.6"]);
    expect(await until((input) => input.type === "connected")).toMatchObject({ chargePointId: "cp" });
  });

  it("answers one request that is no upgrade, closes a line that floods, and lives on", async () => {
    const { server } = await siteOfTest([chargePoint("cp")]);
    const text = await new Promise<string>((resolve) => {
      let heard = "";
      const flood = connect(server.port, "127.0.0.1", () =>
        flood.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2000)),
      );
      flood.on("error", () => {});
      flood.on("data", (data) => {
        heard += data;
      });
      flood.on("close", () => resolve(heard));
    });
    expect(text.split("HTTP/1.1 404").length - 1).toBeLessThanOrEqual(1);
    expect((await Station.open(server.port, "/ocpp/cp", ["ocpp1.6"])).ws.protocol).toBe("ocpp1.6");
  });

  it("takes a charger without a subprotocol as 1.6 and closes one that speaks something else", async () => {
    const { server } = await siteOfTest([chargePoint("cp")]);
    const plain = await Station.open(server.port, "/ocpp/cp", []);
    expect((await plain.call("BootNotification", BOOT))[2]).toMatchObject({ status: "Accepted" });
    expect(await rawUpgrade(server.port, "/ocpp/cp", "Sec-WebSocket-Protocol: ocpp9\r\n")).toContain("101");
  });

  it("wants the password of the identity and makes a flood wait, but not the charger it knows", async () => {
    let hashes = 0;
    const { server, inputs } = await siteOfTest([chargePoint("cp", { passwordHash: "scrypt$right" })], {
      verifyPassword: async (_hash, secret) => {
        hashes += 1;
        return Buffer.from(secret).toString() === "right";
      },
    });
    const basic = (text: string) => `Authorization: Basic ${Buffer.from(text).toString("base64")}\r\n`;
    const headers = { headers: { authorization: basic("cp:right").slice(15).trim() } };
    await Station.open(server.port, "/ocpp/cp", ["ocpp1.6"], headers);
    expect(await rawUpgrade(server.port, "/ocpp/cp")).toContain("401");
    expect(await rawUpgrade(server.port, "/ocpp/cp", basic("other:right"))).toContain("401");
    const flood = await Promise.all(
      [1, 2, 3, 4, 5].map((n) => rawUpgrade(server.port, "/ocpp/cp", basic(`cp:no${n}`))),
    );
    expect(flood.filter((answer) => answer.includes("429")).length).toBe(4);
    expect(hashes).toBe(2);
    await Station.open(server.port, "/ocpp/cp", ["ocpp1.6"], headers);
    expect(inputs.filter((input) => input.type === "refused").length).toBe(1);
  });

  it("keeps the newest of two connections", async () => {
    const { server, inputs, until } = await siteOfTest([chargePoint("cp")]);
    const old = await Station.open(server.port, "/ocpp/cp", ["ocpp1.6"]);
    const fresh = await Station.open(server.port, "/ocpp/cp", ["ocpp1.6"]);
    await old.closed;
    expect((await fresh.call("Heartbeat", {}))[0]).toBe(3);
    await until((input) => input.type === "heartbeat");
    expect(inputs.some((input) => input.type === "disconnected")).toBe(false);
  });

  it("takes a hundred chargers that come back at once", async () => {
    const ids = Array.from({ length: 100 }, (_, index) => `cp${index}`);
    const { server } = await siteOfTest(ids.map((id) => chargePoint(id)));
    const stations = await Promise.all(ids.map((id) => Station.open(server.port, `/ocpp/${id}`, ["ocpp1.6"])));
    const answers = await Promise.all(stations.map((station) => station.call("BootNotification", BOOT)));
    expect(answers.every((answer) => answer[0] === 3)).toBe(true);
  });
});

describe("what a charger says", () => {
  it("survives empty frames, byte order marks, numeric ids and garbage", async () => {
    const { server, until } = await siteOfTest([chargePoint("cp")]);
    const station = await Station.open(server.port, "/ocpp/cp", ["ocpp1.6"]);
    station.ws.send("");
    station.ws.send("[2,");
    station.ws.send('[3,"never asked",{}]');
    station.ws.send('\uFEFF[2,"bom","Heartbeat",{}]');
    await station.until((frame) => frame[1] === "bom");
    expect((await station.call("Heartbeat", null, 17))[0]).toBe(3);
    expect(await until((input) => input.type === "violated")).toMatchObject({ problem: "not JSON" });
  });

  it.each([
    ["a call", (deep: string) => `[2,"deep","DataTransfer",{"data":${deep}}]`],
    ["an answer", (deep: string) => `[3,"deep",{"data":${deep}}]`],
  ])("lives on after %s that is nested a hundred thousand times", async (_, frame) => {
    const { server, until } = await siteOfTest([chargePoint("cp")]);
    const station = await Station.open(server.port, "/ocpp/cp", ["ocpp1.6"]);
    station.ws.send(frame("[".repeat(100_000) + "]".repeat(100_000)));
    expect(await until((input) => input.type === "violated")).toMatchObject({ problem: "nested too deep" });
    expect((await station.call("Heartbeat", {}))[0]).toBe(3);
  });

  it.each([
    ["ocpp1.6", "FormationViolation"],
    ["ocpp2.0.1", "FormatViolation"],
  ])("tells a charger at once over %s that its call is no JSON, but for what it must not drop", async (protocol, code) => {
    const { server } = await siteOfTest([chargePoint("cp")]);
    const station = await Station.open(server.port, "/ocpp/cp", [protocol]);
    station.ws.send('[2, "t1", "StartTransaction", {"connectorId": 1 "idTag": "A"}]');
    station.ws.send('[2, "t2", "TransactionEvent", {"seqNo": 1 "x": "A"}]');
    station.ws.send('[2, "a1", "Authorize", {"connectorId": 1 "idTag": "A"}]');
    expect(await station.until((frame) => frame[0] === 4)).toEqual([4, "a1", code, "not JSON", {}]);
    expect(station.received.some((frame) => String(frame[1]).startsWith("t"))).toBe(false);
  });

  it("hears a new transaction of a charger whose message ids and clock begin anew with each boot", async () => {
    let transactionId = 0;
    const { server } = await siteOfTest([chargePoint("cp")], {
      answer: (input) => (input.type === "transaction-started" ? { transactionId: ++transactionId } : {}),
    });
    const start = { connectorId: 1, idTag: "A", meterStart: 0, timestamp: "1970-01-01T00:00:30Z" };
    for (const expected of [1, 2]) {
      const station = await Station.open(server.port, "/ocpp/cp", ["ocpp1.6"]);
      await station.call("BootNotification", BOOT, "1");
      expect((await station.call("StartTransaction", start, "2"))[2]).toMatchObject({ transactionId: expected });
      station.received.length = 0;
      expect((await station.call("StartTransaction", start, "2"))[2]).toMatchObject({ transactionId: expected });
    }
  });

  it("tells of transaction events that are missing, and of none when one is sent twice", async () => {
    const { server, inputs, until } = await siteOfTest([chargePoint("cp")]);
    const station = await Station.open(server.port, "/ocpp/cp", ["ocpp2.0.1"]);
    const event = (eventType: string, seqNo: number) => ({
      ...{ eventType, seqNo, triggerReason: "Trigger", timestamp: new Date().toISOString() },
      ...{ transactionInfo: { transactionId: "tx" }, evse: { id: 1 } },
    });
    const events = [event("Started", 4), event("Updated", 5), event("Updated", 5), event("Updated", 6)];
    for (const [index, sent] of events.entries()) await station.call("TransactionEvent", sent, `e${index}`);
    expect(inputs.filter((input) => input.type === "violated")).toEqual([]);
    await station.call("TransactionEvent", event("Ended", 9), "last");
    expect(await until((input) => input.type === "violated")).toMatchObject({
      problem: "2 events of a transaction are missing before this one",
    });
  });

  it("closes on a frame of a megabyte", async () => {
    const { server } = await siteOfTest([chargePoint("cp")]);
    const station = await Station.open(server.port, "/ocpp/cp", ["ocpp1.6"]);
    station.ws.send(`[2,"x","DataTransfer",{"data":"${"x".repeat(1_000_000)}"}]`);
    expect((await station.closed).code).toBe(1009);
  });

  it("answers a broken StartTransaction, records the violation, and a repetition once", async () => {
    const { server, inputs, until } = await siteOfTest([chargePoint("cp")]);
    const station = await Station.open(server.port, "/ocpp/cp", ["ocpp1.6"]);
    const start = {
      connectorId: 1,
      idTag: "a tag that is far longer than twenty",
      timestamp: "2020-01-01T10:00:00+01",
      x: 1,
    };
    const first = await station.call("StartTransaction", start, "s1");
    expect(first).toEqual([3, "s1", { transactionId: 4711, idTagInfo: { status: "Accepted" } }]);
    station.received.length = 0;
    expect(await station.call("StartTransaction", start, "s1")).toEqual(first);
    await until((input) => input.type === "violated");
    const started = inputs.filter((input) => input.type === "transaction-started");
    expect(started).toMatchObject([{ atMs: Date.UTC(2020, 0, 1, 9), replayed: true, connector: 1 }]);
  });

  it("gives an error when the ledger refuses, so that the charger repeats", async () => {
    const { server } = await siteOfTest([chargePoint("cp")], {
      answer: (input) => {
        if (input.type === "transaction-ended") throw new Error("disk full");
        return {};
      },
    });
    const station = await Station.open(server.port, "/ocpp/cp", ["ocpp1.6"]);
    const stop = { transactionId: -1, meterStop: 5, timestamp: new Date().toISOString() };
    expect((await station.call("StopTransaction", stop))[2]).toBe("InternalError");
  });

  it("takes a 2.0.1 transaction with offline events", async () => {
    const { server, inputs } = await siteOfTest([chargePoint("cp")]);
    const station = await Station.open(server.port, "/ocpp/cp", ["ocpp2.0.1", "ocpp1.6"]);
    expect(station.ws.protocol).toBe("ocpp2.0.1");
    const event = {
      triggerReason: "Authorized",
      timestamp: new Date().toISOString(),
      seqNo: 0,
      transactionInfo: { transactionId: "tx" },
    };
    const begin = {
      ...event,
      eventType: "Started",
      evse: { id: 1 },
      idToken: { idToken: "A", type: "ISO14443" },
      offline: true,
    };
    expect((await station.call("TransactionEvent", begin, "1"))[2]).toEqual({ idTokenInfo: { status: "Accepted" } });
    expect((await station.call("TransactionEvent", { ...event, eventType: "Ended", seqNo: 1 }, "2"))[2]).toEqual({});
    expect(inputs.filter((input) => input.type.startsWith("transaction"))).toMatchObject([
      { type: "transaction-started", remoteId: "tx", connector: 1, replayed: true, token: "A" },
      { type: "transaction-ended", remoteId: "tx", connector: 1, replayed: false },
    ]);
  });
});

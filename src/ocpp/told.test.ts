/** What a charger is told over its line: profiles, clearings, limits, in its own time. */
import { describe, expect, it } from "vitest";
import type { ChargePointCommand } from "../core/charge-point-input.ts";
import { chargePoint, Station, siteOfTest, TestClock } from "./station.test-kit.ts";

const BOOT = { chargePointVendor: "Test", chargePointModel: "One" };
const limit = (currentA: number): ChargePointCommand => ({
  type: "set-limit",
  chargePointId: "cp",
  evseId: "cp-1",
  connector: 1,
  schedule: {
    transactionId: 7,
    remoteId: "tx",
    startMs: Date.now(),
    periods: [
      { offsetS: 0, currentA },
      { offsetS: 120, currentA: 6 },
    ],
    durationS: 180,
    phases: 3,
    voltageV: 230,
  },
});

describe("what a charger is told", () => {
  it("clears a former controller's profiles after the boot, then limits", async () => {
    const { server, until } = await siteOfTest([chargePoint("cp")]);
    const station = await Station.open(server.port, "/ocpp/cp", ["ocpp1.6"]);
    const sent = server.send(limit(10));
    station.replies.GetConfiguration = {
      configurationKey: [{ key: "ChargeProfileMaxStackLevel", readonly: true, value: "9" }],
    };
    await station.call("BootNotification", BOOT);
    expect(await sent).toMatchObject({ status: "accepted" });
    const order = station.received.filter((frame) => frame[0] === 2).map((frame) => frame[2]);
    expect(order.slice(0, 2)).toEqual(["ClearChargingProfile", "SetChargingProfile"]);
    const { csChargingProfiles } = (await station.command("SetChargingProfile")) as { csChargingProfiles: object };
    expect(csChargingProfiles).toMatchObject({ transactionId: 7, stackLevel: 1, chargingProfilePurpose: "TxProfile" });
    expect(await until((input) => input.type === "probed")).toMatchObject({ rateUnit: "A", maxStackLevel: 9 });
  });

  it("asks again to clear a former controller's profiles where that was refused, and sets its own again", async () => {
    const clock = new TestClock();
    const { server, until } = await siteOfTest([chargePoint("cp")], { clock });
    const station = await Station.open(server.port, "/ocpp/cp", ["ocpp1.6"]);
    station.replies.ClearChargingProfile = { status: "Busy" };
    await station.call("BootNotification", BOOT);
    expect(await server.send(limit(10))).toMatchObject({ status: "accepted" });
    expect(await until((input) => input.type === "violated" && input.action === "ClearChargingProfile")).toBeDefined();
    station.replies.ClearChargingProfile = { status: "Accepted" };
    station.received.length = 0;
    clock.advance(15_000);
    await station.command("SetChargingProfile");
    const calls = () => station.received.filter((frame) => frame[0] === 2 && frame[2] !== "GetConfiguration");
    expect(calls().map((frame) => frame[2])).toEqual(["ClearChargingProfile", "SetChargingProfile"]);
    clock.advance(3_600_000);
    await station.call("Heartbeat", {});
    expect(calls()).toHaveLength(2);
  });

  it("leaves a slow 2.0.1 station with the safe default that did not wait for the clearing", async () => {
    const clock = new TestClock();
    const { server } = await siteOfTest([chargePoint("cp")], { clock });
    const station = await Station.open(server.port, "/ocpp/cp", ["ocpp2.0.1"]);
    station.replies.ClearChargingProfile = null;
    await station.call("Heartbeat", {});
    const calls = () => station.received.filter((frame) => frame[0] === 2);
    const next = async () => {
      const known = calls().length;
      return calls()[known] ?? station.until((frame) => frame === calls()[known]);
    };
    const clears = await station.until((frame) => frame[2] === "ClearChargingProfile");
    const evse = { chargePointId: "cp", evseId: "cp-1", connector: 1 };
    const installed = server.send({
      type: "install-safe-default",
      ...{ ...evse, currentA: 6, phases: 3, voltageV: 230 },
    });
    clock.advance(600);
    expect(await installed).toMatchObject({ status: "accepted" });
    const cleared = ([, id]: readonly unknown[]) => station.ws.send(JSON.stringify([3, id, { status: "Accepted" }]));
    const defaults = next();
    cleared(clears);
    expect((await defaults)[3]).toEqual({
      chargingProfileCriteria: { chargingProfilePurpose: "TxDefaultProfile" },
    });
    const after = next();
    cleared(await defaults);
    expect((await after)[2]).toBe("SetChargingProfile");
  });

  it("clears limits and defaults of a whole 2.0.1 station, whose criteria name one purpose each", async () => {
    const { server } = await siteOfTest([chargePoint("cp")]);
    const station = await Station.open(server.port, "/ocpp/cp", ["ocpp2.0.1"]);
    await station.call("Heartbeat", {});
    expect(await server.send({ type: "clear-limits", chargePointId: "cp" })).toMatchObject({ status: "accepted" });
    const cleared = station.received.filter((frame) => frame[2] === "ClearChargingProfile").map((frame) => frame[3]);
    expect(cleared.slice(2)).toEqual([
      { chargingProfileCriteria: { chargingProfilePurpose: "TxProfile" } },
      { chargingProfileCriteria: { chargingProfilePurpose: "TxDefaultProfile" } },
    ]);
  });

  it("ties a 2.0.1 limit to the station's own transaction", async () => {
    const { server } = await siteOfTest([chargePoint("cp", { rateUnit: "W" })]);
    const station = await Station.open(server.port, "/ocpp/cp", ["ocpp2.0.1"]);
    await station.call("Heartbeat", {});
    expect(await server.send(limit(10))).toMatchObject({ status: "accepted" });
    const { chargingProfile } = (await station.command("SetChargingProfile")) as { chargingProfile: never };
    expect(chargingProfile).toMatchObject({ transactionId: "tx", chargingSchedule: [{ chargingRateUnit: "W" }] });
  });

  it("sends only the newest of limits that wait, and says offline when nobody is there", async () => {
    const { server } = await siteOfTest([chargePoint("cp")]);
    expect(await server.send(limit(10))).toMatchObject({ status: "offline" });
    const station = await Station.open(server.port, "/ocpp/cp", ["ocpp1.6"]);
    await siteOfTest([]);
    const [older, newer] = [server.send(limit(16)), server.send(limit(6))];
    await station.call("BootNotification", BOOT);
    expect(await older).toMatchObject({ status: "rejected", detail: "superseded" });
    expect(await newer).toMatchObject({ status: "accepted" });
  });
});

describe("a charger whose clock is wrong", () => {
  const values = (clock: TestClock, lagMs: number) => ({
    connectorId: 1,
    meterValue: [
      {
        timestamp: new Date(clock.nowMs - lagMs).toISOString(),
        sampledValue: [{ value: "10", measurand: "Current.Import", phase: "L1", unit: "A" }],
      },
    ],
  });
  const startOf = async (station: Station) => {
    const { csChargingProfiles } = (await station.command("SetChargingProfile")) as {
      csChargingProfiles: { chargingSchedule: { startSchedule: string } };
    };
    return Date.parse(csChargingProfiles.chargingSchedule.startSchedule);
  };

  it.each([
    ["five minutes slow", 300_000],
    ["two hours fast, local time marked Z", -7_200_000],
    ["never set, 1970", Date.UTC(2026, 0, 14, 11, 59)],
  ])("%s, is understood after half a minute, and gets its limits in its own time", async (_, lagMs) => {
    const clock = new TestClock();
    const { server, inputs } = await siteOfTest([chargePoint("cp")], { clock });
    const station = await Station.open(server.port, "/ocpp/cp", ["ocpp1.6"]);
    await station.call("BootNotification", BOOT);
    const sent = limit(10) as Extract<ChargePointCommand, { type: "set-limit" }>;
    const schedule = { ...sent.schedule, startMs: clock.nowMs };
    await server.send({ ...sent, schedule });
    expect(await startOf(station)).toBe(clock.nowMs - 60_000);
    station.received.length = 0;
    for (let count = 0; count < 4; count++) {
      await station.call("MeterValues", values(clock, lagMs), `m${count}`);
      clock.advance(10_000);
    }
    const metered = inputs.filter((input) => input.type === "metered");
    expect(metered.at(-1)!.samples[0]!.atMs).toBe(clock.nowMs - 10_000);
    expect(await startOf(station)).toBe(Math.max(0, schedule.startMs - 60_000 - lagMs));
    const told = inputs.filter((input) => input.type === "violated" && input.action === "clock");
    expect(told).toHaveLength(1);
  });

  it("is not suspected where it sends what waited in its queue", async () => {
    const clock = new TestClock();
    const { server, inputs } = await siteOfTest([chargePoint("cp")], { clock });
    const station = await Station.open(server.port, "/ocpp/cp", ["ocpp1.6"]);
    for (let minutes = 60; minutes > 0; minutes--) {
      await station.call("MeterValues", values(clock, minutes * 60_000), `q${minutes}`);
      clock.advance(700);
    }
    const metered = inputs.filter((input) => input.type === "metered");
    expect(metered[30]!.samples[0]!.atMs).toBeLessThan(clock.nowMs - 29 * 60_000);
    expect(inputs.some((input) => input.type === "violated" && input.action === "clock")).toBe(false);
  });
});

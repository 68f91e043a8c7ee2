/** From a meter's reading to the charging profile on the wire: real OCPP sockets, a real ledger, a phase overloaded. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { realClock } from "../../src/app/clock.ts";
import { parseConfiguration } from "../../src/app/configuration.ts";
import { Controller } from "../../src/app/controller.ts";
import { silentLog } from "../../src/app/log.ts";
import { Recorder } from "../../src/app/recorder.ts";
import { siteModel } from "../../src/core/site-model.ts";
import { openLedger, openTape } from "../../src/ledger/index.ts";
import { startOcppServer } from "../../src/ocpp/server.ts";
import { createSolver } from "../../src/solver/solver.ts";
import type { BenchLine } from "./line.ts";

const ROUNDS = 10;

function configuration(evses: number) {
  return {
    site: { id: "bench", timeZone: "UTC", country: "NL" },
    gridConnection: { mainFuseA: 18 * evses, meter: "grid-meter", worstBuildingLoadA: 1 },
    chargePoints: Array.from({ length: evses }, (_, index) => ({
      id: `cp${index}`,
      evses: [{ id: `e${index}`, maxCurrentA: 16, safeCurrentA: 16 }],
    })),
    devices: [{ id: "grid-meter", role: "meter", profile: "eastron-sdm630", connection: { tcp: { host: "x" } } }],
    tariff: { import: { kind: "fixed", eurPerKwh: 0.3 } },
  };
}

/** A station that answers everything and says when a limit below `belowA` arrives. */
function station(port: number, index: number, onLimit: (currentA: number) => void): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ocpp/cp${index}`, ["ocpp1.6"]);
  socket.on("message", (data) => {
    const [type, id, action, payload] = JSON.parse(String(data));
    if (type !== 2) return;
    if (action === "SetChargingProfile" && payload.csChargingProfiles.chargingProfilePurpose === "TxProfile")
      onLimit(payload.csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].limit);
    const answer = action === "GetConfiguration" ? { configurationKey: [], unknownKey: [] } : { status: "Accepted" };
    socket.send(JSON.stringify([3, id, answer]));
  });
  return new Promise((resolve) => socket.on("open", () => resolve(socket)));
}

async function latencies(evses: number): Promise<number[]> {
  const directory = mkdtempSync(join(tmpdir(), "wattledger-bench-"));
  const parsed = parseConfiguration(JSON.stringify(configuration(evses)), "bench");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const clock = realClock();
  const { ledger, state } = openLedger({ directory, log: silentLog });
  const tape = openTape({ directory, keepDays: 1, log: silentLog });
  const recorder = new Recorder({ ledger, state, boot: "bench", clock, log: silentLog });
  const solver = createSolver({ log: silentLog });
  const prices = { importEurPerKwh: () => 0.3, exportEurPerKwh: () => 0.08 };
  const controller = new Controller({
    site: siteModel(parsed.configuration),
    recorder,
    tape,
    clock,
    log: silentLog,
    prices,
    solver,
    simulated: true,
  });
  const server = await startOcppServer({
    host: "127.0.0.1",
    port: 0,
    chargePoints: parsed.configuration.chargePoints,
    verifyPassword: async () => true,
    handle: (input) => controller.handle(input),
    clock,
    log: silentLog,
  });
  controller.attach({
    chargePoints: server,
    devices: { setBattery: async () => ({ status: "accepted", detail: "" }), close: async () => {} },
  });
  controller.start();
  let arrived: (atMs: number) => void = () => {};
  const limits = new Array<number>(evses).fill(16);
  const sockets = await Promise.all(
    Array.from({ length: evses }, (_, index) =>
      station(server.port, index, (currentA) => {
        if (currentA < limits[index]!) arrived(performance.now());
        limits[index] = currentA;
      }),
    ),
  );
  const call = (index: number, action: string, payload: object) =>
    sockets[index]!.send(JSON.stringify([2, `${action}-${Math.random()}`, action, payload]));
  const reading = (currentA: number) =>
    controller.sink.meter({
      deviceId: "grid-meter",
      atMonoMs: clock.monoMs(),
      powerW: 690 * currentA,
      currentA: [currentA, currentA, currentA],
    });
  for (let index = 0; index < evses; index++) {
    call(index, "BootNotification", { chargePointVendor: "b", chargePointModel: "b" });
    call(index, "StartTransaction", { connectorId: 1, idTag: "t", meterStart: 0, timestamp: new Date().toISOString() });
  }
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const measured: number[] = [];
  const sumA = () => limits.reduce((sum, limitA) => sum + limitA, 0);
  const report = () => {
    for (let index = 0; index < evses; index++) {
      const limitA = limits[index]!;
      controller.sink.evse({
        evseId: `e${index}`,
        atMonoMs: clock.monoMs(),
        currentA: [limitA, limitA, limitA],
        powerW: 690 * limitA,
      });
    }
  };
  for (let round = 0; round < ROUNDS; round++) {
    // The cars draw what they may; then the building draws another ampere an EVSE, and the fuse is overloaded.
    for (let step = 0; step < 3; step++) {
      report();
      reading(Math.min(18 * evses, sumA() + evses));
      await pause(250);
    }
    const started = performance.now();
    const done = new Promise<number | undefined>((resolve) => {
      arrived = resolve;
      setTimeout(() => resolve(undefined), 1_000);
    });
    reading(19 * evses);
    const atMs = await done;
    arrived = () => {};
    if (atMs !== undefined) measured.push(atMs - started);
    await pause(300);
  }
  for (const socket of sockets) socket.terminate();
  controller.stop();
  await server.close();
  await solver.close();
  tape.close();
  ledger.close();
  rmSync(directory, { recursive: true, force: true });
  return measured.sort((a, b) => a - b);
}

export async function benchLatency(): Promise<BenchLine[]> {
  const lines: BenchLine[] = [];
  for (const evses of [10, 100]) {
    const sorted = await latencies(evses);
    const at = (part: number) =>
      Math.round((sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN) * 10) / 10;
    const detail = `first reduction on the socket after an overloaded reading, ledger on disk before, ${sorted.length} of ${ROUNDS} rounds shed`;
    lines.push({ name: `reading to wire p50, ${evses} EVSE`, value: at(0.5), unit: "ms", detail });
    lines.push({ name: `reading to wire, worst, ${evses} EVSE`, value: at(1), unit: "ms", limit: 50 });
  }
  return lines;
}

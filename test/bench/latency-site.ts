/**
 * A site on real OCPP sockets and a real ledger, whose meter says what the benchmark wants. What has to pass between two
 * overloads passes at once: its clock jumps. From an overload to the wire everything takes the time that it takes.
 */
import { WebSocket } from "ws";
import { realClock } from "../../src/app/clock.ts";
import { parseConfiguration } from "../../src/app/configuration/configuration.ts";
import { silentLog } from "../../src/app/log.ts";
import { Recorder } from "../../src/app/recording/recorder.ts";
import { Controller } from "../../src/app/tick/controller.ts";
import type { Solver } from "../../src/core/ports.ts";
import { siteModel } from "../../src/core/site/site-model.ts";
import { evolve } from "../../src/core/state/state.ts";
import { openLedger, openTape } from "../../src/ledger/index.ts";
import { startOcppServer } from "../../src/ocpp/server.ts";
import { createSolver } from "../../src/solver/solver.ts";
import { limitFact } from "./limit-fact.ts";

const MOST_A = 16;
const METER_EVERY_MS = 1_000;
/** Cars have obeyed, and credits are over. */
const SETTLE_MS = 12_000;
/** Below this mean there is little left to shed. */
const RECOVER_BELOW_A = 12;
const RECOVERED_A = 15;
const RECOVER_STEP_MS = 8_000;
const MOST_RECOVER_STEPS = 60;

function configuration(evses: number) {
  return {
    site: { id: "bench", timeZone: "UTC", country: "NL" },
    gridConnection: { mainFuseA: 18 * evses, meter: "grid-meter", worstBuildingLoadA: 1 },
    chargePoints: Array.from({ length: evses }, (_, index) => ({
      id: `cp${index}`,
      evses: [{ id: `e${index}`, maxCurrentA: MOST_A, safeCurrentA: MOST_A }],
    })),
    devices: [{ id: "grid-meter", role: "meter", profile: "eastron-sdm630", connection: { tcp: { host: "x" } } }],
    tariff: { import: { kind: "fixed", eurPerKwh: 0.3 } },
  };
}

/** A station that answers everything and says which limit arrives. */
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

export interface LatencySite {
  readonly solver: Solver;
  /** Everything is calm for a while of its clock, and cars that were shed get their current back. */
  calm(): Promise<void>;
  /** The meter reads so many A above the fuse; resolves with the ms until the first reduction is at a station, if one comes. */
  overload(byA: number): Promise<number | undefined>;
  close(): Promise<void>;
}

const PATIENCE_MS = 1_000;

/** Starts it in `directory`, with cars charging everywhere and `oldFacts` facts in the ledger. */
export async function startLatencySite(directory: string, evses: number, oldFacts: number): Promise<LatencySite> {
  const parsed = parseConfiguration(JSON.stringify(configuration(evses)), "bench");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const real = realClock();
  let aheadMs = 0;
  const clock = { ...real, wallMs: () => real.wallMs() + aheadMs, monoMs: () => real.monoMs() + aheadMs };
  const opened = openLedger({ directory, log: silentLog });
  const { ledger } = opened;
  const old = Array.from({ length: oldFacts }, (_, index) => limitFact(index + 1));
  for (let at = 0; at < oldFacts; at += 1000) await ledger.append(old.slice(at, at + 1000));
  const state = old.reduce(evolve, opened.state);
  const tape = openTape({ directory, keepDays: 1, log: silentLog });
  const recorder = new Recorder({ ledger, state, boot: "bench", clock, log: silentLog });
  const solver = createSolver({ log: silentLog });
  const controller = new Controller({
    site: siteModel(parsed.configuration),
    recorder,
    tape,
    clock,
    log: silentLog,
    prices: { importEurPerKwh: () => 0.3, exportEurPerKwh: () => 0.08 },
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
    devices: {
      setBattery: async () => ({ status: "accepted", detail: "" }),
      limitPv: async () => ({ status: "accepted", detail: "" }),
      close: async () => {},
    },
  });
  controller.start();

  let reduced: (atMs: number) => void = () => {};
  const limits = new Array<number>(evses).fill(MOST_A);
  const sockets = await Promise.all(
    limits.map((_, index) =>
      station(server.port, index, (currentA) => {
        if (currentA < limits[index]!) reduced(performance.now());
        limits[index] = currentA;
      }),
    ),
  );
  const call = (index: number, action: string, payload: object) =>
    sockets[index]!.send(JSON.stringify([2, `${action}-${Math.random()}`, action, payload]));
  for (let index = 0; index < evses; index++) {
    const timestamp = new Date().toISOString();
    call(index, "BootNotification", { chargePointVendor: "b", chargePointModel: "b" });
    call(index, "StartTransaction", { connectorId: 1, idTag: "t", meterStart: 0, timestamp });
  }
  const reading = (currentA: number) =>
    controller.sink.meter({
      deviceId: "grid-meter",
      atMonoMs: clock.monoMs(),
      powerW: 690 * currentA,
      currentA: [currentA, currentA, currentA],
    });
  /** After `ms` of its clock the EVSEs draw what they may and the meter sees it; resolves after the tick. */
  const look = async (ms: number) => {
    aheadMs += ms;
    const { ticks } = controller.health();
    for (const [index, limitA] of limits.entries())
      controller.sink.evse({
        evseId: `e${index}`,
        atMonoMs: clock.monoMs(),
        currentA: [limitA, limitA, limitA],
        powerW: 690 * limitA,
      });
    reading(limits.reduce((sum, limitA) => sum + limitA, evses));
    while (controller.health().ticks === ticks) await new Promise(setImmediate);
  };
  const meanA = () => limits.reduce((sum, limitA) => sum + limitA, 0) / evses;
  return {
    solver,
    async calm() {
      await look(SETTLE_MS);
      const isLow = meanA() < RECOVER_BELOW_A;
      for (let step = 0; isLow && meanA() < RECOVERED_A && step < MOST_RECOVER_STEPS; step++) {
        await look(RECOVER_STEP_MS);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await look(SETTLE_MS);
      await look(1_000);
    },
    async overload(byA) {
      const { promise, resolve } = Promise.withResolvers<number | undefined>();
      const patience = setTimeout(() => resolve(undefined), PATIENCE_MS);
      reduced = resolve;
      // The meter is read once a second: the least gap between two looks of the guard has passed.
      aheadMs += METER_EVERY_MS;
      const startedMs = performance.now();
      reading(18 * evses + byA);
      const atMs = await promise;
      clearTimeout(patience);
      reduced = () => {};
      return atMs === undefined ? undefined : atMs - startedMs;
    },
    async close() {
      for (const socket of sockets) socket.terminate();
      controller.stop();
      await server.close();
      await solver.close();
      tape.close();
      ledger.close();
    },
  };
}

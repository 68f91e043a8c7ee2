/** Composition: from a configuration to a running site. The only file that knows every room. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as passed } from "node:timers/promises";
import type { ApiOptions } from "../api/server.ts";
import type { ChargePointCommand, ChargePointInput, CommandResult } from "../core/charge-point-input.ts";
import type { SiteDraft } from "../core/facts/index.ts";
import type { Clock, Log, PlanService, Prices, SiteAccess } from "../core/ports.ts";
import { mountings } from "../core/site/mountings.ts";
import type { SiteConfiguration } from "../core/site/site.ts";
import { type SiteModel, siteModel } from "../core/site/site-model.ts";
import { openLedger, openTape } from "../ledger/index.ts";
import { startOcppServer } from "../ocpp/server.ts";
import { createSolver } from "../solver/solver.ts";
import type { RealClock } from "./clock.ts";
import { openDriverKeys } from "./driver-links/keys.ts";
import { verifyPassword } from "./password.ts";
import { createPlanReasons } from "./plan-reasons.ts";
import { createPrices } from "./prices/prices.ts";
import { Recorder } from "./recording/recorder.ts";
import { release } from "./release.ts";
import { createNotifier } from "./supervision/notify.ts";
import { type StallWatch, watchStalls } from "./supervision/stall-watch.ts";
import { createSupervisor, inCore, type Supervisor } from "./supervision/supervise.ts";
import { superviseLines } from "./supervision/supervised-lines.ts";
import { Controller } from "./tick/controller.ts";

export interface RunOptions {
  readonly configuration: SiteConfiguration;
  readonly configurationHash: string;
  /** Relative paths of the configuration begin here. */
  readonly directory: string;
  /** Where it can be wrong at a start it is told when the last fact was written. */
  readonly clock: Clock & Partial<Pick<RealClock, "notBefore">>;
  readonly log: Log;
  readonly simulated: boolean;
  /** Too much went wrong: the process has to end, and be started anew. */
  readonly giveUp?: (message: string) => void;
}

export interface RunningSite {
  readonly controller: Controller;
  readonly apiPort: number;
  readonly ocppPort: number;
  /** Says goodbye in the ledger and closes everything; the leases at the charge points run out by themselves. */
  close(reason: string): Promise<void>;
}

/** What was opened, closed in the opposite order, and why. */
interface Closing {
  readonly stack: AsyncDisposableStack;
  reason: string;
}

interface Parts {
  readonly options: RunOptions;
  readonly model: SiteModel;
  readonly supervisor: Supervisor;
  readonly closing: Closing;
}

const HEALTHY_TICK_AGE_MS = 5_000;
/** So long is the first tick waited for, at most. */
const FIRST_TICK_MS = 2_000;

function tlsOf({ ocpp }: SiteConfiguration, directory: string) {
  if (!ocpp.tls) return {};
  const { certFile, keyFile } = ocpp.tls;
  return {
    tls: {
      cert: readFileSync(resolve(directory, certFile), "utf8"),
      key: readFileSync(resolve(directory, keyFile), "utf8"),
    },
  };
}

/** Opens the ledger and brings a recorder up to it; the boot is the first fact. Closed last, with a goodbye. */
async function openBooks(
  options: RunOptions,
  closing: Closing,
  onWriterCrash: (error: unknown, pauseMs: number) => void,
) {
  const { configuration, clock, log, directory } = options;
  const ledgerDirectory = resolve(directory, configuration.ledger.directory);
  const { ledger, state, cleanStop } = openLedger({ directory: ledgerDirectory, log, clock, onCrash: onWriterCrash });
  closing.stack.defer(() => ledger.close());
  const [last] = ledger.read(ledger.lastSeq - 1, 1);
  if (last) clock.notBefore?.(last.atMs);
  const tape = openTape({ directory: ledgerDirectory, keepDays: configuration.ledger.tapeDays, log });
  closing.stack.defer(() => tape.close());
  const recorder = new Recorder({ ledger, state, boot: randomUUID(), clock, log });
  const { configurationHash } = options;
  const { upstream } = configuration;
  const tariffs = upstream ? { tariffs: upstream.tariffs, currency: upstream.currency } : {};
  // A disk that is full must not keep the site dark: the fact waits.
  await recorder.note([
    { type: "booted", source: "controller", data: { release: release(), cleanStop, configurationHash, ...tariffs } },
  ]);
  closing.stack.defer(async () => {
    const { reason } = closing;
    await recorder
      .record(() => ({ drafts: [{ type: "stopped", source: "controller", data: { reason } }], answer: undefined }))
      .catch(() => undefined);
    ledger.saveSnapshot(recorder.state());
  });
  return { ledger, tape, recorder };
}

/** Ends the process; what waits for the disk is what a power cut would lose too. */
function end(log: Log): (message: string) => void {
  return (message) => {
    log.error(message);
    process.exit(1);
  };
}

/** Providers of forecasts, where there are any: the site is driven without them as well. */
async function startForecasts({ options, supervisor, closing }: Parts, recorder: Recorder): Promise<void> {
  const { configuration, directory, clock, log } = options;
  if (!configuration.forecasts?.length) return;
  const { createForecasts } = await import("./forecasts/forecasts.ts");
  const record = inCore((drafts: readonly SiteDraft[]) => recorder.note(drafts));
  const start = () => createForecasts({ configuration, directory, clock, log, record });
  const forecasts = await supervisor.start("The forecasts", start, { optional: true });
  closing.stack.defer(() => forecasts.close());
}

async function startPrices({ options, supervisor, closing }: Parts): Promise<Prices> {
  const { configuration, directory, clock, log } = options;
  const market = { tariff: configuration.tariff, timeZone: configuration.site.timeZone, directory, clock, log };
  // What was known stays while they are started again.
  let known: Prices = { importEurPerKwh: () => undefined, exportEurPerKwh: () => undefined };
  const prices = await supervisor.start("The price source", () => {
    const started = createPrices(market);
    known = started;
    return started;
  });
  closing.stack.defer(() => prices.close());
  return {
    importEurPerKwh: (slotMs) => known.importEurPerKwh(slotMs),
    exportEurPerKwh: (slotMs) => known.exportEurPerKwh(slotMs),
  };
}

/** The OCPP server and the Modbus lines, attached to the controller. Resolves with the OCPP port. */
async function startDevices({ options, supervisor, closing }: Parts, controller: Controller): Promise<number> {
  const { configuration, directory, clock, log } = options;
  const { ocpp, chargePoints } = configuration;
  let port = ocpp.port;
  const handle = inCore((input: ChargePointInput) => controller.handle(input));
  const server = await supervisor.start("The OCPP server", async () => {
    const listen = { host: ocpp.host, port, ...tlsOf(configuration, directory) };
    const started = await startOcppServer({ ...listen, chargePoints, verifyPassword, handle, clock, log });
    // One that the system chose stays: charge points know it.
    port = started.port;
    return started;
  });
  closing.stack.defer(() => server.close());
  const devices = await superviseLines(supervisor, {
    devices: configuration.devices,
    mountingOf: mountings(configuration),
    inputs: {
      all: configuration.gridOperator?.inputs ?? [],
      onRead: (id, closed) => controller.sink.input(id, closed),
    },
    sink: controller.sink,
    clock,
    log,
  });
  closing.stack.defer(() => devices.close());
  const down: CommandResult = { status: "offline", detail: "the OCPP server is being started again" };
  const send = async (command: ChargePointCommand) => (await server.use((shell) => shell.send(command))) ?? down;
  controller.attach({ chargePoints: { send, close: () => server.close() }, devices });
  return port;
}

/** What API and MQTT may ask of the site: a defect in it is not theirs, a defect in their callbacks is. */
function accessTo(controller: Controller): SiteAccess {
  return {
    state: () => controller.state(),
    read: (afterSeq, limit) => controller.read(afterSeq, limit),
    record: inCore((drafts) => controller.record(drafts)),
    command: inCore((command, by) => controller.command(command, by)),
    subscribe: inCore((listener) => controller.subscribe(listener)),
  };
}

/** The API with the page and the OCPI partners. Resolves with the API's port. */
async function startWeb(
  parts: Parts,
  controller: Controller,
  { planner, ...about }: Pick<ApiOptions, "health" | "metrics"> & { readonly planner: PlanService },
) {
  const { options, model, supervisor, closing } = parts;
  const { configuration, directory, clock, log } = options;
  const { host, tokenHash } = configuration.api;
  const shared = { site: accessTo(controller), model, live: () => controller.live(), clock, log };
  const planReasons = createPlanReasons(model, () => controller.state().plan.current);
  const driverKeys = openDriverKeys(resolve(directory, configuration.ledger.directory), clock, log);
  let port = configuration.api.port;
  let page: ApiOptions["page"] | undefined;
  const startOnce = async () => {
    // Loaded and bundled when the guard is at work: a second on a Pi.
    const { startApi } = await import("../api/server.ts");
    const { buildPage } = await import("../web/bundle.ts");
    page ??= await buildPage();
    const token = tokenHash === undefined ? {} : { tokenHash };
    // Sites without partners or a broker do not pay for what speaks to them.
    const ocpi = configuration.upstream && (await import("./upstream.ts"));
    const upstream = ocpi?.startUpstreamOf({ ...shared, planner, configuration, directory });
    controller.useDrivers(upstream?.drivers);
    const market = upstream ? { upstream } : {};
    const web = { page, host, port, verifyPassword, driverKeys, planReasons, version: release() };
    const started = await startApi({ ...shared, ...about, ...token, ...market, ...web }).catch(async (error) => {
      controller.useDrivers(undefined);
      await upstream?.close();
      throw error;
    });
    port = started.port;
    const close = async () => {
      controller.useDrivers(undefined);
      await upstream?.close();
      await started.close();
    };
    return { close };
  };
  // A real site is driven without them too.
  const api = await supervisor.start("The API", startOnce, { optional: !options.simulated });
  closing.stack.defer(() => api.close());
  return port;
}

/** MQTT, where it is configured. */
async function startMqtt({ options, model, supervisor, closing }: Parts, controller: Controller): Promise<void> {
  const { configuration, directory, clock, log } = options;
  const { mqtt } = configuration;
  if (!mqtt) return;
  const { startBrokerOf } = await import("./broker.ts");
  const shared = { site: accessTo(controller), model, live: () => controller.live(), clock, log };
  const start = () => startBrokerOf({ ...shared, configuration: { ...configuration, mqtt }, directory });
  const broker = await supervisor.start("MQTT", start, { optional: true });
  closing.stack.defer(() => broker.close());
}

async function start(options: RunOptions, closing: Closing): Promise<RunningSite> {
  const { configuration, clock, log, simulated } = options;
  const model = siteModel(configuration);
  let note = (_draft: SiteDraft) => {};
  const supervisor = createSupervisor({
    clock,
    log,
    onCrash: (part, reason, pauseMs) =>
      note({ type: "part-crashed", source: "controller", data: { part, reason, pauseMs } }),
    giveUp: options.giveUp ?? end(log),
  });
  const { ledger, tape, recorder } = await openBooks(options, closing, (error, pauseMs) =>
    supervisor.crashed("The ledger's writer", error, pauseMs),
  );
  note = inCore((draft) => void recorder.note([draft]));
  const parts: Parts = { options, model, supervisor, closing };
  const solver = createSolver({ log });
  closing.stack.defer(() => solver.close());
  const prices = await startPrices(parts);
  const notifier = createNotifier();
  const firstTick = Promise.withResolvers<void>();
  const onTick = () => {
    firstTick.resolve();
    notifier.ticked();
    if (ledger.snapshotDue(recorder.state().seq)) ledger.saveSnapshot(recorder.state());
  };
  const controller = new Controller({ site: model, recorder, tape, clock, log, prices, solver, simulated, onTick });
  const ocppPort = await startDevices(parts, controller);
  controller.start();
  await startForecasts(parts, recorder);
  closing.stack.defer(() => controller.stop());
  const stalls = watchStalls({
    clock,
    log,
    onStall: (stalledMs) => note({ type: "controller-stalled", source: "controller", data: { stalledMs } }),
  });
  closing.stack.defer(() => stalls.stop());
  await Promise.race([firstTick.promise, passed(FIRST_TICK_MS, undefined, { ref: false })]);
  const apiPort = await startWeb(parts, controller, {
    planner: solver,
    health: () => healthOf(controller, recorder, clock),
    metrics: () => metricsOf(controller, recorder, stalls),
  });
  await startMqtt(parts, controller);
  closing.stack.defer(() => notifier.stopping());
  notifier.ready();
  return {
    controller,
    apiPort,
    ocppPort,
    async close(reason) {
      closing.reason = reason;
      await closing.stack.disposeAsync();
    },
  };
}

/** Starts a site. Throws with a message for people when a port is taken or the ledger refuses to open; nothing is left running. */
export async function runSite(options: RunOptions): Promise<RunningSite> {
  const closing: Closing = { stack: new AsyncDisposableStack(), reason: "it could not be started" };
  try {
    return await start(options, closing);
  } catch (error) {
    await closing.stack.disposeAsync();
    throw error;
  }
}

function healthOf(controller: Controller, recorder: Recorder, clock: Clock) {
  const { ticks, lastTickMonoMs } = controller.health();
  const { failure, backlog } = recorder.health();
  const tickAgeMs = Math.round(clock.monoMs() - lastTickMonoMs);
  const ok = ticks > 0 && tickAgeMs < HEALTHY_TICK_AGE_MS && failure === undefined;
  return { ok, ticks, tickAgeMs, ledger: failure ?? "ok", backlog };
}

function metricsOf(controller: Controller, recorder: Recorder, stalls: StallWatch): Record<string, number> {
  const { ticks, lastTickDurationMs, longestTickGapMs, interventions } = controller.health();
  const { lastCommitMs, backlog, dropped, damage } = recorder.health();
  return {
    wattledger_ticks_total: ticks,
    wattledger_tick_seconds: lastTickDurationMs / 1000,
    wattledger_longest_tick_gap_seconds: longestTickGapMs / 1000,
    wattledger_stalls_total: stalls.count,
    wattledger_longest_stall_seconds: stalls.longestMs / 1000,
    wattledger_guard_interventions_total: interventions,
    wattledger_ledger_commit_seconds: lastCommitMs / 1000,
    wattledger_ledger_damaged: damage ? 1 : 0,
    wattledger_ledger_backlog_facts: backlog,
    wattledger_ledger_dropped_facts_total: dropped,
    wattledger_resident_memory_bytes: process.memoryUsage().rss,
  };
}

/** Composition: from a configuration to a running site. The only file that knows every room. */
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { startApi } from "../api/server.ts";
import type { Clock, Log } from "../core/ports.ts";
import type { SiteConfiguration } from "../core/site.ts";
import { siteModel } from "../core/site-model.ts";
import { openLedger, openTape } from "../ledger/index.ts";
import { startModbusDevices } from "../modbus/devices.ts";
import { startOcppServer } from "../ocpp/server.ts";
import { createSolver } from "../solver/solver.ts";
import { buildPage } from "../web/bundle.ts";
import { startBrokerOf } from "./broker.ts";
import { Controller } from "./controller.ts";
import { createNotifier } from "./notify.ts";
import { verifyPassword } from "./password.ts";
import { createPrices } from "./prices.ts";
import { Recorder } from "./recorder.ts";
import { release } from "./release.ts";

export interface RunOptions {
  readonly configuration: SiteConfiguration;
  readonly configurationHash: string;
  /** Relative paths of the configuration begin here. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly simulated: boolean;
}

export interface RunningSite {
  readonly controller: Controller;
  readonly apiPort: number;
  readonly ocppPort: number;
  /** Says goodbye in the ledger and closes everything; the leases at the charge points run out by themselves. */
  close(reason: string): Promise<void>;
}

const HEALTHY_TICK_AGE_MS = 5_000;

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

/** Opens the ledger and brings a recorder up to it; the boot is the first fact. */
async function openBooks(options: RunOptions) {
  const { configuration, clock, log, directory } = options;
  const ledgerDirectory = resolve(directory, configuration.ledger.directory);
  mkdirSync(ledgerDirectory, { recursive: true });
  const { ledger, state, cleanStop } = openLedger({ directory: ledgerDirectory, log });
  const tape = openTape({ directory: ledgerDirectory, keepDays: configuration.ledger.tapeDays, log });
  const recorder = new Recorder({ ledger, state, boot: randomUUID(), clock, log });
  const { configurationHash } = options;
  await recorder.record(() => ({
    drafts: [{ type: "booted", source: "controller", data: { release: release(), cleanStop, configurationHash } }],
    answer: undefined,
  }));
  return { ledger, tape, recorder };
}

/** Starts a site. Throws with a message for people when a port is taken or the ledger refuses to open. */
export async function runSite(options: RunOptions): Promise<RunningSite> {
  const { configuration, clock, log, directory, simulated } = options;
  const site = siteModel(configuration);
  const page = await buildPage();
  const { ledger, tape, recorder } = await openBooks(options);
  const prices = createPrices({
    tariff: configuration.tariff,
    timeZone: configuration.site.timeZone,
    directory,
    clock,
    log,
  });
  const solver = createSolver({ log });
  const notifier = createNotifier();
  const controller = new Controller({
    site,
    recorder,
    tape,
    clock,
    log,
    prices,
    solver,
    simulated,
    onTick: () => {
      notifier.ticked();
      if (ledger.snapshotDue(recorder.state().seq)) ledger.saveSnapshot(recorder.state());
    },
  });

  const chargePoints = await startOcppServer({
    host: configuration.ocpp.host,
    port: configuration.ocpp.port,
    chargePoints: configuration.chargePoints,
    verifyPassword,
    handle: (input) => controller.handle(input),
    clock,
    log,
    ...tlsOf(configuration, directory),
  });
  const devices = startModbusDevices({
    devices: configuration.devices,
    inputs: {
      all: configuration.gridOperator?.inputs ?? [],
      onRead: (id, closed) => controller.sink.input(id, closed),
    },
    sink: controller.sink,
    clock,
    log,
  });
  controller.attach({ chargePoints, devices });
  controller.start();

  const { tokenHash } = configuration.api;
  const api = await startApi({
    host: configuration.api.host,
    port: configuration.api.port,
    site: controller,
    model: site,
    live: () => controller.live(),
    health: () => healthOf(controller, recorder, clock),
    metrics: () => metricsOf(controller, recorder),
    verifyPassword,
    page,
    clock,
    log,
    version: release(),
    ...(tokenHash === undefined ? {} : { tokenHash }),
  });
  const broker = startBrokerOf({
    configuration,
    directory,
    site: controller,
    model: site,
    live: () => controller.live(),
    clock,
    log,
  });
  notifier.ready();

  return {
    controller,
    apiPort: api.port,
    ocppPort: chargePoints.port,
    async close(reason) {
      notifier.stopping();
      controller.stop();
      await broker?.close();
      await api.close();
      await chargePoints.close();
      await devices.close();
      await solver.close();
      prices.close();
      await recorder
        .record(() => ({ drafts: [{ type: "stopped", source: "controller", data: { reason } }], answer: undefined }))
        .catch(() => undefined);
      ledger.saveSnapshot(recorder.state());
      tape.flush();
      tape.close();
      ledger.close();
    },
  };
}

function healthOf(controller: Controller, recorder: Recorder, clock: Clock) {
  const { ticks, lastTickMonoMs } = controller.health();
  const { failure, backlog } = recorder.health();
  const tickAgeMs = Math.round(clock.monoMs() - lastTickMonoMs);
  const ok = ticks > 0 && tickAgeMs < HEALTHY_TICK_AGE_MS && failure === undefined;
  return { ok, ticks, tickAgeMs, ledger: failure ?? "ok", backlog };
}

function metricsOf(controller: Controller, recorder: Recorder): Record<string, number> {
  const { ticks, lastTickDurationMs, interventions } = controller.health();
  const { lastCommitMs, backlog, dropped } = recorder.health();
  return {
    wattledger_ticks_total: ticks,
    wattledger_tick_seconds: lastTickDurationMs / 1000,
    wattledger_guard_interventions_total: interventions,
    wattledger_ledger_commit_seconds: lastCommitMs / 1000,
    wattledger_ledger_backlog_facts: backlog,
    wattledger_ledger_dropped_facts_total: dropped,
    wattledger_resident_memory_bytes: process.memoryUsage().rss,
  };
}

/** One life of the controller's process: the real controller, composed as `src/app/run.ts` does, on a boot clock and behind ports. */

import { createPrices } from "../../src/app/prices/prices.ts";
import { Recorder } from "../../src/app/recording/recorder.ts";
import { Controller } from "../../src/app/tick/controller.ts";
import type { ChargePoints, Devices, Log, Solver } from "../../src/core/ports.ts";
import type { SiteConfiguration } from "../../src/core/site/site.ts";
import { siteModel } from "../../src/core/site/site-model.ts";
import type { VirtualClock } from "../../src/sim/virtual-clock.ts";
import { BootClock, type WallClock } from "./boot-clock.ts";
import type { SimulatedDisk } from "./disk.ts";

export interface ProcessOptions {
  readonly configuration: SiteConfiguration;
  readonly time: VirtualClock;
  readonly wall: WallClock;
  readonly disk: SimulatedDisk;
  readonly solver: Solver;
  readonly chargePoints: ChargePoints;
  readonly devices: Devices;
  readonly log: Log;
  readonly boot: string;
}

const NO_TAPE = { write() {}, flush() {}, close() {} };
/** As often as the real ledger asks for one, in facts. */
const SNAPSHOT_EVERY = 500;

export class Process {
  readonly clock: BootClock;
  readonly controller: Controller;
  readonly recorder: Recorder;
  frozen = false;
  /** Since it has started. */
  running = false;
  readonly started: Promise<void>;
  readonly #ledger: ReturnType<SimulatedDisk["open"]>["ledger"];
  #snapshotSeq = 0;

  constructor({ configuration, time, wall, disk, solver, chargePoints, devices, log, boot }: ProcessOptions) {
    this.clock = new BootClock(time, wall);
    const { clock } = this;
    const { ledger, state, cleanStop } = disk.open();
    this.#ledger = ledger;
    this.recorder = new Recorder({ ledger, state, boot, clock, log });
    const data = { release: "world", cleanStop, configurationHash: "" };
    const { timeZone } = configuration.site;
    this.controller = new Controller({
      site: siteModel(configuration),
      recorder: this.recorder,
      tape: NO_TAPE,
      clock,
      log,
      prices: createPrices({ tariff: configuration.tariff, timeZone, directory: "", clock, log }),
      solver,
      simulated: true,
      onTick: () => this.#snapshot(),
    });
    // Without its first fact on disk a process does not start; systemd tries again.
    const booted = { type: "booted", source: "controller", data } as const;
    this.started = this.recorder
      .record(() => ({ drafts: [booted], answer: undefined }))
      .then(() => {
        this.controller.attach({ chargePoints, devices });
        this.controller.start();
        this.running = true;
      });
  }

  #snapshot(): void {
    const { seq } = this.recorder.state();
    if (seq < this.#snapshotSeq + SNAPSHOT_EVERY) return;
    this.#snapshotSeq = seq;
    this.#ledger.saveSnapshot(this.recorder.state());
  }

  /** Stands still: nothing is read, decided or answered. */
  freeze(): void {
    this.frozen = true;
    this.clock.freeze();
  }

  thaw(): void {
    this.frozen = false;
    this.clock.thaw();
  }

  /** kill -9. */
  kill(): void {
    this.controller.stop();
    this.clock.die();
  }
}

/** A site with OCPI on a real loopback port: controller, ledger in memory, virtual time, simulated cars. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Fastify, { type FastifyInstance } from "fastify";
import { cursorsIn } from "../../src/app/recording/cursor.ts";
import type { Clock, Log, PlanService } from "../../src/core/ports.ts";
import { startUpstream, type Upstream } from "../../src/ocpi/upstream.ts";
import { ruleBasedPlan } from "../../src/planner/rules/rules.ts";
import { freePort } from "../free-port.ts";
import type { RigOptions } from "../rig-configuration.ts";
import { SiteRig } from "../site-rig.ts";
import { type PartnerOptions, TestPartner } from "./partner.ts";

/** Plans by rules: stories about messages do not depend on GLPK. */
const rulePlanner: PlanService = { solve: async (input) => ruleBasedPlan(input, "rig") };

export interface OcpiRigOptions extends Partial<RigOptions> {
  readonly partner?: PartnerOptions;
  /** Of the partner in site.yaml. */
  readonly configuration?: Record<string, unknown>;
  /** Of `upstream` in site.yaml. */
  readonly upstream?: Record<string, unknown>;
}

export class OcpiRig {
  readonly site: SiteRig;
  readonly partner: TestPartner;
  readonly directory: string;
  readonly lines: string[] = [];
  readonly #port: number;
  #underWay = 0;
  upstream!: Upstream;
  #app!: FastifyInstance;

  private constructor(site: SiteRig, partner: TestPartner, port: number) {
    this.site = site;
    this.partner = partner;
    this.#port = port;
    this.directory = mkdtempSync(join(tmpdir(), "wattledger-ocpi-"));
  }

  /** Starts site and partner, not registered with each other. */
  static async start(options: OcpiRigOptions = {}): Promise<OcpiRig> {
    const partner = await TestPartner.listen(options.partner);
    const port = await freePort();
    const upstream = {
      countryCode: "NL",
      partyId: "CPO",
      name: "Site Charging",
      publicUrl: `http://127.0.0.1:${port}`,
      partners: [
        {
          id: "emsp",
          versionsUrl: partner.versionsUrl,
          allowHttp: true,
          allowPrivateAddresses: true,
          ...options.configuration,
        },
      ],
      ...options.upstream,
    };
    const site = new SiteRig({ stalls: [{ id: "one" }, { id: "two" }], ...options, upstream });
    const rig = new OcpiRig(site, partner, port);
    await rig.#open();
    return rig;
  }

  /** A site that is registered with its partner, by the partner's own doing. */
  static async registered(options: OcpiRigOptions = {}): Promise<OcpiRig> {
    const rig = await OcpiRig.start(options);
    const answer = await rig.partner.register(rig.versionsUrl, rig.upstream.issueToken("emsp")!);
    if (answer.body.status_code !== 1000) throw new Error(JSON.stringify(answer.body));
    return rig;
  }

  get versionsUrl(): string {
    return `http://127.0.0.1:${this.#port}/ocpi/versions`;
  }

  async #open(): Promise<void> {
    const say = (message: string, details?: object) =>
      void this.lines.push(`${message} ${JSON.stringify(details ?? {})}`);
    const log: Log = { debug: say, info: say, warn: say, error: say };
    const upstream = this.site.model.configuration.upstream!;
    const { controller } = this.site;
    const clock = this.#clock();
    const { directory } = this;
    const given = {
      planner: rulePlanner,
      upstream,
      directory,
      certificates: new Map(),
      site: controller,
      model: this.site.model,
      clock,
      log,
    };
    this.upstream = startUpstream({ ...given, openCursor: cursorsIn(directory, { clock, log }) });
    controller.useDrivers(this.upstream.drivers);
    this.#app = Fastify({ forceCloseConnections: true });
    await this.upstream.plugin(this.#app);
    await this.#app.listen({ host: "127.0.0.1", port: this.#port });
  }

  /** OCPI id of the session of a transaction. */
  sessionId(transactionId: number): string {
    const { open, ended } = this.site.controller.state().sessions;
    const session = open[transactionId] ?? ended.find((entry) => entry.transactionId === transactionId)!;
    return `rig-${Math.floor(session.startedMs / 1000).toString(36)}-${transactionId}`;
  }

  /** The site's clock, which also knows how many exchanges with partners are under way. */
  #clock(): Clock {
    const { clock } = this.site;
    return {
      wallMs: () => clock.wallMs(),
      monoMs: () => clock.monoMs(),
      wallTrusted: () => clock.wallTrusted(),
      every: (intervalMs, name, run) => clock.every(intervalMs, name, run),
      after: (delayMs, name, run) => {
        if (name !== "ocpi-timeout") return clock.after(delayMs, name, run);
        this.#underWay++;
        let open = true;
        const close = () => {
          if (open) this.#underWay--;
          open = false;
        };
        const stop = clock.after(delayMs, name, () => {
          close();
          run();
        });
        return () => {
          close();
          stop();
        };
      },
    };
  }

  /** Resolves when no exchange is under way and none follows. */
  async settled(): Promise<void> {
    for (let quiet = 0; quiet < 4; quiet++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#underWay > 0) quiet = -1;
    }
  }

  /** Lives for so many seconds; the network is faster than the clock. */
  async run(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      await this.site.run(1);
      await this.settled();
    }
  }

  /** The controller is killed and started again from its ledger and its files. */
  async restart(): Promise<void> {
    await this.upstream.close();
    await this.#app.close();
    this.site.restart();
    await this.#open();
  }

  /** What is in memory only is lost: files are as they are on disk now. */
  async cutPower(): Promise<void> {
    const files = readdirSync(this.directory).map(
      (name) => [join(this.directory, name), readFileSync(join(this.directory, name))] as const,
    );
    await this.upstream.close();
    await this.#app.close();
    for (const name of readdirSync(this.directory)) rmSync(join(this.directory, name));
    for (const [file, bytes] of files) writeFileSync(file, bytes);
    this.site.restart();
    await this.#open();
  }

  async close(): Promise<void> {
    await this.upstream.close();
    await this.#app.close();
    await this.partner.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

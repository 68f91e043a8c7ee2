/** A site in virtual time with the real API on a real port, and links for its drivers. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ApiOptions, startApi } from "../src/api/server.ts";
import { driverKey, openDriverKeys, prepareDriverSecrets } from "../src/app/driver-links/keys.ts";
import { silentLog } from "../src/app/log.ts";
import { hashPassword, verifyPassword } from "../src/app/password.ts";
import type { RigOptions } from "./rig-configuration.ts";
import { SiteRig } from "./site-rig.ts";

const HOST = "127.0.0.1";
/** What the owner is asked for. */
export const OWNER_TOKEN = "owners-token";

export class DriverRig {
  readonly rig: SiteRig;
  readonly directory = mkdtempSync(join(tmpdir(), "wattledger-driver-"));
  #api: { readonly port: number; close(): Promise<void> } | undefined;

  constructor(options: RigOptions = { stalls: [{ id: "left" }, { id: "right" }] }) {
    this.rig = new SiteRig(options);
  }

  /** Charge points are there; a car stands at the left one, whose driver has said nothing. */
  async start(page: ApiOptions["page"] = { routes: [] }, log = silentLog): Promise<this> {
    const { rig, directory } = this;
    this.#api = await startApi({
      host: HOST,
      port: 0,
      site: rig.controller,
      model: rig.model,
      live: () => rig.controller.live(),
      health: () => ({ ok: true, ticks: 1, tickAgeMs: 0, ledger: "ok", backlog: 0 }),
      metrics: () => ({}),
      tokenHash: await hashPassword(OWNER_TOKEN),
      verifyPassword,
      driverKeys: openDriverKeys(directory, rig.clock, log),
      page,
      clock: rig.clock,
      log,
      version: "test",
    });
    await rig.connectAll();
    await rig.plugIn("left", { override: false });
    await rig.run(20);
    return this;
  }

  key(evseId: string): string {
    return driverKey(prepareDriverSecrets(this.directory), evseId);
  }

  url(path: string): string {
    return `http://${HOST}:${this.#api!.port}${path}`;
  }

  link(evseId: string): string {
    return this.url(`/car#${evseId}/${this.key(evseId)}`);
  }

  see(evseId: string, key: string | undefined, headers: Record<string, string> = {}): Promise<Response> {
    const own: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
    return fetch(this.url(`/api/v1/driver/${evseId}`), { headers: { ...own, ...headers } });
  }

  say(evseId: string, key: string | undefined, body: object): Promise<Response> {
    const own: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const headers = { ...own, "content-type": "application/json" };
    return fetch(this.url(`/api/v1/driver/${evseId}/wish`), { method: "PUT", headers, body: JSON.stringify(body) });
  }

  async close(): Promise<void> {
    await this.#api?.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

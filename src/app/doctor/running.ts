/** The controller that runs, seen through its API; and the ports that it needs. */
import { createServer } from "node:net";
import type { SiteConfiguration } from "../../core/site/site.ts";
import type { LiveSite } from "../../core/view/view.ts";
import { type Finding, findingsOn } from "./finding.ts";

const PATIENCE_MS = 3_000;

/** Where this machine reaches the API. */
function apiUrl({ api }: Pick<SiteConfiguration, "api">): string {
  const host = api.host === "0.0.0.0" || api.host === "::" ? "127.0.0.1" : api.host;
  return `http://${host.includes(":") ? `[${host}]` : host}:${api.port}`;
}

export interface Running {
  readonly live: LiveSite;
  readonly health: { readonly ok: boolean; readonly tickAgeMs: number; readonly ledger: string };
}

async function json(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
  return response.json();
}

/** The controller of this configuration, where one answers. */
export async function findRunning(configuration: SiteConfiguration): Promise<Running | undefined> {
  try {
    const [live, health] = await Promise.all(
      ["/api/v1/site", "/healthz"].map((path) => json(`${apiUrl(configuration)}${path}`)),
    );
    const running = { live, health } as Running;
    return running.live.site.id === configuration.site.id ? running : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it ticks, and whether its ledger takes facts. */
export function checkController(running: Running | undefined): Finding {
  const { ok, fault, warning } = findingsOn("controller");
  if (!running)
    return warning(
      "it does not run: every charge point is at its safe current",
      "`sudo systemctl start wattledger`, when everything else is in order",
    );
  const { live, health } = running;
  const mode = live.mode.text === "" ? live.mode.word : `${live.mode.word}: ${live.mode.text}`;
  if (health.ledger !== "ok")
    return fault(`it runs, but records nothing: ${health.ledger}`, "Charging goes on protected; see the disk above");
  if (!health.ok)
    return fault(`it runs, but its last tick is ${health.tickAgeMs} ms old`, "See `journalctl -u wattledger`");
  return live.mode.word === "safe" ? warning(`it runs. ${mode}`, "See the devices below") : ok(`it runs. ${mode}`);
}

function portTaken(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

/** One line for each port: free, or taken by whom. */
export async function checkPorts(configuration: SiteConfiguration, running: boolean): Promise<Finding[]> {
  const wanted = [
    ["OCPP", configuration.ocpp],
    ["API", configuration.api],
  ] as const;
  return Promise.all(
    wanted.map(async ([name, { host, port }]): Promise<Finding> => {
      const { ok, fault } = findingsOn(`${name} port`);
      const problem = await portTaken(host, port);
      const place = `${host}:${port}`;
      if (problem === undefined && !running) return ok(`${place} is free`);
      if (problem === undefined)
        return fault(`nobody listens on ${place}`, "Restart the service: `sudo systemctl restart wattledger`");
      if (running) return ok(`${place} is held by the running controller`);
      if (problem === "EADDRINUSE")
        return fault(
          `${place} is taken by another program`,
          `\`sudo ss -ltnp 'sport = :${port}'\` names it; stop it, or use another port`,
        );
      if (problem === "EADDRNOTAVAIL")
        return fault(`${host} is no address of this machine`, "Correct the host in site.yaml; 0.0.0.0 takes all");
      return fault(
        `${place} cannot be used (${problem})`,
        "Ports below 1024 are not for this service: use another one",
      );
    }),
  );
}

/** One line on the charge points that are configured. */
export function checkChargePoints(configuration: SiteConfiguration, running: Running | undefined): Finding {
  const { ok, warning, unknown } = findingsOn("charge points");
  const ids = configuration.chargePoints.map(({ id }) => id);
  if (ids.length === 0) return warning("none are configured", "Add them to chargePoints in site.yaml");
  if (!running) return unknown(`${ids.length} configured; only a running controller knows who is connected`);
  const online = new Set(running.live.evses.filter((evse) => evse.online).map(({ chargePointId }) => chargePointId));
  const missing = ids.filter((id) => !online.has(id));
  if (missing.length === 0) return ok(`all ${ids.length} are connected`);
  const names = missing.slice(0, 10).join(", ") + (missing.length > 10 ? ", ..." : "");
  return warning(
    `${ids.length - missing.length} of ${ids.length} are connected; missing: ${names}`,
    `Their address is ws://<this machine>:${configuration.ocpp.port}/ocpp/<identity>; refused ones are in the log`,
  );
}

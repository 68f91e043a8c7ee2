/** The controller on the demonstration site: the same composition as a real one, on the simulated site's sockets. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Clock, Log } from "../core/ports.ts";
import { SILENT_STALL } from "../sim/demo/layout.ts";
import { type DemoOptions, startDemoSite } from "../sim/demo.ts";
import { type ConfigurationProblem, parseConfiguration } from "./configuration/configuration.ts";
import { prepareDriverSecrets } from "./driver-links/keys.ts";
import { driverLinks } from "./driver-links/links.ts";
import { hashPassword } from "./password.ts";
import { type RunningSite, runSite } from "./run.ts";

export interface RunningDemo {
  readonly site: RunningSite;
  readonly controlPort: number;
  readonly meterPort: number;
  /** For the console. */
  readonly text: string;
  close(reason: string): Promise<void>;
}

export interface DemoStart {
  readonly host: string;
  readonly directory: string;
  readonly ports: DemoOptions["ports"];
  readonly clock: Clock;
  readonly log: Log;
}

interface Greeting {
  readonly host: string;
  readonly site: RunningSite;
  readonly lines: readonly string[];
  readonly meterPort: number;
  /** What the code at a charge point leads to. */
  readonly driver: string;
}

function greeting({ host, site, lines, meterPort, driver }: Greeting): string {
  return [
    "",
    "wattledger drives a simulated building, over the real protocols, on measured input.",
    "",
    `  Dashboard   http://${host}:${site.apiPort}/`,
    `  Driver      ${driver}   (the code at stall 4: its driver has said nothing yet)`,
    `  API         http://${host}:${site.apiPort}/api/v1/openapi.json`,
    `  OCPP        ws://${host}:${site.ocppPort}/ocpp/<identity>   (1.6 and 2.0.1)`,
    `  Meter       mbpoll -m tcp -p ${meterPort} -a 1 -t 3:float -B -0 -r 52 -c 1 ${host}   (W)`,
    "",
    "In two minutes: a car comes after 15 s, a load overloads a phase after 45 s, a car leaves after 90 s.",
    ...lines,
    "",
    "With a site.yaml in this folder the same command drives the real site. Ctrl-C stops.",
    "",
  ].join("\n");
}

/** Starts both. The configuration goes through the same check as an installer's, and is left beside the ledger. */
export async function startDemo(
  options: DemoStart,
): Promise<RunningDemo | { readonly problems: readonly ConfigurationProblem[] }> {
  const { host, directory, clock, log } = options;
  const simulated = await startDemoSite({ ...options, hashPassword });
  const text = stringify(simulated.configuration);
  const file = join(directory, "site.yaml");
  writeFileSync(file, text);
  const result = parseConfiguration(text, file);
  if (!result.ok) {
    await simulated.close();
    return { problems: result.problems };
  }
  const { configuration, hash: configurationHash } = result;
  const site = await runSite({ configuration, configurationHash, directory, clock, log, simulated: true }).catch(
    async (error) => {
      await simulated.close();
      throw error;
    },
  );
  const secrets = prepareDriverSecrets(join(directory, configuration.ledger.directory));
  const links = driverLinks(configuration, secrets, `http://${host}:${site.apiPort}`);
  const driver = links.find(({ evseId }) => evseId === SILENT_STALL)?.url ?? "";
  simulated.connect({ ocppPort: site.ocppPort, apiPort: site.apiPort });
  return {
    site,
    controlPort: simulated.controlPort,
    meterPort: simulated.meterPort,
    text: greeting({ host, site, driver, lines: simulated.describe(), meterPort: simulated.meterPort }),
    async close(reason) {
      await simulated.close();
      await site.close(reason);
    },
  };
}

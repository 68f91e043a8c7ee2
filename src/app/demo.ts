/** The controller on the demonstration site: the same composition as a real one, on the simulated site's sockets. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Clock, Log } from "../core/ports.ts";
import { type DemoOptions, startDemoSite } from "../sim/demo.ts";
import { type ConfigurationProblem, parseConfiguration } from "./configuration/configuration.ts";
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

function greeting(host: string, site: RunningSite, lines: readonly string[], meterPort: number): string {
  return [
    "",
    "wattledger drives a simulated building, over the real protocols, on measured input.",
    "",
    `  Dashboard   http://${host}:${site.apiPort}/`,
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
  simulated.connect({ ocppPort: site.ocppPort, apiPort: site.apiPort });
  return {
    site,
    controlPort: simulated.controlPort,
    meterPort: simulated.meterPort,
    text: greeting(host, site, simulated.describe(), simulated.meterPort),
    async close(reason) {
      await simulated.close();
      await site.close(reason);
    },
  };
}

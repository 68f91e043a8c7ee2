/** `wattledger run --config site.yaml`: drives a real site until it is told to stop. */
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { realClock } from "../app/clock.ts";
import { problemText, readConfiguration } from "../app/configuration/configuration.ts";
import { profileProblems } from "../app/configuration/profile-check.ts";
import { consoleLog } from "../app/log.ts";
import { runSite } from "../app/run.ts";
import { untilStopped } from "../app/supervision/until-stopped.ts";
import { deviceProfile } from "../modbus/profiles.ts";
import { exitCodeOf } from "./refusal.ts";

/** What `--help` prints. */
export const USAGE = "Usage: wattledger run [--config site.yaml]   until it is told to stop (Ctrl-C, SIGTERM)";

/** Exit code 0 after a stop, 1 when the site could not be started, 2 usage. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { config: { type: "string", short: "c", default: "site.yaml" } } });
  const file = values.config;
  const result = readConfiguration(file);
  const problems = [
    ...result.problems,
    ...(result.ok ? profileProblems(result.configuration, { get: deviceProfile }, file, result.place) : []),
  ];
  for (const problem of problems) console.error(problemText(problem));
  if (!result.ok || problems.some((problem) => problem.severity === "error")) {
    console.error(
      "\nThe site was not started: its chargers keep their own fallback. Correct the file, then start again.",
    );
    return 1;
  }
  const { configuration, hash: configurationHash } = result;
  const log = consoleLog();
  // From the first moment on: what fails while the site starts is a shell's defect, or the end, as later.
  const stopped = untilStopped(log);
  const site = await runSite({
    configuration,
    configurationHash,
    directory: dirname(resolve(file)),
    clock: realClock(),
    log,
    simulated: false,
  }).catch((error: Error) => {
    console.error(`The site was not started: ${error.message}`);
    return exitCodeOf(error);
  });
  if (typeof site === "number") return site;
  console.log(
    `wattledger drives ${configuration.site.id}. Dashboard: http://${configuration.api.host}:${site.apiPort}/  OCPP: port ${site.ocppPort}`,
  );
  await site.close(await stopped);
  return 0;
}

/** `wattledger start`, what `npm start` runs: the site of ./site.yaml, or a simulated one when there is none. */
import { existsSync, mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { realClock } from "../app/clock.ts";
import { problemText } from "../app/configuration/configuration.ts";
import { startDemo } from "../app/demo.ts";
import { consoleLog } from "../app/log.ts";
import { untilStopped } from "../app/supervision/until-stopped.ts";
import { run } from "./run.ts";

/** What `--help` prints. */
export const USAGE = `Usage: wattledger start   drives ./site.yaml, or without one a simulated building:
  [--host 127.0.0.1] [--directory .wattledger/demo] [--api-port 8080] [--ocpp-port 8887] [--meter-port 5020]
  [--control-port 8090]`;

const OPTIONS = {
  host: { type: "string", default: "127.0.0.1" },
  directory: { type: "string", default: ".wattledger/demo" },
  "api-port": { type: "string", default: "8080" },
  "ocpp-port": { type: "string", default: "8887" },
  "meter-port": { type: "string", default: "5020" },
  "control-port": { type: "string", default: "8090" },
} as const;

/** Exit codes as of `run`. */
export async function start(args: string[]): Promise<number> {
  if (existsSync("site.yaml")) return run(["--config", "site.yaml", ...args]);
  const { values } = parseArgs({ args, options: OPTIONS });
  const directory = resolve(values.directory);
  mkdirSync(directory, { recursive: true });
  const log = consoleLog(process.env.WATTLEDGER_LOG ?? "warn");
  const meter = Number(values["meter-port"]);
  const ports = {
    meter,
    garageMeter: meter === 0 ? 0 : meter + 1,
    hybrid: meter === 0 ? 0 : meter + 2,
    control: Number(values["control-port"]),
    ocpp: Number(values["ocpp-port"]),
    api: Number(values["api-port"]),
  };
  const stopped = untilStopped(log);
  const demo = await startDemo({ host: values.host, directory, ports, clock: realClock(), log }).catch(
    (error: Error) => {
      console.error(`The simulated site could not be started: ${error.message}`);
      if ("code" in error && error.code === "EADDRINUSE")
        console.error("Another program uses that port; see --api-port, --ocpp-port, --meter-port, --control-port.");
      return undefined;
    },
  );
  if (!demo) return 1;
  if ("problems" in demo) {
    for (const problem of demo.problems) console.error(problemText(problem));
    return 1;
  }
  console.log(demo.text);
  await demo.close(await stopped);
  return 0;
}

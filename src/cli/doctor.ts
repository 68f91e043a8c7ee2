/** `wattledger doctor`: looks at everything that a site needs on its gateway, changes nothing, and says what to do. */
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readConfiguration } from "../app/configuration/configuration.ts";
import { profileProblems } from "../app/configuration/profile-check.ts";
import { checkLedger } from "../app/doctor/books.ts";
import { checkDevices } from "../app/doctor/devices.ts";
import { type Finding, findingsOn, findingText } from "../app/doctor/finding.ts";
import { checkClock, checkDisk, checkMachine, checkService } from "../app/doctor/machine.ts";
import { checkChargePoints, checkController, checkPorts, findRunning } from "../app/doctor/running.ts";
import { deviceProfile } from "../modbus/profiles.ts";

const INSTALLED = "/etc/wattledger/site.yaml";

function checkConfiguration(file: string) {
  const { ok, warning, fault } = findingsOn("site.yaml");
  const result = readConfiguration(file);
  const problems = [
    ...result.problems,
    ...(result.ok ? profileProblems(result.configuration, { get: deviceProfile }, file, result.place) : []),
  ];
  const first = problems.find(({ severity }) => severity === "error") ?? problems[0];
  if (!first) return { result, finding: ok(`${file} is in order`) };
  const advice = problems.length === 1 ? first.advice : `\`wattledger check ${file}\` shows all with what to do`;
  const text = `${first.message}${problems.length > 1 ? `, and ${problems.length - 1} more` : ""}`;
  return { result, finding: first.severity === "error" ? fault(text, advice) : warning(text, advice) };
}

async function findings(file: string, tell: (finding: Finding) => void): Promise<void> {
  tell(checkMachine());
  tell(await checkClock());
  const { result, finding } = checkConfiguration(file);
  tell(finding);
  tell(await checkService());
  if (!result.ok) return;
  const { configuration } = result;
  const ledger = resolve(dirname(resolve(file)), configuration.ledger.directory);
  tell(checkDisk(ledger));
  tell(checkLedger(ledger));
  const running = await findRunning(configuration);
  tell(checkController(running));
  for (const port of await checkPorts(configuration, running !== undefined)) tell(port);
  for (const device of await checkDevices(configuration.devices, running)) tell(device);
  tell(checkChargePoints(configuration, running));
}

/** What `--help` prints. */
export const USAGE = `Usage: wattledger doctor [--config site.yaml] [--json]   (without: ./site.yaml, else ${INSTALLED})`;

/** Exit code 0 when all is well, 1 with a fault, 3 with warnings only, 2 usage. */
export async function doctor(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { config: { type: "string", short: "c" }, json: { type: "boolean", default: false } },
  });
  const file = values.config ?? (existsSync("site.yaml") || !existsSync(INSTALLED) ? "site.yaml" : INSTALLED);
  const all: Finding[] = [];
  await findings(file, (finding) => {
    all.push(finding);
    if (!values.json) console.log(findingText(finding));
  });
  if (values.json) console.log(JSON.stringify(all, null, 2));
  if (all.some(({ state }) => state === "fault")) return 1;
  return all.some(({ state }) => state === "warning") ? 3 : 0;
}

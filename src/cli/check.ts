/** `wattledger check site.yaml`, or with `--config` as the others take it: what is wrong with a configuration; no device is touched. */
import { parseArgs } from "node:util";
import { problemText, readConfiguration } from "../app/configuration/configuration.ts";
import { profileProblems } from "../app/configuration/profile-check.ts";
import { deviceProfile } from "../modbus/profiles.ts";

/** What `--help` prints. */
export const USAGE =
  "Usage: wattledger check site.yaml [--json]   no device is touched; exit code 3 has warnings, 1 has to be corrected";

/** Exit code 0 in order, 1 errors, 2 usage, 3 warnings only. */
export async function check(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: "boolean", default: false }, config: { type: "string" } },
  });
  const [file, ...more] = values.config === undefined ? positionals : [values.config, ...positionals];
  if (file === undefined || more.length > 0) {
    console.error(USAGE);
    return 2;
  }
  const result = readConfiguration(file);
  const problems = [
    ...result.problems,
    ...(result.ok ? profileProblems(result.configuration, { get: deviceProfile }, file, result.place) : []),
  ];
  if (values.json) console.log(JSON.stringify(problems, null, 2));
  else for (const problem of problems) console.log(problemText(problem));
  const errors = problems.filter((problem) => problem.severity === "error").length;
  if (!values.json)
    console.log(
      errors > 0
        ? `${errors} to correct before the site can be driven.`
        : `${file} is in order${problems.length > 0 ? ", with warnings" : ""}.`,
    );
  return errors > 0 ? 1 : problems.length > 0 ? 3 : 0;
}

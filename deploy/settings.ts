/**
 * What install.sh needs to know of a site.yaml: `node deploy/settings.ts FILE` prints the address of /healthz on the
 * first line and the ledger's directory on the second.
 */
import { dirname, resolve } from "node:path";
import { problemText, readConfiguration } from "../src/app/configuration/configuration.ts";

const file = process.argv[2] ?? "site.yaml";
const result = readConfiguration(file);
if (!result.ok) {
  process.stderr.write(`${result.problems.map(problemText).join("\n")}\n`);
  process.exit(1);
}
const { api, ledger } = result.configuration;
const host = api.host === "0.0.0.0" || api.host === "::" ? "127.0.0.1" : api.host;
const health = `http://${host.includes(":") ? `[${host}]` : host}:${api.port}/healthz`;
process.stdout.write(`${health}\n${resolve(dirname(resolve(file)), ledger.directory)}\n`);

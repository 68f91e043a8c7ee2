/** `wattledger driver-links`: a link for each EVSE, and a page with their codes to print and stick on. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { problemText, readConfiguration } from "../app/configuration/configuration.ts";
import { prepareDriverSecrets } from "../app/driver-links/keys.ts";
import { driverLinks, guessedBase } from "../app/driver-links/links.ts";
import { sheet } from "../app/driver-links/sheet.ts";
import type { SiteConfiguration } from "../core/site/site.ts";

/** What `--help` prints. */
export const USAGE = `Usage: wattledger driver-links [--config site.yaml] [--url http://HOST:PORT] [--out driver-links.html]
  [--renew EVSE|all]   the old link of that EVSE, or all old links, open nothing any more`;

const OPTIONS = {
  config: { type: "string", short: "c", default: "site.yaml" },
  url: { type: "string" },
  out: { type: "string", default: "driver-links.html" },
  renew: { type: "string" },
} as const;

const LOOPBACK = new Set(["127.0.0.1", "localhost", "::1"]);

/** Scheme, host and port; `undefined` for what is no address of a page, or has a path. */
function baseOf(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isBase = url?.pathname === "/" && url.search === "" && url.hash === "" && url.username === "";
  return isBase && /^https?:$/.test(url.protocol) ? url.origin : undefined;
}

function evseIds({ chargePoints }: SiteConfiguration): string[] {
  return chargePoints.flatMap(({ evses }) => evses.map(({ id }) => id));
}

function refuse(message: string): number {
  console.error(`${message}\n${USAGE}`);
  return 2;
}

/** Exit code 0, 3 when phones cannot reach the page as it is configured, 1 when nothing could be made, 2 usage. */
export async function driverLinksCommand(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const result = readConfiguration(values.config);
  if (!result.ok) {
    for (const problem of result.problems) console.error(problemText(problem));
    return 1;
  }
  const { configuration } = result;
  const known = evseIds(configuration);
  const { renew } = values;
  if (renew !== undefined && renew !== "all" && !known.includes(renew))
    return refuse(`There is no EVSE "${renew}"; known: ${known.join(", ")}`);
  const base = baseOf(values.url ?? guessedBase(configuration));
  if (base === undefined) return refuse(`"${values.url}" is no address: write it like http://192.168.1.20:8080`);
  try {
    const directory = resolve(dirname(resolve(values.config)), configuration.ledger.directory);
    mkdirSync(directory, { recursive: true });
    const renewal = renew === undefined || renew === "all" ? renew : { evseId: renew };
    const links = driverLinks(configuration, prepareDriverSecrets(directory, renewal), base);
    for (const { evseId, url } of links) console.log(`${evseId.padEnd(16)} ${url}`);
    writeFileSync(values.out, sheet(links, configuration.site.name || configuration.site.id), { mode: 0o600 });
    chmodSync(values.out, 0o600);
  } catch (error) {
    console.error(`The links were not made: ${error instanceof Error ? error.message : String(error)}`);
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      console.error("Write --out into a folder that exists.");
    if (error instanceof Error && "code" in error && error.code === "EACCES")
      console.error(
        "Run it as the owner of the ledger (sudo -u wattledger ...), with --out where that user may write.",
      );
    return 1;
  }
  console.log(
    `\n${values.out}: print it, cut it, stick each code on its own EVSE, then remove the file: it holds the keys.`,
  );
  if (values.url !== undefined || !LOOPBACK.has(configuration.api.host)) return 0;
  console.error("Phones cannot reach these links: set api.host: 0.0.0.0, or give --url the address of your proxy.");
  return 3;
}

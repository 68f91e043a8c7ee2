/** `wattledger export events|sessions|savings|telemetry`: from a ledger, running or not, as JSONL or CSV. */
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { problemText, readConfiguration } from "../app/configuration/configuration.ts";
import { type SiteModel, siteModel } from "../core/site/site-model.ts";
import { exportEvents, exportSavings, exportSessions, exportTelemetry } from "../ledger/index.ts";
import { missingLedger } from "./ledger-directory.ts";

const EXPORTS = {
  events: exportEvents,
  sessions: exportSessions,
  savings: exportSavings,
  telemetry: exportTelemetry,
} as const;
/** What `--help` prints. */
export const USAGE = `Usage: wattledger export events|sessions|savings|telemetry --ledger DIRECTORY [--config site.yaml]
  [--format jsonl|csv] [--from TIME] [--to TIME] [--out FILE] [--delimiter ;] [--bom] [--time-zone ZONE]`;

const OPTIONS = {
  ledger: { type: "string" },
  config: { type: "string" },
  format: { type: "string", default: "jsonl" },
  from: { type: "string" },
  to: { type: "string" },
  out: { type: "string" },
  delimiter: { type: "string" },
  bom: { type: "boolean", default: false },
  "time-zone": { type: "string" },
} as const;

function timeOf(text: string | undefined): number | undefined {
  const ms = text === undefined ? undefined : Date.parse(text);
  if (ms !== undefined && Number.isNaN(ms))
    throw new RangeError(`"${text}" is no time; write it like 2026-11-21T00:00:00Z`);
  return ms;
}

/** The site, for savings over equal shares, which need the fuses; `undefined` without one. Throws on a refused one. */
function siteOf(file: string | undefined): SiteModel | undefined {
  if (file === undefined) return undefined;
  const result = readConfiguration(file);
  if (result.ok) return siteModel(result.configuration);
  throw new Error(result.problems.map(problemText).join("\n"));
}

/** Exit code 0, 1 when the ledger cannot be read, 2 usage. */
export async function exportCommand(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS });
  const [what] = positionals;
  const { ledger: directory, format } = values;
  if (directory === undefined || what === undefined || !(what in EXPORTS) || (format !== "jsonl" && format !== "csv")) {
    console.error(USAGE);
    return 2;
  }
  const missing = missingLedger(directory);
  if (missing !== undefined) {
    console.error(`Nothing was exported: ${missing}`);
    return 2;
  }
  try {
    const [fromMs, toMs] = [timeOf(values.from), timeOf(values.to)];
    const site = siteOf(values.config);
    const lines = EXPORTS[what as keyof typeof EXPORTS]({
      directory,
      format,
      byteOrderMark: values.bom,
      ...(site ? { site } : {}),
      ...(values.delimiter === ";" || values.delimiter === "," ? { delimiter: values.delimiter } : {}),
      ...(fromMs === undefined ? {} : { fromMs }),
      ...(toMs === undefined ? {} : { toMs }),
      ...(values["time-zone"] === undefined ? {} : { timeZone: values["time-zone"] }),
    });
    let written = 0;
    const counted = function* () {
      for (const line of lines) {
        written++;
        yield line;
      }
    };
    await pipeline(
      Readable.from(counted()),
      values.out === undefined ? process.stdout : createWriteStream(values.out),
      {
        end: values.out !== undefined,
      },
    );
    const headings = format === "csv" ? 1 : 0;
    if (written <= headings) console.error(`The ledger has no ${what} of that time yet.`);
    return 0;
  } catch (error) {
    // Whoever reads has enough, as `head` does.
    if (error instanceof Error && "code" in error && error.code === "EPIPE") return 0;
    console.error(`Nothing was exported: ${error instanceof Error ? error.message : String(error)}`);
    return error instanceof RangeError ? 2 : 1;
  }
}

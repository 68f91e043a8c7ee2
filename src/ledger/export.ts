/** Exports, line by line, from a ledger that may be running: a reading connection and short reads by sequence. */
import type Database from "better-sqlite3";
import type { Envelope } from "../core/facts/fact.ts";
import type { SiteModel } from "../core/site/site-model.ts";
import type { FactRow } from "./checksum.ts";
import { type LineFormat, lines, timeFormatter } from "./export-format.ts";
import { SAVINGS_COLUMNS, savingsByMonth, savingsRow } from "./export-savings.ts";
import { SESSION_COLUMNS, sessionRow, sessionsOf } from "./export-sessions.ts";
import { factOf } from "./row.ts";
import { ledgerFiles, openForReading } from "./schema.ts";
import { readTape } from "./tape.ts";

export interface ExportOptions extends LineFormat {
  readonly directory: string;
  /** Epoch ms; from inclusive, to exclusive. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** IANA zone of the times; UTC without one. Months of savings are by that of the site. */
  readonly timeZone?: string;
  /** The configured site, for savings over equal shares. */
  readonly site?: SiteModel;
}

const FACTS_PER_READ = 2000;
const EVENT_COLUMNS = [
  "seq",
  "at",
  "type",
  "version",
  "source",
  "cause",
  "key",
  "boot",
  "wallTrusted",
  "data",
] as const;

/** No read transaction stays open between two reads: a long one would let the write-ahead log grow. */
function* factsOf(database: Database.Database): Generator<Envelope> {
  const select = database.prepare("SELECT * FROM fact WHERE seq > ? ORDER BY seq LIMIT ?");
  for (let after = 0; ; ) {
    const rows = select.all(after, FACTS_PER_READ) as FactRow[];
    for (const row of rows) yield factOf(row);
    if (rows.length < FACTS_PER_READ) return;
    after = rows.at(-1)!.seq;
  }
}

function* withFacts<T>(directory: string, make: (facts: Generator<Envelope>) => Iterable<T>): Generator<T> {
  const database = openForReading(ledgerFiles(directory).events);
  try {
    yield* make(factsOf(database));
  } finally {
    database.close();
  }
}

function within(atMs: number, options: ExportOptions): boolean {
  return atMs >= (options.fromMs ?? Number.NEGATIVE_INFINITY) && atMs < (options.toMs ?? Number.POSITIVE_INFINITY);
}

/** Facts as lines. JSON keeps the envelope whole, so that the file can be read back; CSV has a readable time. */
export function* exportEvents(options: ExportOptions): Generator<string> {
  const time = timeFormatter(options.timeZone);
  const row = (fact: Envelope) => (options.format === "jsonl" ? { ...fact } : { ...fact, at: time(fact.atMs) });
  function* rows(facts: Iterable<Envelope>) {
    for (const fact of facts) if (within(fact.atMs, options)) yield row(fact);
  }
  yield* lines(withFacts(options.directory, rows), EVENT_COLUMNS, options);
}

/** Sessions that began within the time, as lines; open ones have no end. */
export function* exportSessions(options: ExportOptions): Generator<string> {
  const time = timeFormatter(options.timeZone);
  function* rows(facts: Iterable<Envelope>) {
    for (const session of sessionsOf(facts)) if (within(session.startedMs, options)) yield sessionRow(session, time);
  }
  yield* lines(withFacts(options.directory, rows), SESSION_COLUMNS, options);
}

/** What control saved, a line a month: the local one of the site, as bills and peaks are. */
export function* exportSavings(options: ExportOptions): Generator<string> {
  const { site, fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY } = options;
  const time = timeFormatter(options.timeZone ?? site?.configuration.site.timeZone);
  function* rows(facts: Iterable<Envelope>) {
    for (const month of savingsByMonth(facts, { fromMs, toMs, time, ...(site ? { site } : {}) }))
      yield savingsRow(month);
  }
  yield* lines(withFacts(options.directory, rows), SAVINGS_COLUMNS, options);
}

function channelsOf(options: ExportOptions, fromMs: number, toMs: number): string[] {
  const channels = new Set<string>();
  for (const sample of readTape(options.directory, fromMs, toMs)) {
    for (const channel in sample.values) channels.add(channel);
  }
  return [...channels].sort();
}

/** Raw samples of the tape as lines; a column a channel, in the quantised integers that the controller saw. */
export function* exportTelemetry(options: ExportOptions): Generator<string> {
  const time = timeFormatter(options.timeZone);
  const fromMs = options.fromMs ?? 0;
  const toMs = options.toMs ?? Number.MAX_SAFE_INTEGER;
  const channels = options.format === "csv" ? channelsOf(options, fromMs, toMs) : [];
  function* rows() {
    for (const sample of readTape(options.directory, fromMs, toMs)) {
      yield { at: time(sample.atMs), mono_ms: sample.monoMs, ...sample.values };
    }
  }
  yield* lines(rows(), ["at", "mono_ms", ...channels], options);
}

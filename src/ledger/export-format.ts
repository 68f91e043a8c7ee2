/** Lines of an export: JSON or CSV, and times as people's tables want them. */

export interface LineFormat {
  readonly format: "jsonl" | "csv";
  readonly delimiter?: "," | ";";
  readonly byteOrderMark?: boolean;
}

/** A cell; texts that a spreadsheet would run as a formula are defused, since tokens come from outside. */
function cell(value: unknown, delimiter: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const raw = typeof value === "string" ? value : JSON.stringify(value);
  const text = /^[=+\-@\t\r]/.test(raw) ? `'${raw}` : raw;
  return text.includes(delimiter) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The rows as lines, each with its line end. CSV has a header line of `columns`; JSON leaves missing values out. */
export function* lines(
  rows: Iterable<Readonly<Record<string, unknown>>>,
  columns: readonly string[],
  options: LineFormat,
): Generator<string> {
  if (options.format === "jsonl") {
    for (const row of rows) yield `${JSON.stringify(row)}\n`;
    return;
  }
  const delimiter = options.delimiter ?? ",";
  yield `${options.byteOrderMark ? "\uFEFF" : ""}${columns.join(delimiter)}\r\n`;
  for (const row of rows) yield `${columns.map((column) => cell(row[column], delimiter)).join(delimiter)}\r\n`;
}

/** Epoch ms to ISO 8601: UTC with `Z`, or local time with its offset in an IANA zone. */
export function timeFormatter(timeZone?: string): (atMs: number) => string {
  if (timeZone === undefined) return (atMs) => new Date(atMs).toISOString();
  const format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
  return (atMs) => {
    const name = format.formatToParts(atMs).find((part) => part.type === "timeZoneName")?.value ?? "GMT";
    const offset = name === "GMT" ? "+00:00" : name.slice(3);
    const [hours, minutes] = offset.slice(1).split(":").map(Number);
    const offsetMs = (offset.startsWith("-") ? -1 : 1) * ((hours ?? 0) * 60 + (minutes ?? 0)) * 60_000;
    return new Date(atMs + offsetMs).toISOString().replace("Z", offset);
  };
}

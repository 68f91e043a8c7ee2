/** Measured tables as people keep them: quotes, semicolons, decimal commas, blank cells, lines that are none. */

export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string>>[];
  /** Lines that have another number of cells than the header. */
  readonly unreadable: number;
}

/** The cells of a line; a quoted cell may hold the delimiter, and a quote written twice. */
function cells(line: string, delimiter: string): string[] {
  if (!line.includes('"')) return line.split(delimiter).map((cell) => cell.trim());
  const found: string[] = [];
  let cell = "";
  let quoted = false;
  for (let index = 0; index < line.length; index++) {
    const letter = line[index]!;
    if (letter === '"' && quoted && line[index + 1] === '"') {
      cell += '"';
      index++;
    } else if (letter === '"') quoted = !quoted;
    else if (letter === delimiter && !quoted) {
      found.push(cell.trim());
      cell = "";
    } else cell += letter;
  }
  return [...found, cell.trim()];
}

/** A number with a decimal comma, where no comma separates cells. */
function withPoint(cell: string, delimiter: string): string {
  return delimiter !== "," && /^[+-]?\d+,\d+$/.test(cell) ? cell.replace(",", ".") : cell;
}

/** What separates the cells, by the header. */
function delimiterOf(header: string): string {
  return [",", ";", "\t"].find((delimiter) => header.includes(delimiter)) ?? ",";
}

/** More lines than this no cell has: a quote that is never closed costs only its own line. */
const MOST_CELL_LINES = 20;

/** A quote at the beginning of the last cell that is not closed: elsewhere it stands for inches. */
const OPEN_CELL = /(?:^|[,;\t])\s*"(?:[^"]|"")*$/;

/** The cells of a line of the table that begins at `from`, and over how many lines of text it goes: a quoted cell may hold some. */
function rowAt(lines: readonly string[], from: number, { delimiter, count }: { delimiter: string; count: number }) {
  let text = lines[from]!;
  const first = cells(text, delimiter);
  const isOpen = () => OPEN_CELL.test(text);
  for (let length = 2; isOpen() && length <= MOST_CELL_LINES && from + length <= lines.length; length++) {
    text += `\n${lines[from + length - 1]}`;
    if (isOpen()) continue;
    const values = cells(text, delimiter);
    if (values.length === count) return { values, length };
    break;
  }
  return first.length === count ? { values: first, length: 1 } : undefined;
}

/** Reads a table with a header line. Empty lines are no rows, nor are those that begin with # and have no cell for each column. */
export function parseCsv(text: string): CsvTable {
  const lines = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
  const headerAt = lines.findIndex((line) => !line.startsWith("#"));
  const header = lines[headerAt] ?? "";
  const delimiter = delimiterOf(header);
  const columns = cells(header, delimiter).map((name) => name.toLowerCase());
  const rows: Record<string, string>[] = [];
  let unreadable = 0;
  for (let at = headerAt < 0 ? lines.length : headerAt + 1; at < lines.length; at++) {
    const row = rowAt(lines, at, { delimiter, count: columns.length });
    if (!row) {
      if (!lines[at]!.startsWith("#")) unreadable++;
      continue;
    }
    rows.push(Object.fromEntries(columns.map((name, index) => [name, withPoint(row.values[index]!, delimiter)])));
    at += row.length - 1;
  }
  return { columns, rows, unreadable };
}

/** A number of a cell; `undefined` for a blank one, NaN for one that is none. */
export function numberCell(cell: string | undefined): number | undefined {
  return cell === undefined || cell === "" ? undefined : Number(cell);
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?) ?(Z|UTC|[+-]\d\d(?::?\d\d)?)?)?$/i;

/** Minutes and colon as in the standard: +02 and +0200 are +02:00. */
function zoneText(zone: string): string {
  return /^[+-]/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3).replace(":", "") || "00"}` : "Z";
}

/** A time of a cell in ISO 8601, epoch ms: with its own zone, or as UTC; `undefined` for a blank one, NaN for one that is none. */
export function timeCell(cell: string | undefined): number | undefined {
  if (cell === undefined || cell === "") return undefined;
  const [, year, month, day, time = "00:00", zone = "Z"] = TIME.exec(cell) ?? [];
  if (Number(day) > new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()) return Number.NaN;
  return Date.parse(`${year}-${month}-${day}T${time.replace(",", ".")}${zoneText(zone)}`);
}

import { describe, expect, it } from "vitest";
import { numberCell, parseCsv, timeCell } from "./csv.ts";

describe("a measured table", () => {
  it("may be separated by semicolons or tabs, with decimal commas", () => {
    const { columns, rows } = parseCsv("\uFEFFStart_UTC;eur_per_kwh\r\n2025-01-01;0,25\r\n2025-01-02;-1,5\r\n");
    expect(columns).toEqual(["start_utc", "eur_per_kwh"]);
    expect(rows.map((row) => numberCell(row.eur_per_kwh))).toEqual([0.25, -1.5]);
    expect(parseCsv("start_utc\tpv_kw\n2025-01-01\t1,5").rows).toEqual([{ start_utc: "2025-01-01", pv_kw: "1.5" }]);
  });

  it("with commas between its cells has no decimal commas: a quoted one is no number", () => {
    const { rows } = parseCsv('start_utc,load_kw\n2025-01-01,"1,234"');
    expect(numberCell(rows[0]?.load_kw)).toBeNaN();
  });
});

describe("a line of a table", () => {
  it("goes on where a quoted cell does", () => {
    const { rows, unreadable } = parseCsv('id,note,kwh\n1,"came late,\nleft early",5\n2,"a ""b""",6\n');
    expect(rows).toEqual([
      { id: "1", note: "came late,\nleft early", kwh: "5" },
      { id: "2", note: 'a "b"', kwh: "6" },
    ]);
    expect(unreadable).toBe(0);
  });

  it("with a quote that is never closed costs no other", () => {
    const { rows, unreadable } = parseCsv('id,note,kwh\n1,"a,5\n2,b,6\n3,c,7');
    expect(rows.map(({ id }) => id)).toEqual(["2", "3"]);
    expect(unreadable).toBe(1);
    const inches = parseCsv('id,note\n1,5" pipe\n2,b\n3,6" pipe');
    expect(inches.rows.map(({ id }) => id)).toEqual(["1", "2", "3"]);
  });

  it("that begins with # is a row where it has all cells, else a remark", () => {
    const { rows, unreadable } = parseCsv("# measured in 2025\nid;kwh\n#1001;5,5\n# a gap\n#1002;6");
    expect(rows).toEqual([
      { id: "#1001", kwh: "5.5" },
      { id: "#1002", kwh: "6" },
    ]);
    expect(unreadable).toBe(0);
  });
});

describe("a time of a table", () => {
  it.each([
    ["2019-05-01T08:18:45Z", "2019-05-01T08:18:45.000Z"],
    ["2019-05-01 08:18", "2019-05-01T08:18:00.000Z"],
    ["2019-05-01 08:18:45 UTC", "2019-05-01T08:18:45.000Z"],
    ["2019-05-01 08:18:45 +00:00", "2019-05-01T08:18:45.000Z"],
    ["2019-05-01T10:18:45+02", "2019-05-01T08:18:45.000Z"],
    ["2019-05-01T10:18:45+0200", "2019-05-01T08:18:45.000Z"],
    ["2019-05-01 08:18:45.595638", "2019-05-01T08:18:45.595Z"],
    ["2019-05-01", "2019-05-01T00:00:00.000Z"],
  ])("%s is %s", (cell, iso) => {
    expect(new Date(timeCell(cell)!).toISOString()).toBe(iso);
  });

  it.each([
    "5",
    "1556697525",
    "01.05.2019 08:00",
    "5/1/2019",
    "2019-02-30",
    "2019-13-01",
    "yesterday",
    "2019-05-01T25:00",
  ])("%s is none", (cell) => {
    expect(timeCell(cell)).toBeNaN();
  });

  it("that is blank is not known", () => {
    expect(timeCell("")).toBeUndefined();
  });
});

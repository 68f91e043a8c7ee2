import { describe, expect, it } from "vitest";
import fc from "../../test/fast-check.ts";
import { readFrame } from "./frame-socket.ts";

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
const pieces = fc.constantFrom(
  "[",
  "]",
  "{",
  "}",
  '"',
  "\\",
  ",",
  ":",
  "2",
  "3",
  '"id"',
  '"Heartbeat"',
  " ",
  "\n",
  "\uFEFF",
  "null",
  "1e999",
);

describe("a frame", () => {
  it("of any text is a call, an answer, a problem or nothing, never an exception", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join("")),
      fc.json(),
      fc.array(fc.jsonValue(), { maxLength: 6 }).map((parts) => JSON.stringify(parts)),
      fc.integer({ min: 0, max: 120_000 }).map((depth) => `[2,"x","DataTransfer",{"data":${nested(depth)}}]`),
    );
    fc.assert(
      fc.property(text, (frame) => {
        const reading = readFrame(frame);
        if (reading === undefined) return;
        if ("call" in reading) expect(JSON.parse(reading.call.normal)[0]).toBe(2);
        else if ("pass" in reading) expect([3, 4]).toContain(JSON.parse(reading.pass)[0]);
        else expect(reading.problem).toBeTruthy();
      }),
      { numRuns: Number(process.env.RUNS ?? 2000) },
    );
  });

  it("may have brackets in its texts", () => {
    const payload = { data: `${"[{".repeat(500)}\\"` };
    expect(readFrame(JSON.stringify([2, "x", "DataTransfer", payload]))).toHaveProperty("call");
    expect(readFrame(`[2,"x","DataTransfer",${nested(64)}]`)).toEqual({ problem: "nested too deep" });
  });
});

import { expect, test } from "vitest";
import { refusalText } from "./refusal.ts";

test("people are told what was refused, and not what a program should send", () => {
  const detail = "Send arrivalMs in epoch milliseconds, later than now and within a year";
  expect(refusalText({ title: "The arrival is not in the future", detail })).toBe("The arrival is not in the future.");
  expect(refusalText({ title: "Too many wrong tokens", detail: "Wait a minute, then try again" })).toBe(
    "Too many wrong tokens. Wait a minute, then try again",
  );
  expect([refusalText(undefined), refusalText({})]).toEqual([undefined, undefined]);
});

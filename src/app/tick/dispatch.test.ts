import { expect, test } from "vitest";
import { initialState } from "../../core/state/state.ts";
import { safeDefaultAnswerDrafts } from "./dispatch.ts";

const install = {
  type: "install-safe-default",
  chargePointId: "cp",
  evseId: "a",
  connector: 1,
  currentA: 6,
  phases: 3,
  voltageV: 230,
} as const;

test("a safe default that is not taken is a fact once, and once more when it is taken", () => {
  const before = initialState();
  const refused = { ...before, limits: { ...before.limits, refusedDefaults: { a: "rejected" as const } } };
  const answers = (status: "accepted" | "rejected" | "no-answer" | "offline", state = before) =>
    safeDefaultAnswerDrafts(install, { status, detail: "why" }, state).map((draft) => draft.data);
  expect(answers("accepted")).toEqual([]);
  expect(answers("offline")).toEqual([]);
  expect(answers("rejected")).toEqual([{ evseId: "a", currentA: 6, answer: "rejected", detail: "why" }]);
  expect(answers("rejected", refused)).toEqual([]);
  expect(answers("no-answer", refused)).toMatchObject([{ answer: "no-answer" }]);
  expect(answers("accepted", refused)).toMatchObject([{ answer: "accepted" }]);
});

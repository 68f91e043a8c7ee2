import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Envelope, FactDeclaration } from "../core/facts/fact.ts";
import { FACT_DECLARATIONS, type SiteFact } from "../core/facts/index.ts";
import { evolve, initialState } from "../core/state/state.ts";
import { factOf, rowOf } from "./row.ts";
import { upcast } from "./upcast.ts";
import { assertValidFact } from "./validate.ts";

/** One fact of each type and version, as a release wrote it. Lines are added, never changed. */
const FROZEN = readFileSync(new URL("./fixtures/facts.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Envelope);

const named = ({ type, version }: { type: string; version: number }) => `${type} version ${version}`;

/** Versions of declared types that have no frozen fact, or more than one. */
function notFrozenOnce(declarations: Iterable<FactDeclaration>): string[] {
  return [...declarations].flatMap(({ type, version: present }) =>
    Array.from({ length: present }, (_, index) => named({ type, version: index + 1 })).filter(
      (name) => FROZEN.filter((fact) => named(fact) === name).length !== 1,
    ),
  );
}

test("every type of fact, in every version that a release wrote, has its frozen line", () => {
  expect(notFrozenOnce(FACT_DECLARATIONS.values())).toEqual([]);
  const stopped = FACT_DECLARATIONS.get("stopped")!;
  const next = [
    { ...stopped, version: 2 },
    { ...stopped, type: "moon-landed" },
  ];
  expect(notFrozenOnce(next)).toEqual(["stopped version 2", "moon-landed version 1"]);
});

test("what a release wrote is read by this one, in the present version, and can be folded", () => {
  let state = initialState();
  FROZEN.forEach((frozen, index) => {
    const read = factOf(rowOf({ ...frozen, seq: index + 1 }));
    expect(() => assertValidFact(read)).not.toThrow();
    state = evolve(state, read as SiteFact);
  });
  expect(state.seq).toBe(FROZEN.length);
});

test("a fact of an older version goes through every step up to the present one", () => {
  const stopped = FACT_DECLARATIONS.get("stopped")!;
  const catalogue = {
    declarations: new Map([["stopped", { ...stopped, version: 3 }]]),
    upcasters: new Map([
      ["stopped", [(data: unknown) => ({ first: data }), (data: unknown) => ({ second: data })] as const],
    ]),
  };
  const old = FROZEN.find(({ type }) => type === "stopped")!;
  expect(upcast(old, catalogue)).toMatchObject({ version: 3, data: { second: { first: old.data } } });
  expect(() => upcast({ ...old, version: 4 }, catalogue)).toThrow(/newer|Install the release/);
  expect(() => upcast(old, { ...catalogue, upcasters: new Map() })).toThrow("No upcaster for stopped from version 1");
  expect(upcast({ ...old, type: "moon-landed" }, catalogue)).toEqual({ ...old, type: "moon-landed" });
});

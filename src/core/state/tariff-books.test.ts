import { expect, test } from "vitest";
import type { SiteFact } from "../facts/index.ts";
import { evolve, initialState, type SiteState } from "./state.ts";

const tariffsOf = (price: number) => [{ id: "standard", elements: [{ components: [{ type: "ENERGY", price }] }] }];

/** A start of the controller, or of a transaction. */
function told(state: SiteState, type: "booted" | "transaction-started", more: object): SiteState {
  const seq = state.seq + 1;
  const given =
    type === "booted"
      ? { release: "test", cleanStop: true, configurationHash: "" }
      : { chargePointId: "cp", evseId: "one", connectorId: 1, atMs: seq, replayed: false };
  const fact = { type, seq, atMs: seq * 1000, data: { ...given, ...more } };
  return evolve(state, fact as unknown as SiteFact);
}

test("a session keeps the tariffs of its start, whatever the controller is started with later", () => {
  let state = told(initialState(), "booted", { tariffs: tariffsOf(0.4) });
  state = told(state, "transaction-started", { transactionId: 1 });
  state = told(state, "booted", { tariffs: tariffsOf(4) });
  state = told(state, "booted", { tariffs: tariffsOf(4) });
  state = told(state, "transaction-started", { transactionId: 2 });
  const { sessions, tariffBooks } = state.upstream;
  expect(tariffBooks).toEqual([
    { seq: 1, changedMs: 1000, tariffs: tariffsOf(0.4) },
    { seq: 3, changedMs: 3000, tariffs: tariffsOf(4) },
  ]);
  expect([sessions[1]?.tariffsSeq, sessions[2]?.tariffsSeq]).toEqual([1, 3]);
});

test("a ledger of a release that told no tariffs has none, and many changes keep the last ones", () => {
  let state = told(told(initialState(), "booted", {}), "transaction-started", { transactionId: 1 });
  expect(state.upstream.tariffBooks).toEqual([]);
  expect(state.upstream.sessions[1]?.tariffsSeq).toBeUndefined();
  for (let price = 1; price <= 40; price++) state = told(state, "booted", { tariffs: tariffsOf(price) });
  expect(state.upstream.tariffBooks).toHaveLength(16);
  expect(state.upstream.tariffBooks.at(-1)?.tariffs).toEqual(tariffsOf(40));
});

test("another currency is another book, also with the same figures", () => {
  let state = told(initialState(), "booted", { tariffs: tariffsOf(0.8), currency: "BGN" });
  state = told(state, "transaction-started", { transactionId: 1 });
  state = told(state, "booted", { tariffs: tariffsOf(0.8), currency: "EUR" });
  state = told(state, "transaction-started", { transactionId: 2 });
  const { sessions, tariffBooks } = state.upstream;
  const currencies = [1, 2].map((id) => tariffBooks.find(({ seq }) => seq === sessions[id]?.tariffsSeq)?.currency);
  expect(currencies).toEqual(["BGN", "EUR"]);
});

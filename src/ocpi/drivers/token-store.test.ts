/** Whose a card is when two partners tell of the same uid. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import type { Token } from "../schemas/requests.ts";
import { openTokenStore, type TokenStore } from "./token-store.ts";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
function opened(): TokenStore {
  const directory = mkdtempSync(join(tmpdir(), "wattledger-tokens-"));
  ends.push(() => rmSync(directory, { recursive: true, force: true }));
  const store = openTokenStore(join(directory, "tokens.json"), { clock: new VirtualClock(0), log: quiet });
  ends.push(() => store.close());
  return store;
}

const token = (party_id: string, more: Partial<Token> = {}): Token => ({
  country_code: "NL",
  party_id,
  uid: "04AB12",
  type: "RFID",
  contract_id: `NL-${party_id}-1`,
  issuer: party_id,
  valid: true,
  whitelist: "ALWAYS",
  last_updated: "2026-06-01T00:00:00Z",
  ...more,
});

test("who told it first keeps it, and cannot be shut out by another's invalid one", () => {
  const store = opened();
  store.put("one", token("ONE"));
  store.put("two", token("TWO", { valid: false }));
  expect(store.find("04ab12")).toMatchObject({ partnerId: "one", token: { party_id: "ONE", valid: true } });
  expect(store.get("two", { countryCode: "NL", partyId: "TWO", uid: "04AB12", type: "RFID" })?.valid).toBe(false);
});

test("a card that is no longer valid may be given out by another", () => {
  const store = opened();
  store.put("one", token("ONE"));
  store.put("one", token("ONE", { valid: false, last_updated: "2026-06-02T00:00:00Z" }));
  expect(store.find("04AB12")).toMatchObject({ partnerId: "one", token: { valid: false } });
  store.put("two", token("TWO"));
  expect(store.find("04AB12")).toMatchObject({ partnerId: "two" });
});

test("a party that was behind a hub and comes itself brings its drivers", () => {
  const store = opened();
  store.put("hub", token("ONE"));
  store.put("one", token("ONE"));
  expect(store.find("04AB12")).toMatchObject({ partnerId: "one" });
});

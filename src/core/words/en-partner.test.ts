import { expect, test } from "vitest";
import { partner } from "./en-partner.ts";
import type { PartnerWords } from "./words.ts";

const words = (more: Partial<PartnerWords>): PartnerWords => ({
  id: "emsp",
  since: "Mon 10:00",
  lastHeard: "12:00",
  waiting: {},
  refusedRecords: 0,
  ...more,
});

test("a partner that has everything, is being told, is away, refused, or is nobody yet, in words with what to do", () => {
  expect(partner(words({}))).toBe("It has everything, last heard 12:00.");
  expect(partner(words({ waiting: { sessions: 2, records: 1 } }))).toBe(
    "It is being sent 2 sessions and 1 record, last heard 12:00.",
  );
  const away = { nextAttempt: "12:10", problem: "PUT /ocpi/x: ECONNREFUSED", waiting: { records: 3 } };
  expect(partner(words(away))).toBe(
    "It does not take what it is sent: nothing answers at its address; last heard 12:00. Charging goes on. Waiting for it: 3 records. It is tried again at 12:10.",
  );
  const refused = partner(words({ refusedRecords: 1, refusedReason: "HTTP 200, OCPI 2001" }));
  expect(refused).toContain("did not want a record (HTTP 200, OCPI 2001). It is kept");
  expect(refused).toContain("wattledger ocpi send emsp");
  const { since: _, ...unknown } = words({});
  expect(partner(unknown)).toContain("wattledger ocpi token emsp");
  // Who cannot call us has no use for a token of ours.
  expect(partner({ ...unknown, calledOnly: true })).toBe(
    "Not registered, so nothing is exchanged. Use its token (`wattledger ocpi register emsp --token-file FILE`).",
  );
});

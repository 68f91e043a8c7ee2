/** Charge points that write what they like, at the door of a site whose books are real. */

import { afterAll, describe, expect, it } from "vitest";
import { Books, homeConfiguration } from "../src/core/site/site.test-kit.ts";
import { assertValidFact } from "../src/ledger/validate.ts";
import { anyAction, anyPayload } from "../src/ocpp/any-message.test-kit.ts";
import { chargePoint, type Site, Station, site, TestClock } from "../src/ocpp/station.test-kit.ts";
import fc from "./fast-check.ts";

const TRANSACTIONAL: Readonly<Record<string, readonly string[]>> = {
  "ocpp1.6": ["StartTransaction", "StopTransaction", "MeterValues"],
  "ocpp2.0.1": ["TransactionEvent", "MeterValues"],
};
const sites: Site[] = [];
afterAll(async () => {
  for (const { server } of sites) await server.close();
});

/** A station at a site that keeps books: each fact has to fit its schema, as the ledger wants it. */
async function bookedStation(protocol: string): Promise<{ station: Station; clock: TestClock }> {
  const clock = new TestClock();
  const garage = chargePoint("garage", { quirks: ["no-setup"] });
  const books = new Books(homeConfiguration({ chargePoints: [garage] }));
  const answer: NonNullable<Parameters<typeof site>[1]>["answer"] = (input) => {
    clock.nowMs += 1000;
    books.nowMs = clock.nowMs;
    const told = books.tell(input);
    for (const fact of told.facts) assertValidFact(JSON.parse(JSON.stringify(fact)));
    return told.answer;
  };
  const started = await site([garage], { clock, answer });
  sites.push(started);
  return { station: await Station.open(started.server.port, "/ocpp/garage", [protocol]), clock };
}

describe("a transaction message is never answered with an error", () => {
  it.each(["ocpp1.6", "ocpp2.0.1"])("whatever is in it, over %s", async (protocol) => {
    const { station, clock } = await bookedStation(protocol);
    const must = new RegExp(TRANSACTIONAL[protocol]!.join("|"));
    let id = 0;
    await fc.assert(
      fc.asyncProperty(anyAction, anyPayload, async (action, payload) => {
        station.received.length = 0;
        id += 1;
        clock.advance(20_000);
        const [type, , what] = await station.call(action, payload, `m${id}`);
        if (type === 4) expect([action, what]).toEqual([expect.not.stringMatching(must), "NotImplemented"]);
      }),
      { numRuns: Number(process.env.RUNS ?? 400) },
    );
  });
});

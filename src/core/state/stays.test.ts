import { describe, expect, it } from "vitest";
import { Books, NOON_MS } from "../site/site.test-kit.ts";
import { STAYS_KEPT } from "./stays.ts";

const HOUR_MS = 3_600_000;

function start(books: Books, atMs: number): void {
  books.tell({
    type: "transaction-started",
    chargePointId: "garage",
    connector: 1,
    token: "CAFE",
    meterStartWh: 1000,
    atMs,
    replayed: false,
  });
}

function end(books: Books, atMs: number, meterStopWh: number): void {
  const transactionId = Number(Object.keys(books.state.sessions.open)[0]);
  const stop = { chargePointId: "garage", meterStopWh, reason: "Local", replayed: false, transactionId } as const;
  books.tell({ type: "transaction-ended", connector: 1, ...stop, atMs });
}

describe("the stays that a site learns from", () => {
  it("hold what was said beside what came of it, from the driver's last word on", () => {
    const books = new Books();
    start(books, NOON_MS);
    books.nowMs = NOON_MS + HOUR_MS;
    const wish = { evseId: "garage-evse", by: "driver", energyWh: 20_000, departureMs: NOON_MS + 5 * HOUR_MS };
    books.record([{ type: "wish-stated", source: "api", data: wish }]);
    end(books, NOON_MS + 3 * HOUR_MS, 9000);
    expect(books.state.stays.ended).toEqual([
      {
        evseId: "garage-evse",
        token: "CAFE",
        startedMs: NOON_MS,
        stayMs: 3 * HOUR_MS,
        saidMs: 4 * HOUR_MS,
        keptMs: 2 * HOUR_MS,
        energyWh: 8000,
        askedWh: 20_000,
        cutShort: false,
      },
    ]);
  });

  it("hold the most that the car drew, where it took enough to tell", () => {
    const books = new Books();
    for (const [round, stopWh] of [4000, 1400].entries()) {
      start(books, NOON_MS + round * HOUR_MS);
      const transactionId = Number(Object.keys(books.state.sessions.open)[0]);
      for (const [at, maxPowerW] of [7300, 2000].entries()) {
        const slotStartMs = NOON_MS + round * HOUR_MS + at * 900_000;
        const quarter = { transactionId, evseId: "garage-evse", slotStartMs, energyWh: 200, costEur: 0, maxPowerW };
        books.record([{ type: "transaction-metered", source: "site", data: { ...quarter, limitedBySeconds: {} } }]);
      }
      end(books, NOON_MS + round * HOUR_MS + HOUR_MS / 2, stopWh);
    }
    expect(books.state.stays.ended.map(({ powerW }) => powerW)).toEqual([7300, undefined]);
  });

  it("hold what a car gave back beside what it took", () => {
    const books = new Books();
    start(books, NOON_MS);
    const quarter = {
      transactionId: 1,
      evseId: "garage-evse",
      slotStartMs: NOON_MS,
      energyWh: 0,
      maxPowerW: 0,
      costEur: 0,
    };
    const gave = { ...quarter, dischargedWh: 2000, limitedBySeconds: {} };
    books.record([{ type: "transaction-metered", source: "site", data: gave }]);
    books.nowMs = NOON_MS + HOUR_MS;
    books.record([
      { type: "wish-stated", source: "api", data: { evseId: "garage-evse", by: "driver", energyWh: 9000 } },
    ]);
    end(books, NOON_MS + 3 * HOUR_MS, 9000);
    // It was to get 9 kWh after it had given two.
    expect(books.state.stays.ended).toMatchObject([{ energyWh: 6000, givenWh: 2000, askedWh: 7000 }]);
  });

  it("are forgotten at last, and never hold a plug that was only tried", () => {
    const books = new Books();
    for (let round = 0; round < STAYS_KEPT + 5; round++) {
      const atMs = NOON_MS + round * HOUR_MS;
      start(books, atMs);
      end(books, atMs + (round === 7 ? 30_000 : HOUR_MS / 2), 2000);
    }
    const { ended } = books.state.stays;
    expect(ended).toHaveLength(STAYS_KEPT);
    expect(Math.min(...ended.map((stay) => stay.stayMs))).toBe(HOUR_MS / 2);
    expect(ended.at(-1)?.startedMs).toBe(NOON_MS + (STAYS_KEPT + 4) * HOUR_MS);
  });
});

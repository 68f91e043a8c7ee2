import { describe, expect, it } from "vitest";
import { Books, NOON_MS } from "../site/site.test-kit.ts";
import type { Wish } from "../state/sessions.ts";
import { SLOT_MS } from "../time/slots.ts";
import { chargingNeed, deliveredByRegisterWh } from "./need.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** A car that came at noon, or at `atMs`. */
function pluggedIn(atMs = NOON_MS): Books {
  const books = new Books();
  const start = { chargePointId: "garage", connector: 1, token: "CAFE", meterStartWh: 1000, replayed: false };
  books.tell({ type: "transaction-started", ...start, atMs });
  return books;
}

function charged(books: Books, quarterHours: readonly (readonly [energyWh: number, maxPowerW: number])[]): void {
  quarterHours.forEach(([energyWh, maxPowerW], index) => {
    const slotStartMs = NOON_MS + index * SLOT_MS;
    const data = { transactionId: 1, evseId: "garage-evse", slotStartMs, energyWh, maxPowerW, costEur: 0 };
    books.record([{ type: "transaction-metered", source: "metering", data: { ...data, limitedBySeconds: {} } }]);
  });
}

function wishes(books: Books, wish: Partial<Wish>, atMs: number): void {
  books.nowMs = atMs;
  books.record([{ type: "wish-stated", source: "api", data: { evseId: "garage-evse", by: "driver", ...wish } }]);
}

function needAt(books: Books, nowMs: number, deliveredWh?: number) {
  const now = { nowMs, ...(deliveredWh === undefined ? {} : { deliveredWh }) };
  return chargingNeed(books.site, books.state, books.state.sessions.open[1]!, now);
}

describe("what a car needs", () => {
  it("is assumed from site.yaml where the driver says nothing", () => {
    expect(needAt(pluggedIn(), NOON_MS)).toEqual({
      askedWh: 20_000,
      energyNeededWh: 20_000,
      departureMs: NOON_MS + 8 * HOUR_MS,
      preference: "regular",
      assumed: true,
    });
  });

  it("is never nothing, and never due at once, for a driver who said nothing and stays longer", () => {
    const nowMs = NOON_MS + 20 * HOUR_MS;
    const need = needAt(pluggedIn(), nowMs, 30_000);
    expect(need.energyNeededWh).toBe(5000);
    expect(need.departureMs).toBe(nowMs + HOUR_MS);
  });

  it("is the driver's wish, counted from when it was stated", () => {
    const books = pluggedIn();
    charged(books, [
      [2000, 8000],
      [2000, 8000],
    ]);
    const departureMs = NOON_MS + 3 * HOUR_MS;
    wishes(books, { energyWh: 10_000, departureMs, preference: "cheap" }, NOON_MS + 30 * MINUTE_MS);
    const need = needAt(books, NOON_MS + 30 * MINUTE_MS);
    expect(need).toEqual({ askedWh: 14_000, energyNeededWh: 10_000, departureMs, preference: "cheap", assumed: false });
    expect(needAt(books, NOON_MS + HOUR_MS, 14_000).energyNeededWh).toBe(0);
  });

  it("does not count what came just before the wish as if it were part of it", () => {
    const books = pluggedIn();
    wishes(books, { energyWh: 10_000 }, NOON_MS + 14 * MINUTE_MS);
    charged(books, [[2500, 11_000]]);
    // Stated in the fourteenth of fifteen minutes: all 2500 Wh may have come before.
    expect(needAt(books, NOON_MS + SLOT_MS).energyNeededWh).toBe(10_000);
  });

  it("counts all that came after the car did as part of a wish that was stated as it came", () => {
    const books = pluggedIn(NOON_MS + 11 * MINUTE_MS);
    wishes(books, { energyWh: 6000 }, NOON_MS + 11 * MINUTE_MS);
    charged(books, [[700, 11_000]]);
    expect(needAt(books, NOON_MS + SLOT_MS).energyNeededWh).toBe(5300);
    // A charge point whose clock is ahead says that it came later than it was spoken of: in doubt it had all before.
    const ahead = pluggedIn(NOON_MS + 13 * MINUTE_MS);
    wishes(ahead, { energyWh: 6000 }, NOON_MS + 11 * MINUTE_MS);
    charged(ahead, [[700, 11_000]]);
    expect(needAt(ahead, NOON_MS + SLOT_MS).energyNeededWh).toBe(6000);
  });

  it("counts what came just after the wish as part of it", () => {
    const books = pluggedIn();
    wishes(books, { energyWh: 10_000 }, NOON_MS + MINUTE_MS);
    charged(books, [[2500, 11_000]]);
    // No more than a minute of 11 kW can have come before.
    expect(needAt(books, NOON_MS + SLOT_MS).energyNeededWh).toBe(7683);
  });

  it("keeps a departure that is near, and moves one that has passed", () => {
    const books = pluggedIn();
    const departureMs = NOON_MS + 20 * MINUTE_MS;
    wishes(books, { departureMs }, NOON_MS);
    expect(needAt(books, NOON_MS + 10 * MINUTE_MS).departureMs).toBe(departureMs);
    expect(needAt(books, NOON_MS + 30 * MINUTE_MS).departureMs).toBe(NOON_MS + 90 * MINUTE_MS);
  });
});

describe("what was delivered", () => {
  it("is told by the register, when it can be true", () => {
    const session = pluggedIn().state.sessions.open[1]!;
    expect(deliveredByRegisterWh(session, 3500)).toBe(2500);
    expect(deliveredByRegisterWh(session, 900)).toBeUndefined();
    expect(deliveredByRegisterWh(session, undefined)).toBeUndefined();
  });
});

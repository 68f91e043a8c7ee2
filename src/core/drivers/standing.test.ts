import { describe, expect, it } from "vitest";
import fc from "../../../test/fast-check.ts";
import { Books, chargePoint, homeConfiguration, NOON_MS } from "../site/site.test-kit.ts";
import { type StandingDeparture, WEEKDAYS } from "../site/site-departures.ts";
import { wallClockMs, whenWallShowsMs } from "../time/calendar.ts";
import { chargingNeed } from "./need.ts";
import { nextStanding, STANDING_REACH_MS, standingDrafts } from "./standing.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WORKDAYS: StandingDeparture = { days: ["mon", "tue", "wed", "thu", "fri"], at: "07:30" };
const WEEKEND: StandingDeparture = { days: ["sat", "sun"], at: "10:00" };
const ZONE = "Europe/Berlin";
const local = (text: string) => whenWallShowsMs(Date.parse(`${text}Z`), ZONE);
const next = (text: string, departures: readonly StandingDeparture[] = [WORKDAYS, WEEKEND]) =>
  nextStanding(departures, local(text), ZONE)?.departureMs;

describe("when a car usually leaves", () => {
  it("is the next such time of the site's own clock", () => {
    expect(next("2026-01-14T18:00")).toBe(local("2026-01-15T07:30"));
    expect(next("2026-01-15T07:29")).toBe(local("2026-01-15T07:30"));
    expect(next("2026-01-15T07:30")).toBe(local("2026-01-16T07:30"));
    expect(next("2026-01-16T18:00")).toBe(local("2026-01-17T10:00"));
    expect(next("2026-01-18T11:00")).toBe(local("2026-01-19T07:30"));
  });

  it("is not known where the next one is far off: who comes on Friday may leave before Monday", () => {
    expect(next("2026-01-16T18:00", [WORKDAYS])).toBeUndefined();
    expect(next("2026-01-18T02:00", [WORKDAYS])).toBe(local("2026-01-19T07:30"));
    expect(next("2026-01-16T18:00", [])).toBeUndefined();
  });

  it("stays the same on the wall when clocks are changed, and moves by an hour where that hour is left out", () => {
    const early: StandingDeparture = { days: ["sun"], at: "02:30" };
    expect(next("2026-03-28T20:00")).toBe(Date.parse("2026-03-29T08:00Z"));
    expect(next("2026-10-24T20:00")).toBe(Date.parse("2026-10-25T09:00Z"));
    expect(next("2026-03-28T20:00", [early])).toBe(Date.parse("2026-03-29T01:30Z"));
    expect(next("2026-10-24T20:00", [early])).toBe(Date.parse("2026-10-25T00:30Z"));
  });

  /** The same by looking at the wall clock minute by minute. */
  function bySearch(departures: readonly StandingDeparture[], nowMs: number, timeZone: string): number | undefined {
    const firstMs = Math.floor(nowMs / MINUTE_MS + 1) * MINUTE_MS;
    for (let atMs = firstMs; atMs <= nowMs + STANDING_REACH_MS; atMs += MINUTE_MS) {
      const wall = new Date(wallClockMs(atMs, timeZone));
      const day = WEEKDAYS[(wall.getUTCDay() + 6) % 7]!;
      const time = wall.toISOString().slice(11, 16);
      // Of an hour that the wall shows twice only the first one counts.
      const isSecond = whenWallShowsMs(wall.getTime(), timeZone) !== atMs;
      if (!isSecond && departures.some(({ days, at }) => days.includes(day) && at === time)) return atMs;
    }
    return undefined;
  }

  it("is found on any day of any zone, also on those on which clocks are changed", () => {
    const changes = ["2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-04-05", "2026-10-04"];
    const moment = fc.oneof(
      fc.tuple(fc.constantFrom(...changes), fc.integer({ min: -36 * 60, max: 36 * 60 })).map(([day, minutes]) => {
        return Date.parse(`${day}T00:00Z`) + minutes * MINUTE_MS;
      }),
      fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2028, 0) }),
    );
    const twoDigits = (most: number) =>
      fc.integer({ min: 0, max: most }).map((value) => String(value).padStart(2, "0"));
    const departure = fc.record({
      days: fc.subarray([...WEEKDAYS], { minLength: 1 }),
      at: fc.tuple(twoDigits(23), twoDigits(59)).map(([hours, minutes]) => `${hours}:${minutes}`),
    });
    const zones = fc.constantFrom("Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kathmandu", "UTC");
    fc.assert(
      fc.property(fc.array(departure, { maxLength: 4 }), moment, zones, (departures, nowMs, timeZone) => {
        const found = nextStanding(departures, nowMs, timeZone);
        const seen = bySearch(departures, nowMs, timeZone);
        if (found) {
          expect(found.departureMs).toBeGreaterThan(nowMs);
          expect(found.departureMs - nowMs).toBeLessThanOrEqual(STANDING_REACH_MS);
        }
        const timeShown = (shiftMs: number) =>
          new Date(wallClockMs(found!.departureMs, timeZone) - shiftMs).toISOString().slice(11, 16);
        const isLeftOut = found !== undefined && timeShown(0) !== found.departure.at;
        if (!isLeftOut) {
          expect(found?.departureMs).toBe(seen);
          return;
        }
        // A time that the clock leaves out cannot be seen on the wall: it comes an hour later.
        expect(timeShown(HOUR_MS)).toBe(found.departure.at);
        expect(seen ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(found.departureMs);
      }),
      { numRuns: 150 },
    );
  });
});

/** Wednesday 13:00 in Berlin. */
function site(evse: readonly StandingDeparture[] | undefined, token?: readonly StandingDeparture[]): Books {
  const configuration = homeConfiguration({
    chargePoints: [chargePoint("garage", evse ? { departures: [...evse] } : {})],
  });
  if (token) configuration.charging.tokens = [{ token: "cafe", departures: [...token] }];
  return new Books(configuration);
}

function plugIn(books: Books, token = "CAFE"): void {
  const start = { chargePointId: "garage", connector: 1, token, meterStartWh: 1000, replayed: false };
  books.tell({ type: "transaction-started", ...start, atMs: books.nowMs });
}

function unplug(books: Books): void {
  const transactionId = Number(Object.keys(books.state.sessions.open)[0]);
  const end = { chargePointId: "garage", transactionId, reason: "Local", meterStopWh: 9000, replayed: false };
  books.tell({ type: "transaction-ended", ...end, atMs: books.nowMs });
}

function tick(books: Books, wallTrusted = true): void {
  books.record(standingDrafts(books.site, books.state, { nowMs: books.nowMs, wallTrusted }));
}

const applied = (books: Books) => books.facts.filter((fact) => fact.type === "standing-departure-applied");
const say = (books: Books, wish: { departureMs?: number; energyWh?: number }) =>
  books.record([{ type: "wish-stated", source: "api", data: { evseId: "garage-evse", by: "driver", ...wish } }]);
function needOf(books: Books) {
  const session = Object.values(books.state.sessions.open)[0]!;
  return chargingNeed(books.site, books.state, session, { nowMs: books.nowMs, deliveredWh: 0 });
}

describe("a car whose driver says nothing", () => {
  it("is taken to leave when it usually does, and to need what it usually needs: one fact, however many ticks", () => {
    const books = site([{ ...WORKDAYS, energyWh: 12_000 }]);
    tick(books);
    plugIn(books);
    tick(books);
    tick(books);
    const departureMs = local("2026-01-15T07:30");
    expect(applied(books).map(({ data }) => data)).toEqual([
      { evseId: "garage-evse", transactionId: 1, departureMs, energyWh: 12_000 },
    ]);
    expect(needOf(books)).toMatchObject({ departureMs, askedWh: 12_000, energyNeededWh: 12_000, assumed: false });
  });

  it("goes by the driver's token before the EVSE, and by the owner's word before site.yaml", () => {
    const byToken = site([WORKDAYS], [{ days: ["thu"], at: "05:00" }]);
    plugIn(byToken);
    tick(byToken);
    expect(needOf(byToken).departureMs).toBe(local("2026-01-15T05:00"));
    const byOwner = site([WORKDAYS]);
    plugIn(byOwner);
    tick(byOwner);
    const set = (departures?: StandingDeparture[]) =>
      byOwner.record([
        {
          type: "standing-departures-set",
          source: "api",
          data: { evseId: "garage-evse", by: "api:token", ...(departures ? { departures } : {}) },
        },
      ]);
    set([{ days: ["thu"], at: "06:15" }]);
    tick(byOwner);
    expect(needOf(byOwner).departureMs).toBe(local("2026-01-15T06:15"));
    set([]);
    tick(byOwner);
    expect(needOf(byOwner).assumed).toBe(true);
    set(undefined);
    tick(byOwner);
    expect(needOf(byOwner).departureMs).toBe(local("2026-01-15T07:30"));
  });

  it("waits for a clock that can be believed", () => {
    const books = site([WORKDAYS]);
    plugIn(books);
    tick(books, false);
    expect(applied(books)).toEqual([]);
  });

  it("stays until the next such time when it is still there an hour after the last", () => {
    const books = site([{ ...WORKDAYS, energyWh: 12_000 }]);
    plugIn(books);
    tick(books);
    books.nowMs = local("2026-01-15T08:29");
    tick(books);
    expect(applied(books)).toHaveLength(1);
    books.nowMs = local("2026-01-15T08:31");
    tick(books);
    // What it needs is still counted from the plug-in: one load, not one a day.
    expect(needOf(books)).toMatchObject({ departureMs: local("2026-01-16T07:30"), askedWh: 12_000 });
  });

  it("teaches how much what is usual is worth, as any word does", () => {
    const books = site([{ ...WORKDAYS, energyWh: 12_000 }]);
    plugIn(books);
    tick(books);
    books.nowMs = local("2026-01-15T06:30");
    unplug(books);
    const saidMs = local("2026-01-15T07:30") - NOON_MS;
    expect(books.state.stays.ended).toMatchObject([{ saidMs, keptMs: saidMs - HOUR_MS, askedWh: 12_000 }]);
    expect(books.state.sessions.standing).toEqual({});
  });
});

describe("a driver's own word", () => {
  it("wins for this session, and only for this one", () => {
    const books = site([WORKDAYS]);
    plugIn(books);
    tick(books);
    say(books, { departureMs: NOON_MS + 2 * HOUR_MS });
    tick(books);
    expect(needOf(books).departureMs).toBe(NOON_MS + 2 * HOUR_MS);
    books.nowMs = NOON_MS + 3 * HOUR_MS;
    tick(books);
    expect(applied(books)).toHaveLength(1);
    unplug(books);
    plugIn(books);
    tick(books);
    expect(needOf(books).departureMs).toBe(local("2026-01-15T07:30"));
  });

  it("on the energy alone leaves the departure as it usually is", () => {
    const books = site([{ ...WORKDAYS, energyWh: 12_000 }]);
    plugIn(books);
    say(books, { energyWh: 30_000 });
    tick(books);
    expect(needOf(books)).toMatchObject({ departureMs: local("2026-01-15T07:30"), askedWh: 30_000 });
  });

  it("does not take back that the car gives nothing", () => {
    const books = site([WORKDAYS]);
    plugIn(books);
    books.record([
      {
        type: "wish-stated",
        source: "partner",
        data: { evseId: "garage-evse", by: "partner", dischargeAllowed: false },
      },
    ]);
    say(books, { departureMs: NOON_MS + DAY_MS / 2 });
    expect(books.state.sessions.wishes["garage-evse"]).toMatchObject({ dischargeAllowed: false });
  });
});

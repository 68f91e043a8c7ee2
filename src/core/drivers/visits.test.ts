import { describe, expect, it } from "vitest";
import type { SiteDraft } from "../facts/index.ts";
import { Books, chargePoint, homeConfiguration, NOON_MS } from "../site/site.test-kit.ts";
import type { AnnouncedVisit } from "../state/visits.ts";
import { chargingNeed } from "./need.ts";
import { expectedVisits, visitDrafts } from "./visits.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A site with two places, "a-evse" and "b-evse", at noon. */
class Places extends Books {
  constructor() {
    super(homeConfiguration({ chargePoints: [chargePoint("a"), chargePoint("b")] }));
  }

  announce(visitId: string, visit: Partial<Omit<AnnouncedVisit, "announcedMs">> = {}): void {
    const times = { arrivalMs: NOON_MS + 2 * HOUR_MS, departureMs: NOON_MS + 6 * HOUR_MS };
    this.record([{ type: "visit-announced", source: "test", data: { visitId, ...times, by: "test", ...visit } }]);
  }

  /** A car is plugged in, and the site looks at it. */
  comes(transactionId: number, place: "a" | "b", token?: string): void {
    const who = { transactionId, chargePointId: place, evseId: `${place}-evse`, connectorId: 1 };
    const data = { ...who, atMs: this.nowMs, replayed: false, ...(token === undefined ? {} : { token }) };
    this.record([{ type: "transaction-started", source: "test", data } as SiteDraft]);
    this.look();
  }

  leaves(transactionId: number, place: "a" | "b"): void {
    const data = { transactionId, chargePointId: place, evseId: `${place}-evse`, atMs: this.nowMs, reason: "Local" };
    this.record([{ type: "transaction-ended", source: "test", data } as SiteDraft]);
  }

  look(wallTrusted = true): void {
    this.record(visitDrafts(this.state, { nowMs: this.nowMs, wallTrusted }));
  }

  at(hours: number): void {
    this.nowMs = NOON_MS + hours * HOUR_MS;
  }

  /** Who is expected, and where: "anna@a-evse". */
  expected(): string[] {
    return expectedVisits(this.site, this.state, this.nowMs).map(({ visitId, evseId }) => `${visitId}@${evseId}`);
  }

  begun(): string[] {
    return this.facts.flatMap((fact) => (fact.type === "visit-began" ? [fact.data.visitId] : []));
  }
}

describe("a car that is announced", () => {
  it("is expected at its place until it comes, and what was said then is its driver's word", () => {
    const site = new Places();
    site.announce("anna", { evseId: "a-evse", token: "ANNA", energyWh: 12_000, preference: "green" });
    expect(site.expected()).toEqual(["anna@a-evse"]);
    site.at(1.9);
    site.comes(1, "a", "anna");
    expect(site.begun()).toEqual(["anna"]);
    expect(site.expected()).toEqual([]);
    const need = chargingNeed(site.site, site.state, site.state.sessions.open[1]!, { nowMs: site.nowMs });
    expect(need).toMatchObject({
      energyNeededWh: 12_000,
      departureMs: NOON_MS + 6 * HOUR_MS,
      preference: "green",
      assumed: false,
    });
  });

  it("believes its driver more than what was announced", () => {
    const site = new Places();
    site.announce("anna", { evseId: "a-evse", energyWh: 12_000 });
    site.at(2);
    site.comes(1, "a");
    const data = { evseId: "a-evse", departureMs: NOON_MS + 3 * HOUR_MS, by: "driver" };
    site.record([{ type: "wish-stated", source: "driver", data }]);
    const need = chargingNeed(site.site, site.state, site.state.sessions.open[1]!, { nowMs: site.nowMs });
    expect(need).toMatchObject({ energyNeededWh: 12_000, departureMs: NOON_MS + 3 * HOUR_MS });
  });

  it("may be announced otherwise while it is there: that is its driver's word from then on, and what he says himself goes before it", () => {
    const site = new Places();
    site.announce("anna", { evseId: "a-evse", energyWh: 12_000 });
    site.at(2.5);
    site.comes(1, "a");
    const need = () => chargingNeed(site.site, site.state, site.state.sessions.open[1]!, { nowMs: site.nowMs });
    site.at(3);
    site.announce("anna", { evseId: "a-evse", energyWh: 20_000, departureMs: NOON_MS + 9 * HOUR_MS });
    site.look();
    expect(need()).toMatchObject({ askedWh: 20_000, departureMs: NOON_MS + 9 * HOUR_MS });
    expect([site.begun(), site.expected()]).toEqual([["anna"], []]);
    // When it comes the next time says nothing of this one.
    const later = { arrivalMs: NOON_MS + 20 * HOUR_MS, departureMs: NOON_MS + 24 * HOUR_MS };
    site.announce("anna", { evseId: "a-evse", energyWh: 7_000, ...later });
    site.look();
    expect(need()).toMatchObject({ askedWh: 20_000, departureMs: NOON_MS + 9 * HOUR_MS });
    expect(site.expected()).toEqual(["anna@a-evse"]);
    const data = { evseId: "a-evse", departureMs: NOON_MS + 4 * HOUR_MS, by: "driver" };
    site.record([{ type: "wish-stated", source: "driver", data }]);
    site.announce("anna", { evseId: "a-evse", departureMs: NOON_MS + 8 * HOUR_MS });
    expect(need().departureMs).toBe(NOON_MS + 4 * HOUR_MS);
    // What was said beforehand is how it is judged whether cars come as announced.
    site.leaves(1, "a");
    expect(site.state.stays.ended.at(-1)).toMatchObject({ lateMs: HOUR_MS / 2 });
  });

  it("is waited for again when it is announced for another place, or the car that was taken for it is another one", () => {
    const site = new Places();
    site.announce("anna", { evseId: "a-evse", energyWh: 12_000 });
    site.at(1);
    site.comes(1, "a");
    site.announce("anna", { evseId: "b-evse", energyWh: 12_000 });
    site.look();
    expect(site.expected()).toEqual(["anna@b-evse"]);
    expect(site.state.sessions.open[1]).not.toHaveProperty("visit");
    site.comes(2, "b");
    const mistaken = { visitId: "anna", evseId: "b-evse", transactionId: 2, by: "owner" };
    site.record([{ type: "visit-mistaken", source: "owner", data: mistaken }]);
    site.look();
    expect(site.begun()).toEqual(["anna", "anna"]);
    expect(site.state.sessions.open[2]).not.toHaveProperty("visit");
    const need = chargingNeed(site.site, site.state, site.state.sessions.open[2]!, { nowMs: site.nowMs });
    expect(need.assumed).toBe(true);
    site.leaves(2, "b");
    site.at(2);
    site.comes(3, "b");
    expect(site.begun()).toEqual(["anna", "anna", "anna"]);
    expect(site.expected()).toEqual([]);
  });

  it("comes once more where that is said after it has left", () => {
    const site = new Places();
    site.announce("anna", { evseId: "a-evse" });
    site.at(2);
    site.comes(1, "a");
    site.at(3);
    site.leaves(1, "a");
    site.look();
    expect(site.expected()).toEqual([]);
    site.at(3.1);
    site.announce("anna", { evseId: "a-evse", arrivalMs: NOON_MS + 3.5 * HOUR_MS });
    expect(site.expected()).toEqual(["anna@a-evse"]);
  });

  it("is known by its token at any place, and is not another whose token is known", () => {
    const site = new Places();
    site.announce("anna", { evseId: "a-evse", token: "ANNA" });
    site.at(2);
    site.comes(1, "a", "BEN");
    expect(site.begun()).toEqual([]);
    // It begins when the other one is gone, or elsewhere.
    site.comes(2, "b", "ANNA");
    expect(site.begun()).toEqual(["anna"]);
  });

  it("is known by its place where the car shows no token", () => {
    const site = new Places();
    site.announce("anna", { evseId: "a-evse", token: "ANNA" });
    site.announce("ben", { token: "BEN" });
    site.at(2);
    site.comes(1, "b");
    expect(site.begun()).toEqual([]);
    site.comes(2, "a");
    expect(site.begun()).toEqual(["anna"]);
  });

  it("is not the one that stands at its place while it is announced; who is said to be there already is that one", () => {
    const site = new Places();
    site.comes(1, "a");
    site.comes(2, "b");
    site.at(0.25);
    site.announce("anna", { evseId: "a-evse" });
    site.announce("ben", { evseId: "b-evse", arrivalMs: NOON_MS });
    site.look();
    expect(site.begun()).toEqual(["ben"]);
    // Also after our clock was set, which says nothing of who was there first.
    site.record([{ type: "clock-stepped", source: "clock", data: { byMs: 30 * MINUTE_MS } }]);
    site.nowMs += 30 * MINUTE_MS;
    site.look();
    expect(site.begun()).toEqual(["ben"]);
    site.leaves(1, "a");
    site.comes(3, "a");
    expect(site.begun()).toEqual(["ben", "anna"]);
  });

  it("is the nearest of several, and each car is one of them", () => {
    const site = new Places();
    for (const hours of [2, 3])
      site.announce(`at ${hours}`, {
        token: "POOL",
        arrivalMs: NOON_MS + hours * HOUR_MS,
        departureMs: NOON_MS + 9 * HOUR_MS,
      });
    site.at(2.9);
    site.comes(1, "a", "POOL");
    site.comes(2, "b", "POOL");
    expect(site.begun()).toEqual(["at 3", "at 2"]);
  });

  it("is not a car that was there long before, nor one that comes when it should have left", () => {
    const site = new Places();
    site.announce("anna", { evseId: "a-evse", arrivalMs: NOON_MS + 2.1 * HOUR_MS });
    site.comes(1, "a");
    site.announce("ben", { evseId: "b-evse" });
    site.at(6);
    site.comes(2, "b");
    expect(site.begun()).toEqual([]);
  });

  it("is not waited for any more an hour after its time, and known all the same when it comes then", () => {
    const site = new Places();
    site.announce("anna", { evseId: "a-evse" });
    site.at(2.9);
    expect(site.expected()).toEqual(["anna@a-evse"]);
    site.at(3);
    expect(site.expected()).toEqual([]);
    site.comes(1, "a");
    expect(site.begun()).toEqual(["anna"]);
  });

  it("is not expected again when it left early, though its booking is sent again; the next day it is", () => {
    const site = new Places();
    site.announce("anna", { evseId: "a-evse" });
    site.at(2);
    site.comes(1, "a");
    site.at(2.5);
    site.leaves(1, "a");
    site.announce("anna", { evseId: "a-evse" });
    expect(site.expected()).toEqual([]);
    site.comes(2, "a");
    expect(site.begun()).toEqual(["anna"]);
    const [arrivalMs, departureMs] = [NOON_MS + 26 * HOUR_MS, NOON_MS + 30 * HOUR_MS];
    site.announce("anna", { evseId: "b-evse", arrivalMs, departureMs });
    expect(site.expected()).toEqual(["anna@b-evse"]);
  });

  it("can be changed and withdrawn, and is forgotten when it should have left", () => {
    const site = new Places();
    site.announce("anna", { evseId: "a-evse" });
    site.announce("anna", { evseId: "b-evse" });
    expect(site.expected()).toEqual(["anna@b-evse"]);
    site.record([{ type: "visit-withdrawn", source: "test", data: { visitId: "anna", by: "test" } }]);
    expect(site.expected()).toEqual([]);
    site.announce("ben", { evseId: "a-evse" });
    site.at(7);
    site.announce("cleo", { evseId: "a-evse", arrivalMs: site.nowMs, departureMs: site.nowMs + HOUR_MS });
    expect(Object.keys(site.state.visits.announced)).toEqual(["cleo"]);
  });

  it("is nobody while the time of the day is not known", () => {
    const site = new Places();
    site.announce("anna", { evseId: "a-evse" });
    site.at(2);
    const who = { transactionId: 1, chargePointId: "a", evseId: "a-evse", connectorId: 1, atMs: site.nowMs };
    site.record([{ type: "transaction-started", source: "test", data: { ...who, replayed: false } } as SiteDraft]);
    site.look(false);
    expect(site.begun()).toEqual([]);
    site.look();
    expect(site.begun()).toEqual(["anna"]);
  });
});

describe("where an announced car is reckoned with", () => {
  it("is where its driver was last, else a place that will be free; one for which there is none is left out", () => {
    const site = new Places();
    site.comes(1, "b", "ANNA");
    site.at(0.5);
    site.leaves(1, "b");
    site.announce("anna", { token: "anna" });
    site.announce("ben", { token: "BEN" });
    site.announce("cleo", { token: "CLEO" });
    expect(site.expected()).toEqual(["anna@b-evse", "ben@a-evse"]);
  });

  it("begins when the car that is there leaves", () => {
    const site = new Places();
    site.comes(1, "a");
    const departureMs = NOON_MS + 3 * HOUR_MS;
    site.record([{ type: "wish-stated", source: "driver", data: { evseId: "a-evse", departureMs, by: "driver" } }]);
    site.announce("anna", { evseId: "a-evse" });
    expect(expectedVisits(site.site, site.state, NOON_MS)).toMatchObject([{ evseId: "a-evse", fromMs: departureMs }]);
    // Who has another place to go to does.
    site.announce("ben", { token: "BEN" });
    expect(site.expected()).toEqual(["anna@a-evse", "ben@b-evse"]);
  });

  it("is no place that this site does not have", () => {
    const site = new Places();
    site.announce("anna", { evseId: "gone" });
    expect(site.expected()).toEqual([]);
  });
});

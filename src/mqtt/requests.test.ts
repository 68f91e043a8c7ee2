import { expect, test } from "vitest";
import type { SiteDraft } from "../core/facts/index.ts";
import type { Clock } from "../core/ports.ts";
import { homeConfiguration } from "../core/site/site.test-kit.ts";
import { siteModel } from "../core/site/site-model.ts";
import { initialState } from "../core/state/state.ts";
import { MOST_VISITS } from "../core/state/visits.ts";
import { createRequests } from "./requests.ts";
import { topicsOf } from "./topics.ts";

test("the grid operator is heard while somebody floods the site with wishes", async () => {
  const recorded: SiteDraft[] = [];
  const site = {
    state: initialState,
    async record(drafts: readonly SiteDraft[]) {
      recorded.push(...drafts);
      return [];
    },
  };
  const model = siteModel(homeConfiguration());
  const topics = topicsOf("wattledger", "home");
  const clock = { monoMs: () => 0, wallMs: () => Date.UTC(2026, 5, 1) } as Clock;
  const requests = createRequests({ site, model, topics, clock });
  const say = (topic: string, body: object) => requests.handle(topic, Buffer.from(JSON.stringify(body)), false);
  const wish = topics.wishSet(model.evses[0]!.id);
  for (let energyWh = 0; energyWh < 100; energyWh++) await say(wish, { energyWh });
  expect(recorded).toHaveLength(60);
  expect(await say(topics.gridLimitSet, { limitW: 4200 })).toMatchObject({ ok: true });
  for (let more = 0; more < 100; more++) await say(topics.gridLimitSet, { limitW: more });
  expect(recorded).toHaveLength(120);
});

const NOW_MS = Date.UTC(2026, 5, 1);
const HOUR_MS = 3_600_000;

/** A site that is asked over MQTT; `announced` are its visits. */
function askedSite(announced = 0) {
  const recorded: SiteDraft[] = [];
  const visit = (index: number) => {
    const visitId = `b-${index}`;
    const times = { announcedMs: NOW_MS, arrivalMs: NOW_MS, departureMs: NOW_MS + HOUR_MS };
    return [visitId, { visitId, token: `CARD-${index}`, ...times, by: "mqtt" }];
  };
  const all = Object.fromEntries(Array.from({ length: announced }, (_, index) => visit(index)));
  const site = {
    state: () => ({ ...initialState(), visits: { announced: all } }),
    async record(drafts: readonly SiteDraft[]) {
      recorded.push(...drafts);
      return [];
    },
  };
  const model = siteModel(homeConfiguration());
  const topics = topicsOf("wattledger", "home");
  const clock = { monoMs: () => 0, wallMs: () => NOW_MS } as Clock;
  const requests = createRequests({ site, model, topics, clock });
  expect(requests.topics).toContain("wattledger/home/visits/set");
  const say = (body: object, topic = topics.visitSet) =>
    requests.handle(topic, Buffer.from(JSON.stringify(body)), false);
  return { recorded, say, evseId: model.evses[0]!.id };
}

const times = { arrivalMs: NOW_MS + 2 * HOUR_MS, departureMs: NOW_MS + 5 * HOUR_MS };

test("a home announces a car and withdraws it over MQTT", async () => {
  const { recorded, say, evseId } = askedSite();
  const visit = {
    visitId: "calendar:anna",
    token: "CARD-4711",
    evseId,
    ...times,
    energyWh: 8_000,
    preference: "green",
  };
  expect(await say(visit)).toMatchObject({ ok: true });
  expect(await say({ visitId: "calendar:anna" })).toMatchObject({ ok: true });
  expect(recorded).toEqual([
    { type: "visit-announced", source: "mqtt", data: { ...visit, by: "mqtt" } },
    { type: "visit-withdrawn", source: "mqtt", data: { visitId: "calendar:anna", by: "mqtt" } },
  ]);
});

test("what nobody could expect is refused over MQTT with what is wrong, and is no fact", async () => {
  const { recorded, say, evseId } = askedSite();
  const refused = async (body: object) => {
    const answer = await say(body);
    return answer?.ok === false ? `${answer.title}: ${answer.detail}` : "taken";
  };
  expect(await refused({ evseId, ...times })).toContain("visitId");
  expect(await refused({ visitId: "anna's car", evseId, ...times })).toContain("/visitId");
  expect(await refused({ visitId: "a", evseId, ...times, energyWh: "8" })).toContain("/energyWh");
  expect(await refused({ visitId: "a", ...times })).toContain("Nothing tells whose car it will be");
  expect(await refused({ visitId: "a", evseId: "attic", ...times })).toContain(`Known: ${evseId}`);
  expect(await refused({ visitId: "a", evseId, ...times, departureMs: times.arrivalMs })).toContain("departure");
  expect(await refused({ visitId: "a", evseId, ...times, arrivalMs: NOW_MS - HOUR_MS })).toContain("arrival");
  const farMs = NOW_MS + 400 * 24 * HOUR_MS;
  expect(await refused({ visitId: "a", evseId, ...times, departureMs: farMs })).toContain("within a year");
  expect(recorded).toEqual([]);
});

test("who was taken for an announced car is said to be another, where somebody was", async () => {
  const { recorded, say, evseId } = askedSite();
  const topic = `wattledger/home/evses/${evseId}/visit/set`;
  expect(await say({}, topic)).toMatchObject({ title: "No car there is taken for one that was announced" });
  expect(await say({ visitId: "b-17" }, topic)).toMatchObject({ title: "The request does not fit" });
  expect(recorded).toEqual([]);
});

test("with as many visits as a site keeps no other is announced, but one of them may change or be withdrawn", async () => {
  const { recorded, say } = askedSite(MOST_VISITS);
  expect(await say({ visitId: "one-more", token: "CARD", ...times })).toMatchObject({
    ok: false,
    title: `${MOST_VISITS} visits are announced already`,
  });
  expect(recorded).toEqual([]);
  expect(await say({ visitId: "b-7", token: "CARD", ...times })).toMatchObject({ ok: true });
  expect(await say({ visitId: "b-8" })).toMatchObject({ ok: true });
});

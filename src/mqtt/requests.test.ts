import { expect, test } from "vitest";
import type { SiteDraft } from "../core/facts/index.ts";
import type { Clock } from "../core/ports.ts";
import { homeConfiguration } from "../core/site/site.test-kit.ts";
import { siteModel } from "../core/site/site-model.ts";
import { initialState } from "../core/state/state.ts";
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

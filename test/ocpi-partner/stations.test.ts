/** The market meets charge points of all kinds, and profiles of all kinds; each story has a charge point of its own. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Market, VERSIONS } from "./market.ts";
import { stationStories } from "./stories/stations.ts";

const of = (stories: readonly string[]) => stories.flatMap((story) => VERSIONS.map((each) => `${story}-${each}`));
const market = new Market(of(["relative", "refusing", "limitless"]), of(["station"]));

beforeAll(() => market.start(), 180_000);
afterAll(() => market.close());

stationStories(market);

test("in all of this nothing was sent or answered that is against the specification", () => {
  expect(market.platforms.flatMap(({ faults }) => faults)).toEqual([]);
});

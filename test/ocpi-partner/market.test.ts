/** The market meets the site: every module, both versions, over real sockets; each story has a charge point of its own. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Market, VERSIONS } from "./market.ts";
import { awayStories } from "./stories/away.ts";
import { chargingStories } from "./stories/charging.ts";
import { commandStories } from "./stories/commands.ts";
import { hubStories } from "./stories/hub.ts";
import { placeStories } from "./stories/places.ts";
import { preferenceStories } from "./stories/preferences.ts";
import { profileStories } from "./stories/profiles.ts";
import { providerStories } from "./stories/provider.ts";
import { tokenStories } from "./stories/tokens.ts";
import { transportStories } from "./stories/transport.ts";

const STORIES = ["charging", "tokens", "commands", "profiles", "pausing", "preferences", "away", "hub", "places"];
const market = new Market(STORIES.flatMap((story) => VERSIONS.map((version) => `${story}-${version}`)));

beforeAll(() => market.start(), 180_000);
afterAll(() => market.close());

chargingStories(market);
tokenStories(market);
commandStories(market);
profileStories(market);
preferenceStories(market);
transportStories(market);
awayStories(market);
hubStories(market);
placeStories(market);
providerStories(market);

test("in all of this nothing was sent or answered that is against the specification", () => {
  expect(market.platforms.flatMap(({ faults }) => faults)).toEqual([]);
});

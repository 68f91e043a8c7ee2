/** A site in a process of its own that can be killed: `node dying-site.test-kit.ts PORT`. */
import { homeConfiguration } from "../core/site/site.test-kit.ts";
import { siteModel } from "../core/site/site-model.ts";
import { initialState } from "../core/state/state.ts";
import type { LiveSite } from "../core/view/view.ts";
import { VirtualClock } from "../sim/virtual-clock.ts";
import { startBroker } from "./broker.ts";

const nothing = () => {};
startBroker({
  url: `mqtt://127.0.0.1:${process.argv[2]}`,
  topicRoot: "test",
  everySeconds: 5,
  facts: false,
  requests: false,
  openCursor: () => ({ seq: 0, moveTo() {}, save() {}, close() {} }),
  site: { state: initialState, read: () => [], record: async () => [], subscribe: () => nothing },
  model: siteModel(homeConfiguration()),
  live: () => ({ circuits: [], devices: [], evses: [], meter: {} }) as unknown as LiveSite,
  clock: new VirtualClock(0),
  log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
});

import { expect, test } from "vitest";
import type { LiveSite } from "../core/view/view.ts";
import { StateMessages } from "./state-messages.ts";
import { topicsOf } from "./topics.ts";

const topics = topicsOf("wattledger", "home");
const live = {
  site: { id: "home", name: "Home", timeZone: "UTC", country: "NL", phases: 3, simulated: false },
  mode: { word: "normal", sinceMs: 0, text: "Nothing limits the site." },
  meter: { deviceId: "grid-meter", quality: "good", ageMs: 300 },
  circuits: [],
  devices: [],
  evses: [],
} as unknown as LiveSite;

test("an older reading is no news; a disk that lost facts and a plan that cannot be made are", () => {
  const messages = new StateMessages(topics);
  expect(messages.changed(live)).toHaveLength(1);
  expect(messages.changed({ ...live, meter: { ...live.meter, ageMs: 1300 } })).toEqual([]);
  const ledgerDamage = { foundMs: 1, text: "fact 7 does not fit its checksum" };
  const planTrouble = { sinceMs: 2, text: "input.pvW[0] is no number" };
  const [[topic, json] = ["", ""], ...rest] = messages.changed({ ...live, ledgerDamage, planTrouble });
  expect(rest).toEqual([]);
  expect(topic).toBe(topics.site);
  expect(JSON.parse(json)).toMatchObject({ ledgerDamage, planTrouble });
  expect(JSON.parse(messages.changed(live)[0]![1])).not.toHaveProperty("ledgerDamage");
});

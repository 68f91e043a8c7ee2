import { expect, it } from "vitest";
import type { SiteModel } from "../site/site-model.ts";
import type { Stay } from "../state/stays.ts";
import { likelyEnergyWh } from "./outlook.ts";
import { staysWithoutLosses } from "./taken.ts";

/** A place that takes energy back, of which a fifth is lost, and one that does not. */
const evses = [{ id: "van", discharge: { efficiencyPercent: 80 } }, { id: "plain" }];
const site = { evseById: new Map(evses.map((evse) => [evse.id, evse])) } as unknown as SiteModel;
const stay: Stay = {
  evseId: "van",
  startedMs: 0,
  stayMs: 8 * 3_600_000,
  energyWh: 9500,
  askedWh: 7000,
  cutShort: false,
};

it("a car that gave 10 kWh in the evening and took them again in the night took no more than was asked for", () => {
  // 10 kWh given are 12.5 kWh charged again: of 9.5 kWh more in than out, 2.5 kWh were lost.
  const stays = Array.from({ length: 5 }, () => ({ ...stay, givenWh: 10_000 }));
  expect(staysWithoutLosses(site, stays)[0]).toMatchObject({ energyWh: 7000 });
  const asked = { visit: stay, askedWh: 7000, deliveredWh: 3000 };
  expect(likelyEnergyWh({ ...asked, stays: staysWithoutLosses(site, stays) })).toBe(7000);
  expect(likelyEnergyWh({ ...asked, stays })).toBeGreaterThan(9000);
});

it("what was taken stands where nothing was given back, or the place is not on site any more", () => {
  const stays = [stay, { ...stay, evseId: "plain" }, { ...stay, evseId: "sold", givenWh: 10_000 }];
  expect(staysWithoutLosses(site, stays).map(({ energyWh }) => energyWh)).toEqual([9500, 9500, 9500]);
  expect(staysWithoutLosses(site, [{ ...stay, energyWh: 1000, givenWh: 10_000 }])[0]!.energyWh).toBe(0);
});

it("stays are the same while nothing changes, for what is learned of them is kept by them", () => {
  const gave = [{ ...stay, givenWh: 10_000 }];
  expect(staysWithoutLosses(site, gave)).toBe(staysWithoutLosses(site, gave));
  const plain = [stay];
  expect(staysWithoutLosses(site, plain)).toBe(plain);
});

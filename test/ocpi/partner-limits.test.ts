/** Limits that a partner sets by an optimisation context: held second by second by the guard, not only planned with. */
import { afterEach, expect, test } from "vitest";
import { OcpiRig } from "./rig.ts";

const rigs: OcpiRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

const QUARTER_HOUR = 900_000;
const CONTRACTS = [{ may: ["optimisation"] }];

/** A car that would take all, at a site with 5 A of building on each phase. */
async function charging(contracts: object[] = CONTRACTS): Promise<OcpiRig> {
  const rig = await OcpiRig.registered({ configuration: { smac: {}, contracts } });
  rigs.push(rig);
  await rig.partner.discover(rig.versionsUrl);
  await rig.site.connectAll();
  await rig.site.plugIn("one", { override: false });
  await rig.run(180);
  expect(rig.site.limitA("one")).toBe(16);
  return rig;
}

/** The context of the site for so many quarter-hours from now on. */
function context(rig: OcpiRig, count: number, more: object = {}) {
  const beginMs = Math.floor(rig.site.clock.wallMs() / QUARTER_HOUR) * QUARTER_HOUR;
  const at = (slot: number) => new Date(beginMs + slot * QUARTER_HOUR).toISOString();
  return {
    country_code: "NL",
    party_id: "EMS",
    id: "1",
    evses: [{ location_id: "rig", evse_uid: "one", connectors: [{ connector_id: 1, power: 11_040 }] }],
    price: Array.from({ length: count }, (_, slot) => ({ time_slot: at(slot), value: 0.3 })),
    last_updated: at(0),
    ...more,
  };
}

const put = async (rig: OcpiRig, body: object) =>
  (await rig.partner.call("PUT", `${rig.partner.endpoint("smartchargingoptimisation", "RECEIVER")}/NL/EMS/1`, { body }))
    .body.status_code;

const siteW = (rig: OcpiRig) => rig.site.gridA().reduce((sum, currentA) => sum + currentA * 230, 0);

test("the greatest power of the site holds whatever the building does, with its source and its end", async () => {
  const rig = await charging();
  expect(await put(rig, context(rig, 2, { max_power: 10_000 }))).toBe(1000);
  await rig.run(20);
  expect(siteW(rig)).toBeLessThanOrEqual(10_000);
  expect(rig.site.limitA("one")).toBeGreaterThan(6);
  // A kettle: the plan does not know of it.
  rig.site.load([2.5, 2.5, 2.5]);
  await rig.run(15);
  expect(siteW(rig)).toBeLessThanOrEqual(10_000);
  expect(rig.site.reason("one")).toMatchObject({ kind: "contract", limitW: 10_000, by: "partner:emsp" });
  const { untilMs } = rig.site.reason("one");
  expect(untilMs! % QUARTER_HOUR).toBe(0);
  await rig.restart();
  await rig.site.connectAll();
  await rig.run(60);
  expect(siteW(rig)).toBeLessThanOrEqual(10_000);
  // When it has ended nothing is left of it.
  await rig.run((untilMs! - rig.site.clock.wallMs()) / 1000 + 240);
  expect(rig.site.limitA("one")).toBe(16);
});

test("the power of an EVSE is a ceiling of the car there, also for a driver whose session has none", async () => {
  const rig = await charging();
  await rig.site.plugIn("two", { override: false });
  await rig.run(120);
  const evses = [{ location_id: "rig", evse_uid: "one", connectors: [{ connector_id: 1, power: 5_520 }] }];
  expect(await put(rig, context(rig, 2, { evses }))).toBe(1000);
  await rig.run(20);
  expect(Math.max(...rig.site.wired.evseCurrentA("one"))).toBeLessThanOrEqual(8);
  expect(rig.site.limitA("one")).toBeGreaterThanOrEqual(6);
  expect(rig.site.limitA("two")).toBeGreaterThan(8);
  await rig.run(2_100);
  expect(rig.site.limitA("one")).toBe(16);
});

test("whoever has no contract for it limits nothing", async () => {
  const rig = await charging([{ may: ["charging-profiles"] }]);
  const endpoint = rig.partner.endpoints.find(({ identifier }) => identifier.startsWith("smart"));
  expect(endpoint?.role).toBe("SENDER");
});

test("without the grid meter the cars together stay within the limit of the site, whatever their drivers ask for", async () => {
  const rig = await charging();
  await rig.site.plugIn("two");
  const full = { evseId: "one", active: true, by: "test" };
  await rig.site.controller.record([{ type: "override-changed", source: "test", data: full }]);
  await rig.run(60);
  rig.site.meters.delete("grid-meter");
  await rig.run(60);
  const carsW = () =>
    ["one", "two"].reduce((sum, id) => sum + 3 * 230 * Math.max(...rig.site.wired.evseCurrentA(id)), 0);
  expect(carsW()).toBeGreaterThan(8_000);
  expect(await put(rig, context(rig, 2, { max_power: 5_000 }))).toBe(1000);
  await rig.run(60);
  expect(carsW()).toBeLessThanOrEqual(5_000);
});

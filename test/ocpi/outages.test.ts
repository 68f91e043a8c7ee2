/**
 * One session from plug-in to record, while everybody is away in turn: the partner, the controller (killed, in a process
 * of its own, with its ledger on disk), the charge point. Real sockets on all sides; the partner and the charge point are
 * those that were written from the specifications alone.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { pushToken, tokenOf } from "../ocpi-partner/market.ts";
import { Platform } from "../ocpi-partner/platform.ts";
import { CPO, EMSP_ENDPOINTS, StorySite } from "../ocpi-partner/site.ts";
import { until } from "../until.ts";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const UID = "TRAVELLER";

/** Prices that nobody who charges now has agreed to. */
function raisePrices(site: StorySite): void {
  const file = join(site.child.directory, "site.yaml");
  const configuration = JSON.parse(readFileSync(file, "utf8"));
  for (const { elements } of configuration.upstream.tariffs)
    for (const { components } of elements) for (const component of components) component.price *= 10;
  writeFileSync(file, JSON.stringify(configuration));
}

/** The process is killed as by a power cut, and started again on what is on disk. */
async function killed(site: StorySite): Promise<void> {
  site.child.child.kill("SIGKILL");
  await site.child.ended;
  site.child.run();
  await until(async () => (await fetch(site.child.url("/healthz"))).ok);
}

/** A site with a charge point and a partner whose driver it knows. */
async function admitted(version: "2.2.1" | "2.3.0") {
  const party = { role: "EMSP", countryCode: "DE", partyId: "EMS" } as const;
  const emsp = new Platform({ versions: [version], parties: [party], endpoints: EMSP_ENDPOINTS, cpo: CPO });
  await emsp.listen();
  const site = new StorySite({ chargePoints: ["one"], partners: [{ id: "emsp", platform: emsp }] });
  ends.push(
    () => emsp.close(),
    () => site.close(),
  );
  await site.start();
  await site.admit("emsp", emsp, version);
  await pushToken(emsp, tokenOf(emsp, UID));
  const chargePoint = site.chargePoint("one");
  return { emsp, site, chargePoint };
}

test("the record's energy is the meter's, once, whoever was away in between", async () => {
  const { emsp, site, chargePoint } = await admitted("2.2.1");
  const startWh = chargePoint.registerWh;
  expect(await chargePoint.start(UID)).toBe("Accepted");
  await chargePoint.meter(1_500);
  await until(() => emsp.modules.sessions.size === 1);

  // The partner is away; charging goes on.
  await emsp.close();
  await chargePoint.meter(500);

  // The controller is killed; the meter counts on without it, and the prices are others when it is back.
  raisePrices(site);
  await killed(site);
  chargePoint.registerWh += 700;
  await chargePoint.connect();
  await chargePoint.tellStatus("Charging");
  await chargePoint.meter(300);

  // The charge point is away when the driver leaves, and tells of it when it is back.
  await chargePoint.close();
  chargePoint.registerWh += 400;
  const leftMs = Date.now();
  await chargePoint.connect();
  await chargePoint.stop("EVDisconnected", leftMs);
  const stopWh = chargePoint.registerWh;
  expect(stopWh - startWh).toBe(3_400);

  // The record is made while the partner is still away, and survives the next kill too.
  await until(async () => (await site.child.events("cdr-issued")).length === 1);
  await killed(site);
  await chargePoint.connect();
  await emsp.listen();
  await site.admin("POST", "/emsp/send");
  await until(() => emsp.modules.cdrs.size > 0);
  const [cdr] = [...emsp.modules.cdrs.values()];
  expect(cdr).toMatchObject({ total_energy: 3.4, cdr_token: { uid: UID } });
  // By the tariff of the start.
  expect(cdr!.total_cost).toMatchObject({ excl_vat: 1.86 });
  expect(cdr!.tariffs).toMatchObject([{ elements: [{ price_components: [{ price: 0.5 }, { price: 0.4 }] }] }]);
  const periods = cdr!.charging_periods as { dimensions: { type: string; volume: number }[] }[];
  const energies = periods.flatMap(({ dimensions }) => dimensions.filter(({ type }) => type === "ENERGY"));
  expect(energies.reduce((sum, { volume }) => sum + volume, 0)).toBeCloseTo(3.4, 6);
  const [session] = await until(() => {
    const sessions = [...emsp.modules.sessions.values()];
    return sessions[0]?.status === "COMPLETED" && sessions;
  });
  expect(session).toMatchObject({ id: cdr!.session_id, kwh: 3.4 });

  // Once it is on disk that the partner has it, nothing comes a second time, however often the controller starts.
  await until(async () => (await site.child.events("cdr-delivered")).length === 1);
  await killed(site);
  await until(async () => (await site.admin("POST", "/emsp/send")).status === 200);
  await until(async () => {
    const { answer } = await site.admin("GET", "");
    return (answer as unknown as { pending: number }[])[0]!.pending === 0;
  });
  expect(emsp.modules.sessions.size).toBe(1);
  expect(emsp.heard.filter(({ module, method }) => module === "cdrs" && method === "POST")).toHaveLength(1);
  expect(await site.child.events("cdr-issued")).toHaveLength(1);
}, 300_000);

test("killed the moment the partner has the record, it sends none again, neither under this id nor another", async () => {
  const { emsp, site, chargePoint } = await admitted("2.3.0");
  expect(await chargePoint.start(UID)).toBe("Accepted");
  await chargePoint.meter(1_500);
  // It keeps the record, and its answer reaches nobody.
  emsp.instead = ({ module, method }) => {
    if (module === "cdrs" && method === "POST") site.child.child.kill("SIGKILL");
    return undefined;
  };
  await chargePoint.stop();
  await site.child.ended;
  emsp.instead = () => undefined;
  expect(emsp.modules.cdrs.size).toBe(1);
  site.child.run();
  await until(async () => (await site.child.events("cdr-delivered")).length === 1);
  const [delivered] = await site.child.events("cdr-delivered");
  expect(delivered!.data).toMatchObject({ taken: true });
  expect(emsp.modules.cdrs.size).toBe(1);
  expect(emsp.heard.filter(({ module, method }) => module === "cdrs" && method === "POST")).toHaveLength(1);
  expect(emsp.faults).toEqual([]);
}, 120_000);

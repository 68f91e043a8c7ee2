/** The grid operator's limits in a process of its own: a contact at a Modbus module, the API, and a kill in between. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ModbusServer, startModbusServer } from "../src/sim/servers/modbus-server.ts";
import { ChildSite } from "./live-site.ts";
import { until } from "./until.ts";

const host = "127.0.0.1";
const words = new Map([[3, 1]]);
let ioModule: ModbusServer;
let site: ChildSite;

beforeAll(async () => {
  const table = { read: (address: number) => words.get(address), refresh: () => {} };
  ioModule = await startModbusServer({ host, port: 0, unitId: 1, table });
  const box = { id: "box", connection: { tcp: { host, port: ioModule.port } }, address: 3, limitW: 2_000, pollMs: 200 };
  const gridOperator = { appliesTo: "controllable", leastW: 4_200, inputs: [box] };
  site = await new ChildSite({ chargePoints: ["cp1"], more: { gridOperator } }).start();
});
afterAll(async () => {
  await site?.close();
  await ioModule?.close();
});

test("hold from the contact and the API, each for itself, and are there again after kill -9", async () => {
  const contact = { limitW: 4_200, by: "input:box", appliesTo: "controllable" };
  await until(async () => (await site.live()).gridLimit);
  expect((await site.live()).gridLimit).toEqual(contact);
  expect((await site.live()).mode.text).toContain("The grid operator allows 4.2 kW for cars and batteries.");

  const put = (body: object) =>
    fetch(site.url("/api/v1/grid-limit"), {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  expect((await put({ limitW: 9_000, exportLimitW: 500 })).status).toBe(200);
  const before = await site.live();
  expect(before.gridLimit).toEqual(contact);
  expect(before.gridExportLimit).toMatchObject({ limitW: 500, by: "api:local" });
  expect(before.gridExportLimit!.untilMs).toBeGreaterThan(before.nowMs + 86_400_000);

  site.child.kill("SIGKILL");
  await site.ended;
  site.run();
  const after = await until(() => site.live(), 40_000);
  expect(after.gridLimit).toEqual(contact);
  expect(after.gridExportLimit).toEqual(before.gridExportLimit);
  expect((await put({})).status).toBe(200);
  expect((await site.live()).gridExportLimit).toBeUndefined();
  expect((await site.events("grid-limit-received")).map(({ data }) => (data as { by: string }).by)).toEqual([
    "input:box",
    "api:local",
    "api:local",
  ]);
});

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { ChildSite } from "../live-site.ts";
import { LoadStation } from "../load/stations.ts";
import { until } from "../until.ts";

const PROGRAM = fileURLToPath(new URL("crashing-site.ts", import.meta.url));

/** A market with a price for every hour of today and tomorrow. */
async function market(): Promise<Server> {
  const server = createServer((_request, response) => {
    const first = Math.floor(Date.now() / 3_600_000) * 3_600_000;
    const hours = Array.from({ length: 48 }, (_, hour) => ({
      start: new Date(first + hour * 3_600_000).toISOString(),
      eur_per_kwh: 0.2,
    }));
    response.setHeader("content-type", "application/json").end(JSON.stringify(hours));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

describe("a part that fails in a way that nobody foresaw", () => {
  let site: ChildSite;
  let prices: Server;
  let boot: string;
  let pid: number | undefined;

  beforeAll(async () => {
    prices = await market();
    const url = `http://127.0.0.1:${(prices.address() as AddressInfo).port}/`;
    site = new ChildSite({
      program: PROGRAM,
      chargePoints: ["cp1"],
      tariff: { import: { kind: "day-ahead", url } },
    });
    await site.start();
    boot = (await site.events("booted"))[0]!.boot;
    pid = site.child.pid;
  });
  afterAll(async () => {
    await site?.close();
    prices?.close();
  });

  const crashed = (part: RegExp) =>
    until(async () =>
      (await site.events("part-crashed")).find(({ data }) => part.test((data as { part: string }).part)),
    );

  /** The guard of the same process goes on: ticks are counted by it alone. */
  async function guardGoesOn() {
    const before = await until(async () => site.metric("wattledger_ticks_total"));
    await until(async () => (await site.metric("wattledger_ticks_total")) > before + 2);
    expect({ boots: (await site.events("booted")).length, pid: site.child.pid }).toEqual({ boots: 1, pid });
    expect((await site.events("booted"))[0]!.boot).toBe(boot);
  }

  function station() {
    const socket = new WebSocket(`ws://127.0.0.1:${site.ocppPort}/ocpp/cp1`, ["ocpp1.6"]);
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.on("error", () => {});
    const answered = new Promise<unknown[]>((resolve) =>
      socket.on("message", (data) => {
        const frame = JSON.parse(String(data)) as unknown[];
        if (frame[0] === 3) resolve(frame);
      }),
    );
    const boots = () =>
      socket.send(JSON.stringify([2, "1", "BootNotification", { chargePointVendor: "v", chargePointModel: "m" }]));
    return { socket, closed, answered, boots };
  }

  test("the prices: they are asked for again, and known", async () => {
    const fact = await crashed(/price source/);
    expect((fact.data as { reason: string }).reason).toContain("boom in the prices");
    await until(async () => (await site.live()).price.importEurPerKwh === 0.2);
    await guardGoesOn();
  });

  test("the OCPP server: charge points come back on the same port", async () => {
    const first = station();
    site.child.send("ocpp");
    first.socket.on("open", first.boots);
    await first.closed;
    await crashed(/OCPP server/);
    const second = await until(async () => {
      const again = station();
      const isOpen = await new Promise<boolean>((resolve) => {
        again.socket.on("open", () => resolve(true));
        again.socket.on("close", () => resolve(false));
      });
      return isOpen && again;
    });
    second.boots();
    expect((await second.answered)[2]).toMatchObject({ status: "Accepted" });
    await until(async () => (await site.live()).evses[0]!.online);
    second.socket.terminate();
    await guardGoesOn();
  });

  test("a Modbus line: the other line is read as before, and it is read again", async () => {
    await until(async () => (await site.live()).meter.quality === "good");
    const saidOfGridMeter = async () =>
      (await site.events("device-quality-changed")).filter(({ source }) => source === "device:grid-meter").length;
    const before = await saidOfGridMeter();
    site.child.send(`modbus ${site.garageLine}`);
    const fact = await crashed(/Modbus line/);
    expect((fact.data as { part: string }).part).toContain(site.garageLine);
    site.currentA = 7;
    await until(async () => (await site.live()).circuits.every(({ currentA }) => currentA?.[0] === 7));
    expect(await saidOfGridMeter()).toBe(before);
    await guardGoesOn();
  });

  test("the API: it answers again on the same port", async () => {
    site.child.send("api");
    await crashed(/API/);
    await guardGoesOn();
  });

  test("the thread that writes the ledger: nothing is lost, nothing is there twice", async () => {
    site.child.send("writer");
    await crashed(/ledger's writer/);
    const facts = await site.events();
    expect(facts.map(({ seq }) => seq)).toEqual(facts.map((_, index) => index + 1));
    await guardGoesOn();
  });

  test("the core itself: the process ends with a word why, for the service manager to start it again", async () => {
    site.child.send("core");
    expect(await site.ended).toBe(1);
    expect(site.output.join("")).toContain("boom in the core");
    site.run();
    await until(async () => (await site.events("booted")).length === 2);
    expect((await site.events("booted"))[1]!.data).toMatchObject({ cleanStop: false });
  });
});

describe("a port that is taken", () => {
  async function takePort(): Promise<Server> {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    return taken;
  }

  test("by the API's: the site is driven without it, and it is there as soon as the port is free", async () => {
    const site = await new ChildSite({ chargePoints: ["cp1"] }).prepare();
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(site.apiPort, "127.0.0.1", resolve));
    site.run();
    await until(() => site.output.join("").includes("The API could not be started"));
    const station = await until(async () => {
      const made = new LoadStation({ port: site.ocppPort, id: "cp1" });
      return (await made.opened) && made;
    });
    expect(await station.boot()).toMatchObject({ status: "Accepted" });
    await until(() => station.called.includes("SetChargingProfile"));
    await new Promise((resolve) => taken.close(resolve));
    await until(async () => (await fetch(site.url("/healthz"))).ok);
    expect((await site.events("booted")).length).toBe(1);
    station.socket.terminate();
    await site.close();
  });

  test("the charge points': the site is not started by halves, the process ends and says why", async () => {
    const taken = await takePort();
    const { port } = taken.address() as AddressInfo;
    const site = await new ChildSite({ more: { ocpp: { host: "127.0.0.1", port } } }).prepare();
    site.run();
    expect(await site.ended).toBe(1);
    expect(site.output.join("")).toMatch(/not started.*EADDRINUSE/);
    taken.close();
    await site.close();
  });
});

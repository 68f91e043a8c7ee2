import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChildSite } from "../live-site.ts";
import { until } from "../until.ts";
import { cheapHash, LoadStation } from "./stations.ts";

const PASSWORD = "a-long-password";
const IDS = ["attacked", "good-1", "good-2", "twin", "flooding", "faulty", "slow"];
/** Older than this a reading counts as stale: a guard that looks less often would not be one. */
const STALE_S = 5;

describe("one who does wrong does not hold up the others", () => {
  let site: ChildSite;
  const cleanups: (() => void)[] = [];

  function station(id: string, password = PASSWORD): LoadStation {
    const made = new LoadStation({ port: site.ocppPort, id, password });
    cleanups.push(() => made.socket.terminate());
    return made;
  }

  /** A good charge point that was never seen before gets in, is answered, and the guard ticks. */
  async function isServed(id: string): Promise<void> {
    const good = await until(async () => {
      const made = station(id);
      return (await made.opened) && made;
    });
    expect(await good.boot()).toMatchObject({ status: "Accepted" });
    const ticks = await site.metric("wattledger_ticks_total");
    await until(async () => (await site.metric("wattledger_ticks_total")) > ticks);
  }

  beforeAll(async () => {
    const passwordHashes = Object.fromEntries(IDS.map((id) => [id, cheapHash(PASSWORD)]));
    site = await new ChildSite({ chargePoints: IDS, passwordHashes }).start();
  });
  afterAll(async () => {
    for (const cleanup of cleanups) cleanup();
    await site?.close();
  });

  test("who guesses passwords: a good charge point behind the same address gets in meanwhile, and the log says it once", async () => {
    const refusals = new Map<number, number>();
    let guesses = 0;
    let goesOn = true;
    const guess = async () => {
      while (goesOn) {
        const made = station("attacked", `guess ${guesses++}`);
        if (await made.opened) throw new Error("a guess got in");
        refusals.set(made.refusedWith, (refusals.get(made.refusedWith) ?? 0) + 1);
      }
    };
    const guessing = Promise.all(Array.from({ length: 50 }, guess));
    await until(() => guesses > 300);
    await isServed("good-1");
    goesOn = false;
    await guessing;
    // Next to all were turned away without a look at the password.
    expect(refusals.get(401) ?? 0).toBeLessThan(guesses / 10);
    expect(refusals.get(429)).toBeGreaterThan(guesses / 2);
    const told = (await site.events("connection-refused")).filter(
      ({ data }) => (data as { identity: string }).identity === "attacked",
    );
    expect(told.length).toBeLessThanOrEqual(2);
    expect(site.output.join("").match(/connection to the OCPP port was refused/g)!.length).toBeLessThanOrEqual(2);
  });

  test("who has a wrong password and asks again and again costs one look at it, and is in as soon as it is right", async () => {
    for (let attempt = 0; attempt < 20; attempt++) {
      const made = station("good-2", "wrong");
      expect(await made.opened).toBe(false);
      expect(made.refusedWith).toBe(401);
    }
    await isServed("good-2");
  });

  test("two with one identity: the newest counts, and their fight is slowed down", async () => {
    let refused = 0;
    let last: LoadStation | undefined;
    for (let round = 0; round < 30; round++) {
      const made = station("twin");
      if (await made.opened) {
        if (last) await last.closed;
        last = made;
      } else refused++;
    }
    expect(refused).toBeGreaterThanOrEqual(15);
    expect(await last!.boot()).toMatchObject({ status: "Accepted" });
    const connected = (await site.events("charge-point-connected")).filter(
      ({ data }) => (data as { chargePointId: string }).chargePointId === "twin",
    );
    expect(connected.length).toBe(30 - refused);
  });

  test("who sends without waiting for answers is thrown out, who sends faulty or huge frames too", async () => {
    const flooding = station("flooding");
    await flooding.opened;
    for (let sent = 0; sent < 5_000; sent++) flooding.socket.send(JSON.stringify([2, `${sent}`, "Heartbeat", {}]));
    expect((await flooding.closed).code).toBe(1008);

    const faulty = station("faulty");
    await faulty.opened;
    for (let sent = 0; sent < 60; sent++) faulty.socket.send(`{"no": "call ${sent}"`);
    expect((await faulty.closed).code).toBe(1008);
    const huge = station("faulty");
    await huge.opened;
    huge.socket.send(JSON.stringify([2, "1", "Heartbeat", { filler: "x".repeat(1_000_000) }]));
    expect((await huge.closed).code).toBe(1009);
    expect((await site.events("message-violated")).length).toBeLessThanOrEqual(20);
    await isServed("good-1");
  });

  test("who drips a frame byte by byte, or opens lines and says nothing, keeps nobody else waiting", async () => {
    const slow = station("slow");
    await slow.opened;
    const line = (slow.socket as unknown as { _socket: Socket })._socket;
    // A masked text frame of 200,000 bytes, of which a few come.
    line.write(Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 3, 0x0d, 0x40, 1, 2, 3, 4]));
    const drip = setInterval(() => line.write("x"), 5);
    const silent = Array.from({ length: 200 }, () => {
      const socket = connect(site.ocppPort, "127.0.0.1");
      socket.on("error", () => {});
      cleanups.push(() => socket.destroy());
      return socket;
    });
    // Not all of them are kept: the line stays open for others.
    await until(() => silent.filter((socket) => socket.destroyed).length >= 200 - 64);
    const kept = silent.filter((socket) => !socket.destroyed);
    expect(kept.length).toBeGreaterThan(0);
    for (const socket of kept) socket.destroy();
    await isServed("good-2");
    clearInterval(drip);
  });

  test("in all of that the guard looked often enough", async () => {
    expect(await site.metric("wattledger_longest_tick_gap_seconds")).toBeLessThan(STALE_S);
    expect((await site.events("booted")).length).toBe(1);
    expect(await site.events("part-crashed")).toEqual([]);
  });
});

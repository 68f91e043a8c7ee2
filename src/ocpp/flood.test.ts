import { describe, expect, test } from "vitest";
import fc from "../../test/fast-check.ts";
import { clock as realClock } from "../../test/real-time.ts";
import { Pace, PasswordFlood } from "./flood.ts";
import { chargePoint, Station, site } from "./station.test-kit.ts";
import { VerifyQueue } from "./verify-queue.ts";

describe("a pace", () => {
  test("lets through a burst and then so many a second, whenever they come", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2_000), { maxLength: 300 }), (gapsMs) => {
        const pace = new Pace(10, 5);
        let nowMs = 1_000;
        let passed = 0;
        for (const gapMs of gapsMs) {
          nowMs += gapMs;
          if (pace.take(nowMs) === 0) passed++;
        }
        expect(passed).toBeLessThanOrEqual(10 + (5 * (nowMs - 1_000)) / 1000 + 1);
        expect(passed).toBeGreaterThanOrEqual(Math.min(gapsMs.length, 10));
      }),
    );
  });

  test("says how long to wait, and that is enough", () => {
    const pace = new Pace(1, 1 / 15);
    expect(pace.take(0)).toBe(0);
    const waitMs = pace.take(1_000);
    expect(waitMs).toBe(14_000);
    expect(pace.take(1_000 + waitMs)).toBe(0);
  });
});

test("each wrong password makes the next attempt of the same key wait twice as long, up to a minute, and no other key", () => {
  const flood = new PasswordFlood();
  const waits = Array.from({ length: 9 }, (_, failure) => {
    flood.failed("a cp1", failure);
    return Math.ceil(flood.waitMs("a cp1", failure) / 1000);
  });
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  expect(flood.waitMs("a cp2", 10)).toBe(0);
  flood.succeeded("a cp1");
  expect(flood.waitMs("a cp1", 10)).toBe(0);
});

describe("the hashing of passwords", () => {
  /** Work that ends when the test says so. */
  function world() {
    const queue = new VerifyQueue();
    const begun: string[] = [];
    const ends: (() => void)[] = [];
    const ask = (address: string, name = address) =>
      queue.add(address, () => {
        begun.push(name);
        return new Promise<string>((resolve) => ends.push(() => resolve(name)));
      });
    const endOne = async () => {
      ends.shift()?.();
      await new Promise(setImmediate);
    };
    return { ask, begun, endOne };
  }

  test("is done for two at once, addresses in turn: who floods waits behind himself", async () => {
    const { ask, begun, endOne } = world();
    for (let guess = 0; guess < 50; guess++) void ask("flooder", `guess ${guess}`);
    const good = ask("good");
    await endOne();
    await endOne();
    expect(begun).toContain("good");
    expect(begun.length).toBeLessThanOrEqual(4);
    while (begun.at(-1) !== "good" && begun.length < 60) await endOne();
    for (let turn = 0; turn < 5; turn++) await endOne();
    expect(await good).toBe("good");
  });

  test("takes no more than so many for an address, and keeps room for the others", () => {
    const { ask } = world();
    const taken = Array.from({ length: 1_000 }, () => ask("flooder")).filter((turn) => turn !== undefined);
    expect(taken.length).toBeLessThanOrEqual(302);
    expect(ask("good")).toBeDefined();
  });
});

test("a charge point that calls without end is answered ever more slowly, and nothing of it is lost", async () => {
  let monoMs = 1_000;
  const clock = { ...realClock, monoMs: () => monoMs };
  const { server } = await site([chargePoint("cp1")], { clock });
  const station = await Station.open(server.port, "/ocpp/cp1", ["ocpp1.6"]);
  for (let call = 0; call < 1_000; call++) await station.call("Heartbeat", {}, `${call}`);
  station.ws.send(JSON.stringify([2, "late", "Heartbeat", {}]));
  // Its pings are answered: what waits is the call alone.
  await new Promise((resolve) => station.ws.once("pong", resolve).ping());
  const isAnswered = () => station.received.some(([type, id]) => type === 3 && id === "late");
  expect(isAnswered()).toBe(false);
  monoMs += 1_000;
  await station.until(([type, id]) => type === 3 && id === "late");
  await server.close();
});

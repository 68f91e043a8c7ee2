import { expect, test } from "vitest";
import { settle, VirtualClock } from "../../sim/virtual-clock.ts";
import { TickPace } from "./tick-pace.ts";

/** Ticks that take as long as the test says. */
function world() {
  const clock = new VirtualClock(0);
  const ticksAtMs: number[] = [];
  let hold: Promise<void> = Promise.resolve();
  const pace = new TickPace(clock, () => {
    ticksAtMs.push(clock.monoMs());
    return hold;
  });
  pace.start();
  return {
    clock,
    pace,
    ticksAtMs,
    holdTicks() {
      const { promise, resolve } = Promise.withResolvers<void>();
      hold = promise;
      return resolve;
    },
  };
}

test("without readings it ticks every second", async () => {
  const { clock, ticksAtMs } = world();
  await clock.advance(5_100);
  expect(ticksAtMs).toEqual([250, 1250, 2250, 3250, 4250]);
});

test("a reading is looked at in the turn that it comes in, and those that come together share a tick", async () => {
  const { clock, pace, ticksAtMs } = world();
  await clock.advance(600);
  for (let meter = 0; meter < 5; meter++) pace.want();
  await settle();
  expect(ticksAtMs).toEqual([250, 600]);
});

test("a reading just after a tick is not left until the next second", async () => {
  const { clock, pace, ticksAtMs } = world();
  await clock.advance(260);
  pace.want();
  pace.want();
  await clock.advance(40);
  expect(ticksAtMs).toEqual([250, 275]);
});

test("a reading that comes while a tick waits for the disk is looked at right after it", async () => {
  const { clock, pace, ticksAtMs, holdTicks } = world();
  const letGo = holdTicks();
  await clock.advance(250);
  await clock.advance(200);
  pace.want();
  await clock.advance(10);
  expect(ticksAtMs).toEqual([250]);
  letGo();
  await settle();
  expect(ticksAtMs).toEqual([250, 460]);
});

test("never two ticks at a time, and none after the stop", async () => {
  const { clock, pace, ticksAtMs, holdTicks } = world();
  const letGo = holdTicks();
  await clock.advance(5_000);
  expect(ticksAtMs).toEqual([250]);
  pace.want();
  pace.stop();
  letGo();
  await clock.advance(5_000);
  expect(ticksAtMs).toEqual([250]);
});

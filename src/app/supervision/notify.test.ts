import { describe, expect, test } from "vitest";
import { createNotifier } from "./notify.ts";

const ASKED = { NOTIFY_SOCKET: "/run/systemd/notify", WATCHDOG_USEC: "30000000" };

function world(environment: NodeJS.ProcessEnv) {
  const sent: string[] = [];
  let nowMs = 0;
  const notifier = createNotifier(
    environment,
    () => nowMs,
    (text) => sent.push(text),
  );
  return {
    notifier,
    sent,
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

describe("what systemd hears", () => {
  test("ready, alive with completed ticks three times in the watchdog's time, and stopping", () => {
    const { notifier, sent, pass } = world(ASKED);
    notifier.ready();
    for (let second = 0; second < 60; second++) {
      notifier.ticked();
      pass(1_000);
    }
    notifier.stopping();
    expect(sent[0]).toBe("READY=1");
    expect(sent.at(-1)).toBe("STOPPING=1");
    expect(sent.slice(1, -1)).toEqual(new Array(6).fill("WATCHDOG=1"));
  });

  test("nothing while no tick is completed, however long that lasts", () => {
    const { notifier, sent, pass } = world(ASKED);
    notifier.ticked();
    pass(300_000);
    expect(sent).toEqual(["WATCHDOG=1"]);
  });

  test("nothing where it does not ask, and no watchdog where there is none", () => {
    const alone = world({});
    alone.notifier.ready();
    alone.notifier.ticked();
    alone.notifier.stopping();
    expect(alone.sent).toEqual([]);
    const unwatched = world({ NOTIFY_SOCKET: "/run/systemd/notify" });
    unwatched.notifier.ready();
    unwatched.notifier.ticked();
    expect(unwatched.sent).toEqual(["READY=1"]);
  });
});

import { connect, createServer, type Server } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { settle, VirtualClock } from "../../sim/virtual-clock.ts";
import { silentLog } from "../log.ts";
import { createSupervisor, inCore, MOST_CRASHES, pauseAfterMs, type Shell, takenByShell } from "./supervise.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function world() {
  const clock = new VirtualClock(0);
  const crashes: { name: string; reason: string; pauseMs: number }[] = [];
  const givenUp: string[] = [];
  const { promise: crashed, resolve } = Promise.withResolvers<void>();
  const supervisor = createSupervisor({
    clock,
    log: silentLog,
    onCrash(name, reason, pauseMs) {
      crashes.push({ name, reason, pauseMs });
      resolve();
    },
    giveUp: (message) => givenUp.push(message),
  });
  return { clock, supervisor, crashes, crashed, givenUp };
}

/** A shell that can be made to fail from inside, as from one of its timers. */
function fragile() {
  const starts: { fail: (message: string) => void; failLate: (message: string) => void; closed: boolean }[] = [];
  const begin = (): Shell => {
    const own = { fail: inItsContext(), failLate: inItsContext(), closed: false };
    starts.push(own);
    return {
      close() {
        own.closed = true;
      },
    };
  };
  return { begin, starts };
}

function inItsContext(): (message: string) => void {
  const { promise, resolve } = Promise.withResolvers<string>();
  // What hangs on a promise that the shell made lives in the shell's context.
  void promise.then((message) => takenByShell(new Error(message)));
  return resolve;
}

describe("a shell that crashes", () => {
  test("is closed and started again after a pause that doubles up to a minute", async () => {
    const { clock, supervisor, crashes } = world();
    const { begin, starts } = fragile();
    const kept = await supervisor.start("a shell", begin);
    for (let crash = 0; crash < 8; crash++) {
      starts.at(-1)!.fail(`boom ${crash}`);
      await settle();
      expect(starts.at(-1)!.closed).toBe(true);
      expect(kept.use(() => "up")).toBeUndefined();
      await clock.advance(pauseAfterMs(crash + 1) - 1);
      expect(starts).toHaveLength(crash + 1);
      await clock.advance(1);
      expect(starts).toHaveLength(crash + 2);
      expect(kept.use(() => "up")).toBe("up");
    }
    expect(crashes.map(({ pauseMs }) => pauseMs / 1000)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    expect(crashes[3]).toMatchObject({ name: "a shell", reason: expect.stringContaining("boom 3") });
  });

  test("and ran well for long begins with a short pause again", async () => {
    const { clock, supervisor, crashes } = world();
    const { begin, starts } = fragile();
    await supervisor.start("a shell", begin);
    for (let crash = 0; crash < 4; crash++) {
      starts.at(-1)!.fail("boom");
      await settle();
      await clock.advance(3_600_000);
    }
    expect(crashes.map(({ pauseMs }) => pauseMs)).toEqual([1000, 1000, 1000, 1000]);
  });

  test("too often, with the others, ends the process, with a word on what that means", async () => {
    const { clock, supervisor, givenUp } = world();
    const shells = [fragile(), fragile()];
    for (const [index, { begin }] of shells.entries()) await supervisor.start(`shell ${index}`, begin);
    for (let crash = 0; crash < MOST_CRASHES; crash++) {
      shells[crash % 2]!.starts.at(-1)!.fail("boom");
      await settle();
      await clock.advance(pauseAfterMs(crash / 2 + 1));
      expect(givenUp).toEqual([]);
    }
    shells[0]!.starts.at(-1)!.fail("boom");
    await settle();
    expect(givenUp[0]).toMatch(/shell 0 .* service manager starts it anew.*safe current/s);
  });

  test("a little every hour ends nothing", async () => {
    const { clock, supervisor, givenUp } = world();
    const { begin, starts } = fragile();
    await supervisor.start("a shell", begin);
    for (let crash = 0; crash < 5 * MOST_CRASHES; crash++) {
      starts.at(-1)!.fail("boom");
      await settle();
      await clock.advance(600_000);
    }
    expect(givenUp).toEqual([]);
  });

  test("leaves what it left behind without a say: the next one lives on", async () => {
    const { clock, supervisor, crashes } = world();
    const { begin, starts } = fragile();
    await supervisor.start("a shell", begin);
    starts[0]!.fail("boom");
    await settle();
    await clock.advance(1_000);
    starts[0]!.failLate("late");
    await settle();
    expect(crashes).toHaveLength(1);
    expect(starts[1]!.closed).toBe(false);
  });

  test("while it is being closed for good is not started again", async () => {
    const { clock, supervisor } = world();
    const { begin, starts } = fragile();
    const kept = await supervisor.start("a shell", begin);
    starts[0]!.fail("boom");
    await settle();
    await kept.close();
    await clock.advance(600_000);
    expect(starts).toHaveLength(1);
  });

  test("and whose close hangs does not hold up the next start for longer than some seconds", async () => {
    const { clock, supervisor } = world();
    let starts = 0;
    let fail = (_: string) => {};
    await supervisor.start("a shell", () => {
      starts++;
      fail = inItsContext();
      return { close: () => new Promise(() => {}) };
    });
    fail("boom");
    await settle();
    await clock.advance(6_000);
    expect(starts).toBe(2);
  });
});

describe("a shell that cannot be started", () => {
  test("keeps the site from starting, with its reason", async () => {
    const { supervisor } = world();
    const start = supervisor.start("a shell", () => Promise.reject(new Error("the port is taken")));
    await expect(start).rejects.toThrow("the port is taken");
  });

  test("but that the site can do without is tried again for ever, and counts for nothing", async () => {
    const { clock, supervisor, crashes, givenUp } = world();
    let attempts = 0;
    const begin = (): Shell => {
      if (++attempts < 50) throw new Error("no such file");
      return { close() {} };
    };
    const kept = await supervisor.start("a broker", begin, { optional: true });
    expect(kept.use(() => "up")).toBeUndefined();
    await clock.advance(3_600_000);
    expect(kept.use(() => "up")).toBe("up");
    expect({ attempts, crashes, givenUp }).toEqual({ attempts: 50, crashes: [], givenUp: [] });
  });

  test("after a crash is a crash too", async () => {
    const { clock, supervisor, givenUp } = world();
    let fail = (_: string) => {};
    let attempts = 0;
    await supervisor.start("a shell", () => {
      if (++attempts > 1) throw new Error("the port is taken");
      fail = inItsContext();
      return { close() {} };
    });
    fail("boom");
    await settle();
    await clock.advance(3_600_000);
    expect(givenUp.length).toBeGreaterThan(0);
  });
});

describe("whose defect it is", () => {
  /** A server that does `work` with each byte. */
  async function serverShell(work: () => never): Promise<Server & Shell> {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", () => work());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closers.push(() => server.close());
    return server;
  }
  function poke(server: Server): void {
    const { port } = server.address() as { port: number };
    const socket = connect(port, "127.0.0.1", () => socket.write("x"));
    closers.push(() => socket.destroy());
  }

  test("an exception on a socket that a shell's server accepted is that shell's", async () => {
    const { supervisor, crashes, crashed } = world();
    await supervisor.start("a server", async () => {
      const server = await serverShell(() => {
        throw new Error("boom on the socket");
      });
      poke(server);
      return server;
    });
    await crashed;
    expect(crashes).toMatchObject([{ name: "a server", reason: expect.stringContaining("boom on the socket") }]);
  });

  test("what the core starts for a shell is the core's, and the callbacks it is given stay the shell's", async () => {
    const { supervisor, crashes } = world();
    const taken: boolean[] = [];
    const core = inCore((callback: () => void) => {
      taken.push(takenByShell(new Error("in the core")));
      callback();
    });
    await supervisor.start("a shell", () => {
      core(() => taken.push(takenByShell(new Error("in the callback"))));
      return { close() {} };
    });
    expect(taken).toEqual([false, true]);
    expect(crashes).toMatchObject([{ reason: expect.stringContaining("in the callback") }]);
  });
});

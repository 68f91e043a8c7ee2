import type { FastifyRequest } from "fastify";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../sim/virtual-clock.ts";
import { createAccess } from "./access.ts";

const TOKEN_HASH = "hash of right";

/** An API with a token; who asks is somewhere in the network. */
function api() {
  const hashed: string[] = [];
  const verifyPassword = async (_hash: string, secret: string) => {
    hashed.push(secret);
    await Promise.resolve();
    return secret === "right";
  };
  const clock = new VirtualClock(0);
  const access = createAccess({ clock, verifyPassword, tokenHash: TOKEN_HASH });
  const ask = async (token: string, ip = "192.168.1.20") => {
    const headers = { host: "pi:8080", authorization: `Bearer ${token}` };
    const answer = await access({ ip, headers } as unknown as FastifyRequest);
    return answer.ok ? 200 : answer.status;
  };
  return { ask, hashed, clock };
}

describe("a token of the API", () => {
  test("is hashed once: who confirms a limit every few seconds costs the processor nothing", async () => {
    const { ask, hashed } = api();
    expect(await Promise.all(Array.from({ length: 20 }, () => ask("right")))).toEqual(new Array(20).fill(200));
    expect(hashed).toEqual(["right"]);
  });

  test("lets the grid operator in behind the address of a program that has an old one and asks on and on", async () => {
    const { ask, hashed, clock } = api();
    for (let second = 0; second < 600; second++) {
      expect(await ask("old")).toBe(401);
      if (second % 60 === 59) expect(await ask("right")).toBe(200);
      await clock.advance(1_000);
    }
    expect(hashed).toEqual(["old", "right"]);
  });

  test("that is known lets in while somebody behind the same address guesses", async () => {
    const { ask } = api();
    expect(await ask("right")).toBe(200);
    for (let guess = 0; guess < 20; guess++) expect([401, 429]).toContain(await ask(`guess-${guess}`));
    expect(await ask("another-guess")).toBe(429);
    expect(await ask("right")).toBe(200);
  });

  test("is guessed five times a minute at most, however many guesses come at once", async () => {
    const { ask, hashed, clock } = api();
    const flood = () => Promise.all(Array.from({ length: 500 }, (_, guess) => ask(`${clock.monoMs()}-${guess}`)));
    expect((await flood()).filter((status) => status === 401)).toHaveLength(5);
    expect(hashed).toHaveLength(5);
    await clock.advance(60_000);
    await flood();
    expect(hashed).toHaveLength(10);
  });
});

/** Ports for servers of tests. */
import { createServer } from "node:net";

/** Each vitest worker has its own thousand, so that two never look at the same one. */
const PORTS_OF_A_WORKER = 1000;
const FIRST = 12_000 + (Number(process.env.VITEST_POOL_ID ?? 0) % 20) * PORTS_OF_A_WORKER;
let next = process.pid % PORTS_OF_A_WORKER;

/**
 * A port of 127.0.0.1 that is free now and stays so while its server is away: below 32768, where the
 * system takes none for outgoing connections (ip(7), ip_local_port_range).
 */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < PORTS_OF_A_WORKER; tried++) {
    const port = FIRST + (next++ % PORTS_OF_A_WORKER);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
  throw new Error(`none of the ports from ${FIRST} on is free`);
}

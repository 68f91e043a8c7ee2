import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createTurns, inTurns } from "./turns.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server whose requests take turns; resolves with its port. */
async function serving(answer: RequestListener): Promise<number> {
  const server = createServer(inTurns(answer));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** A line on which so many requests are sent at once. */
function line(port: number, requests: number): Socket {
  const socket = connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(requests)));
  return socket.on("error", () => {});
}

test("between two of many requests that come at once the guard has its turn", async () => {
  const order: string[] = [];
  const port = await serving((_request, response) => {
    order.push("request");
    response.end();
  });
  let isOver = false;
  const guard = () => {
    order.push("guard");
    if (!isOver) setImmediate(guard);
  };
  guard();
  const socket = line(port, 20);
  let text = "";
  await new Promise<void>((resolve) => {
    socket.on("data", (data) => {
      text += data;
      if (text.split("HTTP/1.1 200 OK").length > 20) resolve();
    });
  });
  socket.destroy();
  isOver = true;
  expect(order.join(" ")).not.toContain("request request");
});

test("a line that sends on and on without waiting for an answer is closed, and others are served", async () => {
  let served = 0;
  const port = await serving((_request, response) => response.end(`${++served}`));
  await new Promise((resolve) => line(port, 2000).on("close", resolve));
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  expect(served).toBeLessThan(50);
});

test("a request that finds too many before it is refused, and those who wait are served", async () => {
  const turns = createTurns(3);
  const served: number[] = [];
  const taken = [1, 2, 3, 4, 5].map((request) => turns(() => served.push(request)));
  expect(taken).toEqual([true, true, true, false, false]);
  while (served.length < 3) await new Promise((resolve) => setImmediate(resolve));
  expect(turns(() => served.push(6))).toBe(true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(served).toEqual([1, 2, 3, 6]);
});

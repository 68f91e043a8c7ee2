import { type AddressInfo, connect } from "node:net";
import Fastify from "fastify";
import { expect, test } from "vitest";
import { createTurns, inTurns } from "./turns.ts";

test("between two of many requests that come at once the guard has its turn", async () => {
  const app = Fastify({ logger: false });
  const order: string[] = [];
  inTurns(app);
  app.get("/", async () => {
    order.push("request");
    return "";
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo;
  let isOver = false;
  const guard = () => {
    order.push("guard");
    if (!isOver) setImmediate(guard);
  };
  guard();
  const socket = connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100)));
  let text = "";
  await new Promise<void>((resolve) => {
    socket.on("data", (data) => {
      text += data;
      if (text.split("HTTP/1.1 200 OK").length > 100) resolve();
    });
  });
  socket.destroy();
  isOver = true;
  await app.close();
  expect(order.join(" ")).not.toContain("request request");
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

import { type AddressInfo, connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { apiListener, MOST_LINES } from "./listener.ts";

test("who opens line after line and says nothing is hung up on, and those who were there are answered", async () => {
  const server = apiListener((_request, response) => response.end("here"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const opened = (): Promise<Socket> =>
    new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(socket)).on("error", () => {});
    });
  const lines = [await opened()];
  for (let line = 1; line < MOST_LINES; line++) lines.push(await opened());
  await new Promise((resolve) =>
    connect(port, "127.0.0.1")
      .on("error", () => {})
      .on("close", resolve),
  );
  const first = lines[0]!;
  first.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const answer = await new Promise((resolve) => first.once("data", (data) => resolve(String(data))));
  expect(answer).toContain("200 OK");
  for (const line of lines) line.destroy();
  server.close();
});

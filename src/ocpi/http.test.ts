import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createPlain, type RequestListener, type Server } from "node:http";
import { createServer as createSecure } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { selfSigned } from "../../test/certificate.ts";
import { VirtualClock } from "../sim/virtual-clock.ts";
import { createHttp, type HttpClient, type HttpOptions } from "./http.ts";

let directory = "";
const text = (name: string) => readFileSync(join(directory, name), "utf8");
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "wattledger-tls-"));
  const file = (name: string) => join(directory, name);
  const certificate = (name: string) =>
    selfSigned({ name, alt: "DNS:localhost", keyFile: file(`${name}.key`), certFile: file(`${name}.crt`) });
  certificate("partner");
  certificate("site");
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
const clock = new VirtualClock(0);
function client(options: Partial<HttpOptions> = {}): HttpClient {
  const http = createHttp({ allowPrivateAddresses: true, clock, ...options });
  ends.push(() => http.close());
  return http;
}
const get = (http: HttpClient, url: string) => http.exchange({ method: "GET", url, headers: {} });
const says =
  (body: string): RequestListener =>
  (_request, response) =>
    response.end(body);

describe("an exchange with a partner", () => {
  test("is by TLS with an authority of its own, and fails with a stranger", async () => {
    const server = createSecure({ cert: text("partner.crt"), key: text("partner.key") }, says("hello"));
    const url = `https://localhost:${await listening(server)}/`;
    expect(await get(client({ ca: text("partner.crt") }), url)).toMatchObject({ ok: true, status: 200, text: "hello" });
    expect(await get(client(), url)).toMatchObject({ ok: false, reason: expect.stringContaining("SELF_SIGNED") });
  });

  test("shows our certificate where the partner asks for it", async () => {
    const tls = {
      cert: text("partner.crt"),
      key: text("partner.key"),
      ca: text("site.crt"),
      requestCert: true,
      rejectUnauthorized: true,
    };
    const url = `https://localhost:${await listening(createSecure(tls, says("you")))}/`;
    const ours = { cert: text("site.crt"), key: text("site.key") };
    expect(await get(client({ ca: text("partner.crt"), ...ours }), url)).toMatchObject({ ok: true, text: "you" });
    expect(await get(client({ ca: text("partner.crt") }), url)).toMatchObject({ ok: false });
  });

  test("does not follow a name into the local network, nor a redirect anywhere", async () => {
    let asked = 0;
    const port = await listening(
      createPlain((_request, response) => {
        asked++;
        response.writeHead(302, { location: "http://localhost:1/" }).end();
      }),
    );
    const strict = client({ allowPrivateAddresses: false });
    expect(await get(strict, `http://localhost:${port}/`)).toMatchObject({
      ok: false,
      reason: expect.stringContaining("private"),
    });
    expect(asked).toBe(0);
    expect(await get(client(), `http://localhost:${port}/`)).toMatchObject({ ok: true, status: 302 });
    expect(asked).toBe(1);
  });

  test("ends in time, whatever does not come, and does not swallow whatever comes", async () => {
    let heard = () => {};
    const arrived = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const silent = await listening(createPlain(() => heard()));
    const answer = get(client(), `http://localhost:${silent}/`);
    await arrived;
    await clock.advance(15_000);
    expect(await answer).toEqual({ ok: false, reason: "no answer in time" });
    const large = await listening(createPlain(says("x".repeat(5_000_000))));
    expect(await get(client(), `http://localhost:${large}/`)).toMatchObject({
      ok: false,
      reason: expect.stringContaining("larger"),
    });
  });

  test("survives a partner that closes idle connections", async () => {
    const server = createPlain({ keepAlive: true, keepAliveTimeout: 1 }, says("again"));
    const url = `http://localhost:${await listening(server)}/`;
    const http = client();
    for (let count = 0; count < 30; count++) {
      expect(await get(http, url)).toMatchObject({ ok: true, text: "again" });
      server.closeIdleConnections();
    }
  });
});

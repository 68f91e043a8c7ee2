/** The whole controller, as `wattledger run` composes it, and the command line beside it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { realClock } from "../../src/app/clock.ts";
import { parseConfiguration } from "../../src/app/configuration/configuration.ts";
import { silentLog } from "../../src/app/log.ts";
import { type RunningSite, runSite } from "../../src/app/run.ts";
import { ocpi } from "../../src/cli/ocpi.ts";
import { freePort } from "../free-port.ts";
import { TestPartner } from "./partner.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  vi.restoreAllMocks();
});

function configurationOf(partner: TestPartner, port: number) {
  const parsed = parseConfiguration(
    JSON.stringify({
      site: { id: "run", timeZone: "UTC", country: "NL" },
      gridConnection: { mainFuseA: 25, meter: "grid", worstBuildingLoadA: 10 },
      chargePoints: [{ id: "cp", evses: [{ id: "one", safeCurrentA: 6 }] }],
      devices: [
        { id: "grid", role: "meter", profile: "eastron-sdm630", connection: { tcp: { host: "127.0.0.1", port: 1 } } },
      ],
      tariff: { import: { kind: "fixed", eurPerKwh: 0.3 } },
      ocpp: { host: "127.0.0.1", port: 0 },
      api: { port },
      upstream: {
        countryCode: "NL",
        partyId: "CPO",
        publicUrl: `http://127.0.0.1:${port}/`,
        location: { address: "Kade 1", city: "Utrecht", country: "NLD", latitude: "52.09070", longitude: "5.12140" },
        partners: [{ id: "emsp", versionsUrl: partner.versionsUrl, allowHttp: true, allowPrivateAddresses: true }],
      },
    }),
    "run",
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.configuration;
}

async function started(configuration: ReturnType<typeof configurationOf>, directory: string): Promise<RunningSite> {
  const clock = realClock();
  const site = await runSite({
    configuration,
    configurationHash: "h",
    directory,
    clock,
    log: silentLog,
    simulated: false,
  });
  ends.push(() => site.close("test"));
  return site;
}

test("an operator hands a partner a token, the partner registers, and both see it, also after a restart", async () => {
  const partner = await TestPartner.listen();
  const directory = mkdtempSync(join(tmpdir(), "wattledger-run-"));
  ends.push(
    () => rmSync(directory, { recursive: true, force: true }),
    () => partner.close(),
  );
  const port = await freePort();
  const url = ["--url", `http://127.0.0.1:${port}`];
  const printed: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void printed.push(line));
  vi.spyOn(console, "error").mockImplementation((line: string) => void printed.push(line));
  const configuration = configurationOf(partner, port);
  const first = await started(configuration, directory);

  expect(await ocpi(["token", "emsp", ...url])).toBe(0);
  const token = printed.at(-1)!;
  expect((await partner.register(`http://127.0.0.1:${port}/ocpi/versions`, token)).body.status_code).toBe(1000);
  await partner.until((received) =>
    received.find(({ method, path }) => method === "PUT" && path.includes("/locations/")),
  );
  expect(await ocpi(["status", ...url])).toBe(0);
  expect(printed.at(-1)).toContain("emsp: registered, OCPI 2.2.1");
  expect(printed.at(-1)).toContain("It has everything, last heard");
  expect(await ocpi(["parties", ...url])).toBe(0);
  expect(printed.at(-1)).toContain("EMSP  NL-EMS  Test");
  expect(printed.at(-1)).toContain("cdrs RECEIVER");
  const document = join(directory, "openapi.json");
  expect(await ocpi(["openapi", "--version", "2.3.0", "--out", document, ...url])).toBe(0);
  expect(JSON.parse(readFileSync(document, "utf8")).paths["/2.3.0/cpo/tokens/{country}/{party}/{uid}"]).toBeDefined();
  expect(await ocpi(["openapi", "--version", "9.9", ...url])).toBe(1);
  // The page and the API are beside it, and are no part of it.
  expect((await partner.call("GET", `http://127.0.0.1:${port}/api/v1/site`)).http).toBe(200);
  expect((await partner.call("GET", `http://127.0.0.1:${port}/ocpi/nothing`)).http).toBe(404);

  await ends.pop()!();
  expect(first.apiPort).toBe(port);
  await started(configuration, directory);
  expect(await ocpi(["update", "emsp", ...url])).toBe(0);
  expect((await partner.call("GET", `http://127.0.0.1:${port}/ocpi/versions`)).http).toBe(200);
  expect(await ocpi(["send", "emsp", ...url])).toBe(0);
  expect(await ocpi(["unregister", "emsp", ...url])).toBe(0);
  expect((await partner.call("GET", `http://127.0.0.1:${port}/ocpi/versions`)).http).toBe(401);

  writeFileSync(join(directory, "token"), `${partner.newInbound()}\n`);
  expect(await ocpi(["register", "emsp", "--token-file", join(directory, "token"), ...url])).toBe(0);
  expect(await ocpi(["register", "nobody", "--token-file", join(directory, "token"), ...url])).toBe(1);
  expect(await ocpi(["dance"])).toBe(2);
});

test("what cannot be done is said in words that help who typed it", async () => {
  const partner = await TestPartner.listen();
  const directory = mkdtempSync(join(tmpdir(), "wattledger-run-"));
  ends.push(
    () => rmSync(directory, { recursive: true, force: true }),
    () => partner.close(),
  );
  const port = await freePort();
  let said = "";
  const hear = (line: string) => {
    said = line;
  };
  vi.spyOn(console, "log").mockImplementation(hear);
  vi.spyOn(console, "error").mockImplementation(hear);
  await started(configurationOf(partner, port), directory);
  const file = join(directory, "token");
  const asked = async (...args: string[]) => {
    const code = await ocpi([...args, "--url", `http://127.0.0.1:${port}`]);
    return `${code} ${said}`;
  };

  expect(await asked("token", "nobody")).toBe(
    '1 Nothing was done: There is no partner "nobody" in site.yaml (known: emsp)',
  );
  expect(await asked("send", "emsp")).toBe("1 Nothing was done: emsp is not registered, so nothing is sent to it");
  expect(await asked("update", "emsp")).toBe("1 Nothing was done: emsp is not registered");
  expect(await asked("unregister", "emsp")).toBe("0 emsp was not registered; tokens that it was handed are void");
  expect(await asked("openapi", "--version", "9.9")).toContain("does not speak that version");
  expect(await asked("openapi", "--out", join(directory, "no", "where"))).toContain("cannot be written (ENOENT)");
  expect(await asked("register", "emsp", "--token-file", file)).toContain(`${file} cannot be read (ENOENT)`);
  writeFileSync(file, "\n");
  expect(await asked("register", "emsp", "--token-file", file)).toContain(`The first line of ${file} is no token`);
  writeFileSync(file, `${partner.newInbound()}\n`);
  expect(await asked("register", "emsp", "--token-file", file)).toContain("0 Registered with emsp");
  expect(await asked("dance")).toContain("2 Usage: wattledger ocpi status");
  expect(await ocpi(["status", "--url", "http://127.0.0.1:1"])).toBe(1);
  expect(said).toContain("does not answer at http://127.0.0.1:1; --url says where it does");
});

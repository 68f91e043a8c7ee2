import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import fc from "../../../test/fast-check.ts";
import { HASH, homeConfiguration } from "../../core/site/site.test-kit.ts";
import { deviceProfiles } from "../../modbus/profiles.ts";
import { parseConfiguration, problemText, readConfiguration } from "./configuration.ts";
import { profileProblems } from "./profile-check.ts";

const directory = mkdtempSync(join(tmpdir(), "wattledger-configuration-"));
afterAll(() => rmSync(directory, { recursive: true }));

const SITE = `site: { id: home, timeZone: Europe/Berlin, country: DE }
gridConnection: { mainFuseA: 35, meter: grid, worstBuildingLoadA: 25 }
chargePoints:
  - id: garage
    passwordHash: ${HASH}
    evses: [{ id: left, safeCurrentA: 6 }]
devices:
  - { id: grid, role: meter, profile: eastron-sdm630, connection: { tcp: { host: 10.0.0.1 } } }
tariff:
  import: { kind: fixed, eurPerKwh: 0.3 }
`;

function written(text: string, name = "site.yaml"): string {
  const file = join(directory, name);
  writeFileSync(file, text);
  return file;
}

describe("a file that is in order", () => {
  it("comes with every default filled in, and a hash that follows its content", () => {
    const result = readConfiguration(written(SITE));
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const { configuration } = result;
    expect(configuration.chargePoints[0]).toMatchObject({ leaseSeconds: 180, rateUnit: "auto", quirks: [] });
    expect(configuration.chargePoints[0]!.evses[0]).toMatchObject({ phases: ["L1", "L2", "L3"], circuit: "grid" });
    expect(configuration.devices[0]).toMatchObject({ unitId: 1, connection: { tcp: { port: 502, framing: "tcp" } } });
    expect(configuration).toMatchObject({ ocpp: { port: 8887 }, charging: { defaultEnergyWh: 20_000 } });
    const again = parseConfiguration(`# the same\n${SITE}`, "other.yaml");
    const other = parseConfiguration(SITE.replace("35", "40"), "site.yaml");
    expect(again.ok && again.hash).toBe(result.hash);
    expect(other.ok && other.hash).not.toBe(result.hash);
  });

  it("may be written by a program", () => {
    expect(parseConfiguration(stringify(homeConfiguration()), "site.yaml").ok).toBe(true);
    expect(parseConfiguration(JSON.stringify(homeConfiguration()), "site.json").ok).toBe(true);
  });
});

describe("usual departures", () => {
  const withDepartures = (text: string) =>
    SITE.replace("safeCurrentA: 6 }", `safeCurrentA: 6, departures: [${text}] }`);

  it("are every day where no days are named", () => {
    const result = parseConfiguration(withDepartures("{ at: 07:30, days: [sat, sun] }, { at: 06:15 }"), "site.yaml");
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    expect(result.configuration.chargePoints[0]!.evses[0]!.departures).toEqual([
      { at: "07:30", days: ["sat", "sun"] },
      { at: "06:15", days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] },
    ]);
  });

  it("that cannot be read are told with line and what to write", () => {
    const problems = (text: string) =>
      parseConfiguration(withDepartures(text), "site.yaml").problems.map(({ line, path, advice }) => [
        line,
        path,
        advice,
      ]);
    const place = "chargePoints.0.evses.0.departures.0";
    expect(problems('{ at: "7.30" }')).toEqual([[6, `${place}.at`, 'Local time of the site, "HH:MM"']]);
    expect(problems("{ at: 07:30, days: [monday] }")).toEqual([
      [6, `${place}.days.0`, "Allowed: mon, tue, wed, thu, fri, sat, sun"],
    ]);
    expect(problems("{ days: [mon] }")).toEqual([[6, place, 'Local time of the site, "HH:MM"']]);
  });
});

describe("files that site.yaml names", () => {
  it("have to be there", () => {
    const text = `${SITE}ocpp: { tls: { certFile: cert.pem, keyFile: key.pem } }\nmqtt: { url: "mqtt://b", passwordFile: . }\n`;
    const file = written(text);
    written("", "cert.pem");
    const { ok, problems } = readConfiguration(file);
    expect(ok).toBe(false);
    expect(problems.map(({ path, line, message }) => [path, line, message.split("/").at(-1)])).toEqual([
      ["ocpp.tls.keyFile", 11, "key.pem does not exist"],
      ["mqtt.passwordFile", 12, expect.stringContaining("is not a file")],
    ]);
  });

  it("are only a warning when they hold prices, which may come later", () => {
    const text = SITE.replace("{ kind: fixed, eurPerKwh: 0.3 }", "{ kind: day-ahead, file: prices.csv }");
    const result = readConfiguration(written(text));
    expect(result.ok).toBe(true);
    expect(result.problems).toMatchObject([{ severity: "warning", line: 10 }]);
  });
});

describe("names that nobody knows", () => {
  it("of quirks are told with the nearest", () => {
    const text = SITE.replace("    evses:", "    quirks: [no-zero-curent]\n    evses:");
    const { ok, problems } = readConfiguration(written(text));
    expect(ok).toBe(false);
    expect(problems).toMatchObject([{ line: 6, advice: 'Did you mean "no-zero-current"?' }]);
  });

  it("of device profiles are told where they stand", () => {
    const result = parseConfiguration(SITE.replace("eastron-sdm630", "eastron-630"), "site.yaml");
    if (!result.ok) throw new Error("profiles are not known to the schema");
    const [told] = profileProblems(result.configuration, deviceProfiles(), "site.yaml", result.place);
    expect(told).toMatchObject({ line: 8, message: 'There is no profile "eastron-630"' });
  });
});

describe("a one-phase meter", () => {
  const told = (text: string) => {
    const result = parseConfiguration(text, "site.yaml");
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    return profileProblems(result.configuration, deviceProfiles(), "site.yaml", result.place);
  };
  const single = SITE.replace("eastron-sdm630", "eastron-sdm120-230");

  it("cannot guard the fuse of three phases, and guards that of one", () => {
    expect(told(single)).toMatchObject([{ line: 8, message: expect.stringContaining("measures one phase") }]);
    expect(told(single.replace("mainFuseA", "phases: 1, mainFuseA"))).toEqual([]);
  });
});

describe("values that YAML took for something else", () => {
  it.each([
    ["id: garage", "id: 4711", "chargePoints.0.id", 'Put it in quotes: "4711"'],
    ["profile: eastron-sdm630,", "profile: eastron-sdm630, invert: yes,", "devices.0.invert", "Write true or false"],
  ])("%s written as %s", (from, to, path, advice) => {
    const { problems } = parseConfiguration(SITE.replace(from, to), "site.yaml");
    expect(problems).toMatchObject([{ path, advice }]);
  });
});

describe("files that are not what they should be", () => {
  it.each([
    ["nothing at all", ""],
    ["a word", "hello"],
    ["a list", "- 1\n- 2"],
    ["two documents", `${SITE}---\n${SITE}`],
    ["a key twice", `${SITE}site: {}\n`],
    ["references that go round", "site: &a { id: *a }"],
    [
      "references that multiply",
      `a: &a [1,1,1,1,1,1,1,1]\n${[..."bcdefghi"].map((name, index) => `${name}: &${name} [${Array(8).fill(`*${"abcdefgh"[index]}`).join(",")}]`).join("\n")}`,
    ],
    ["brackets without an end", "[".repeat(100_000)],
  ])("are refused with a place and advice: %s", (_, text) => {
    const { ok, problems } = parseConfiguration(text, "site.yaml");
    expect(ok).toBe(false);
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) {
      expect(problem.line).toBeGreaterThan(0);
      expect(problem.advice).not.toBe("");
      expect(problemText(problem)).toMatch(/^site\.yaml:\d+:\d+ error: /);
    }
  });

  it("are told when they are missing or no file", () => {
    expect(readConfiguration(join(directory, "nowhere.yaml")).problems[0]!.advice).toContain("config/home.yaml");
    expect(readConfiguration(directory).problems[0]!.message).toContain("cannot be read");
  });

  it("are to be saved in UTF-8 where an editor wrote them in UTF-16", () => {
    const file = join(directory, "notepad.yaml");
    writeFileSync(file, `\uFEFF${SITE}`, "utf16le");
    expect(readConfiguration(file).problems.map(problemText)).toEqual([
      `${file}:1:1 error: is not text in UTF-8\n    Save it again with the encoding UTF-8; Windows Notepad asks for it at Save as`,
    ]);
    writeFileSync(file, `\uFEFF${SITE}`);
    expect(readConfiguration(file).ok).toBe(true);
  });

  it("list the first hundred problems, and how many are left", () => {
    const keys = Array.from({ length: 150 }, (_, index) => `nonsense${index}: 1`);
    const { problems } = parseConfiguration(`${SITE}${keys.join("\n")}`, "site.yaml");
    expect(problems).toHaveLength(101);
    expect(problems.at(-1)!.message).toBe("has 50 problems more");
  });

  it("refuse nothing where they are warnings, however many, and hide no error behind them", () => {
    const chargePoints = Array.from({ length: 150 }, (_, index) => ({
      id: `cp${index}`,
      evses: [{ id: `e${index}`, safeCurrentA: 0 }],
    }));
    const site = (more: object) => JSON.stringify({ ...parse(SITE), chargePoints, ...more });
    expect(parseConfiguration(site({}), "site.yaml").ok).toBe(true);
    const wrong = parseConfiguration(site({ circuits: [{ id: "c", parent: "nowhere", fuseA: 20 }] }), "site.yaml");
    expect(wrong.ok).toBe(false);
    expect(wrong.problems[0]).toMatchObject({ severity: "error", message: expect.stringContaining("nowhere") });
  });

  it("never bring the check down", () => {
    const texts = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc
        .tuple(fc.nat(SITE.length), fc.nat(8), fc.string({ maxLength: 8 }))
        .map(([at, length, text]) => SITE.slice(0, at) + text + SITE.slice(at + length)),
      fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify({ ...homeConfiguration(), devices: value })),
      fc.constantFrom("__proto__", "constructor", "toString").map((key) => `${SITE}${key}: { polluted: 1 }`),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const result = parseConfiguration(text, "site.yaml");
        expect(result.ok || result.problems.length > 0).toBe(true);
        expect(({} as { polluted?: number }).polluted).toBeUndefined();
      }),
      { numRuns: 400 },
    );
  });
});

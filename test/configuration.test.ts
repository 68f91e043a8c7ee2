import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type ConfigurationResult, parseConfiguration } from "../src/app/configuration/configuration.ts";
import { profileProblems } from "../src/app/configuration/profile-check.ts";
import { deviceProfiles } from "../src/modbus/profiles.ts";
import { schemaOnDisk, schemaText } from "./schema.ts";

const example = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../config/${name}.yaml`, import.meta.url)), "utf8");
const ajv = new Ajv({ allErrors: true, strict: false });

const SMALL_SITE = `site: { id: yard, timeZone: Europe/Berlin, country: DE }
gridConnection: { mainFuseA: 63, meter: grid, worstBuildingLoadA: 38 }
circuits:
  - { id: hall, parent: grid, fuseA: 50 }
  - { id: yard, parent: hall, fuseA: 40 }
chargePoints:
  - id: CP-1
    passwordHash: scrypt$16384$8$1$VewEOwzSghzCBaSUzMxP4g$fqjVyyMQUCNhO3ytrjhfgMqaMLjnJQXcvjF4igg4KFE
    evses:
      - { id: one, circuit: yard, safeCurrentA: 6 }
devices:
  - { id: grid, role: meter, profile: eastron-sdm630, connection: { tcp: { host: 10.0.0.1 } } }
tariff: { import: { kind: fixed, eurPerKwh: 0.3 } }
`;

/** The small site with one place written otherwise; throws when the place is not there, so that no case tests nothing. */
function changed(from: string, to: string): string {
  if (!SMALL_SITE.includes(from)) throw new Error(`"${from}" is not in the small site`);
  return SMALL_SITE.replace(from, to);
}

function eightAtSixAmperes(): string {
  const evses = Array.from(
    { length: 8 },
    (_, index) => `      - { id: evse-${index + 1}, connector: ${index + 1}, safeCurrentA: 6 }`,
  );
  return changed("      - { id: one, circuit: yard, safeCurrentA: 6 }", evses.join("\n"));
}

function problemsOf(result: ConfigurationResult) {
  return result.problems.map(({ severity, file, line, path, message, advice }) => ({
    severity,
    where: `${file}:${line}`,
    path,
    message,
    advice,
  }));
}

describe("the examples", () => {
  test.each(["home", "building"])("%s.yaml passes the check, its device profiles included", (name) => {
    const result = parseConfiguration(example(name), `config/${name}.yaml`);
    expect(problemsOf(result)).toEqual([]);
    if (!result.ok) throw new Error("unreachable: a refused configuration has problems");
    expect(profileProblems(result.configuration, deviceProfiles(), name)).toEqual([]);
  });

  test.each(["home", "building"])("%s.yaml names the schema and an editor finds nothing to mark", (name) => {
    const text = example(name);
    expect(text.split("\n")[0]).toBe("# yaml-language-server: $schema=./site.schema.json");
    const validate = ajv.compile(JSON.parse(schemaOnDisk()));
    validate(parse(text));
    expect(validate.errors).toBeNull();
  });

  test("the building has twelve EVSEs, most of them below the garage's own meter", () => {
    const result = parseConfiguration(example("building"), "building.yaml");
    if (!result.ok) throw new Error("the building is refused");
    const evses = result.configuration.chargePoints.flatMap((chargePoint) => chargePoint.evses);
    expect(evses).toHaveLength(12);
    expect(evses.filter((evse) => evse.circuit === "garage")).toHaveLength(10);
    expect(result.configuration.circuits[0]).toMatchObject({ id: "garage", fuseA: 63, meter: "garage" });
  });
});

describe("the schema for editors", () => {
  test("is that of the code (`node test/schema.ts` writes it anew)", () => {
    expect(schemaOnDisk()).toBe(schemaText());
  });

  test("asks for nothing that has a default, and marks a wrong key", () => {
    const validate = ajv.compile(JSON.parse(schemaText()));
    validate(parse(SMALL_SITE));
    expect(validate.errors).toBeNull();
    expect(validate(parse(changed("safeCurrentA", "safeCurentA")))).toBe(false);
    expect(validate(parse(changed("mainFuseA: 63, ", "")))).toBe(false);
  });
});

describe("a configuration that is in order", () => {
  test("is accepted without a word, so that each case below fails for its own reason only", () => {
    expect(problemsOf(parseConfiguration(SMALL_SITE, "site.yaml"))).toEqual([]);
  });
});

describe("a wrong configuration", () => {
  const cases = [
    {
      what: "safe currents that add up to more than the fuse bears without the controller",
      text: eightAtSixAmperes(),
      where: "site.yaml:2",
      message: "8 EVSEs x 6 A safe current + 38 A worst building load = 86 A, more than its 63 A",
      advice: "Set safeCurrentA: 0 for 4 of them",
    },
    {
      what: "a key that is misspelt",
      text: changed("worstBuildingLoadA", "worstBuildingLoad"),
      where: "site.yaml:2",
      message: '"worstBuildingLoad" is not known here',
      advice: 'Did you mean "worstBuildingLoadA"?',
    },
    ...["minCurrentA", "max_current", "reservation"].map((name) => ({
      what: `a tariff with the restriction ${name}, which no bill here could honour,`,
      text: `${SMALL_SITE}upstream: { countryCode: NL, partyId: CPO, name: Yard, tariffs: [{ id: t, elements: [
  { components: [{ type: ENERGY, price: 0.4 }], restrictions: { ${name}: 5 } }] }] }
`,
      where: /^site\.yaml:1[45]$/,
      message: `"${name}" is not known here`,
      advice: "cannot be billed here",
    })),
    {
      what: "a circuit that does not exist",
      text: changed("circuit: yard", "circuit: garden"),
      where: "site.yaml:10",
      message: 'There is no circuit "garden"',
      advice: "Known circuits: grid, hall, yard",
    },
    {
      what: "circuits in a ring",
      text: changed("id: hall, parent: grid", "id: hall, parent: yard").replace("circuit: yard, ", ""),
      where: "site.yaml:4",
      message: 'Circuit "hall" never reaches the grid connection',
      advice: "set one of them to grid",
    },
    {
      what: "a time zone that does not exist",
      text: changed("Europe/Berlin", "Europe/Berln"),
      where: "site.yaml:1",
      message: '"Europe/Berln" is no time zone',
      advice: "Europe/Berlin",
    },
    {
      what: "a battery about which nothing is said",
      text: changed(
        "tariff:",
        "  - { id: cellar, role: battery, profile: sunspec-hybrid, connection: { tcp: { host: 10.0.0.2 } } }\ntariff:",
      ),
      where: "site.yaml:13",
      message: 'Device "cellar" is a battery without a battery block',
      advice: "capacityWh, maxChargeW and maxDischargeW",
    },
    {
      what: "a meter that is not among the devices",
      text: changed("meter: grid", "meter: gird"),
      where: "site.yaml:2",
      message: 'There is no meter "gird"',
      advice: "meters are: grid",
    },
    {
      what: "a value that is none of the allowed ones",
      text: changed("role: meter", "role: metre"),
      where: "site.yaml:12",
      message: "is none of the allowed values",
      advice: "Allowed: meter, pv, battery, hybrid",
    },
    {
      what: "a key that is missing",
      text: changed(", safeCurrentA: 6", ""),
      where: "site.yaml:10",
      message: '"safeCurrentA" is missing',
      advice: "falls back to without the controller",
    },
    {
      what: "a country in words",
      text: changed("country: DE", "country: Germany"),
      where: /^site\.yaml:\d+$/,
      message: "has to be two capital letters",
      advice: "such as DE",
    },
    {
      what: "a number in quotes",
      text: changed("mainFuseA: 63", 'mainFuseA: "63 A"'),
      where: "site.yaml:2",
      message: "has to be a number",
      advice: "A per phase",
    },
    {
      what: "an address that is none",
      text: changed("host: 10.0.0.1 ", "host: 10.0.1 "),
      where: /^site\.yaml:\d+$/,
      message: '"10.0.1" is no address',
      advice: "four numbers",
    },
    {
      what: "an address of a page",
      text: changed("host: 10.0.0.1 ", 'host: "http://10.0.0.1" '),
      where: /^site\.yaml:\d+$/,
      message: '"http://10.0.0.1" is no address',
      advice: "or a name",
    },
    {
      what: "an address with its port",
      text: changed("host: 10.0.0.1 ", 'host: "10.0.0.1:1502" '),
      where: /^site\.yaml:\d+$/,
      message: '"10.0.0.1:1502" is no address',
      advice: "as port:",
    },
    {
      what: "a tab",
      text: changed("devices:\n", "devices:\n\t"),
      where: /^site\.yaml:\d+$/,
      message: "is not YAML",
      advice: "spaces instead of the tab",
    },
    {
      what: "a key that stands twice",
      text: changed("devices:\n", "gridConnection: {}\ndevices:\n"),
      where: /^site\.yaml:\d+$/,
      message: "is not YAML",
      advice: "take one of the two away",
    },
    {
      what: "text that is not YAML",
      text: changed("devices:\n", "devices: [\n"),
      where: /^site\.yaml:1[1-4]$/,
      message: "is not YAML",
      advice: "Check indentation and colons there",
    },
  ];

  test.each(cases)("$what is refused with its place and what to do", ({ text, where, message, advice }) => {
    const result = parseConfiguration(text, "site.yaml");
    expect(result.ok).toBe(false);
    const errors = problemsOf(result).filter(({ severity }) => severity === "error");
    const told = errors.find((problem) => problem.message.includes(message));
    expect(told, JSON.stringify(errors, null, 2)).toBeDefined();
    expect(told?.where).toMatch(where instanceof RegExp ? where : new RegExp(`^${where.replaceAll(".", "\\.")}$`));
    expect(told?.advice).toContain(advice);
  });

  test("half the EVSEs paused is what makes the refused sum fit", () => {
    const half = eightAtSixAmperes().replaceAll(/(id: evse-[1-4],.*safeCurrentA:) 6/g, "$1 0");
    expect(parseConfiguration(half, "site.yaml").ok).toBe(true);
  });

  test("a file of more than a megabyte is not even parsed", () => {
    const result = parseConfiguration(`# ${"x".repeat(1_000_001)}`, "site.yaml");
    expect(problemsOf(result)).toMatchObject([{ message: "is larger than 1 MB" }]);
  });
});

/** The pages for people against each other and the program: links, the list of decisions, examples of site.yaml. */
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { readConfiguration } from "../src/app/configuration/configuration.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PAGES = globSync(["*.md", "docs/**/*.md", "test/*/README.md", "config/**/*.md"], { cwd: ROOT });

/** The anchor that GitHub gives to a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[`*]/g, "")
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-");
}

function anchorsOf(file: string): string[] {
  return [...readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading!));
}

/** Links of a page to other places of the repository that lead nowhere. */
function deadLinks(page: string, text = readFileSync(join(ROOT, page), "utf8")): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link!)
    .filter((link) => !/^https?:/.test(link))
    .filter((link) => {
      const [path, section] = link.split("#");
      const file = path === "" ? join(ROOT, page) : join(ROOT, dirname(page), path!);
      return !existsSync(file) || (section !== undefined && !anchorsOf(file).includes(section));
    })
    .map((link) => `${page}: ${link}`);
}

describe("the pages for people", () => {
  test("link to files and sections that exist, and a link that leads nowhere is noticed", () => {
    expect(PAGES.length).toBeGreaterThan(15);
    expect(PAGES.flatMap((page) => deadLinks(page))).toEqual([]);
    expect(
      deadLinks("docs/owner.md", "[a](nowhere.md) [b](planning.md#nothing) [c](planning.md#load-and-sun)"),
    ).toHaveLength(2);
  });

  test("list every decision", () => {
    const list = readFileSync(join(ROOT, "docs/decisions/README.md"), "utf8");
    const decisions = PAGES.filter((page) => page.startsWith("docs/decisions/") && !page.endsWith("README.md"));
    expect(decisions.filter((page) => !list.includes(`(${basename(page)})`))).toEqual([]);
  });
});

type Yaml = Record<string, unknown>;

const BUILDING = parse(readFileSync(join(ROOT, "config/building.yaml"), "utf8")) as Yaml;
const MUST_HAVE = {
  passwordHash: "scrypt$16384$8$1$DRr91quoEtGQHJAxujDBdA$YK22GWGLqewNC31viwpX-D6rLx3xOtEe9I9Zo0bBw0c",
};

/** An example shows what it is about: what its charge points have to say besides is added. */
function completed(key: string, value: unknown): unknown {
  if (key === "tariff") return { ...(BUILDING.tariff as Yaml), ...(value as Yaml) };
  if (key !== "chargePoints") return value;
  const points = (value as (Yaml & { evses: Yaml[] })[]).map((point) => ({
    ...MUST_HAVE,
    ...point,
    evses: point.evses.map((evse) => ({ maxCurrentA: 16, safeCurrentA: 0, ...evse })),
  }));
  return [...(BUILDING.chargePoints as Yaml[]), ...points];
}

describe("an example of site.yaml on a page for people", () => {
  const directory = mkdtempSync(join(tmpdir(), "wattledger-docs-"));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  for (const name of ["prices.csv", "solcast.key"]) writeFileSync(join(directory, name), "start_utc,eur_per_kwh\n");
  const file = join(directory, "site.yaml");

  const examples = ["docs/installer.md", "docs/tariffs.md", "docs/cpo.md"].flatMap((page) =>
    [...readFileSync(join(ROOT, page), "utf8").matchAll(/```yaml\n(.*?)```/gs)].map(([, text], index) => {
      // Further entries of the list above.
      const whole = text!.startsWith(" ") ? `tariff:\n  capacity:\n${text}` : text!;
      return [`${page}, ${index + 1}`, whole] as const;
    }),
  );

  test.each(examples)("is taken as it stands: %s", (_, text) => {
    const example = Object.entries(parse(text) as Yaml).map(([key, value]) => [key, completed(key, value)]);
    writeFileSync(file, stringify({ ...BUILDING, ...Object.fromEntries(example) }));
    const { problems } = readConfiguration(file);
    expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
  });
});

/** The pages for people against each other: links lead to a file and a section, decisions stand in their list. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

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

import { expect, test } from "vitest";
import { buildPage } from "./bundle.ts";

test("the pages are small, and each names its own script and style", async () => {
  const { routes } = await buildPage();
  for (const [path, name, mostBytes] of [
    ["/", "page", 80_000],
    ["/car", "car", 20_000],
  ] as const) {
    const own = routes.filter((route) => route.path.startsWith(`/assets/${name}-`));
    expect(own.map(({ contentType }) => contentType.split(";")[0])).toEqual(["text/javascript", "text/css"]);
    const html = Buffer.from(routes.find((route) => route.path === path)!.body).toString();
    for (const { path: asset } of own) expect(html).toContain(`"${asset}"`);
    expect(html).not.toContain("{{");
    expect(own.reduce((sum, { gzip }) => sum + gzip.length, 0)).toBeLessThan(mostBytes);
  }
});

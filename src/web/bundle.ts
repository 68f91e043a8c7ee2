/** Bundles the page in memory at the start of the controller: no build step, no file on disk, no request to outside. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, stop } from "esbuild";

export interface PageAsset {
  readonly path: string;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly gzip: Uint8Array;
  readonly immutable: boolean;
}

const PAGE = new URL("./page/", import.meta.url);
const TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
};

function asset(path: string, contentType: string, body: Uint8Array, immutable: boolean): PageAsset {
  return { path, contentType, body, gzip: gzipSync(body, { level: 9 }), immutable };
}

function hashed(name: string, body: Uint8Array, extension: string): PageAsset {
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 12);
  return asset(`/assets/${name}-${hash}.${extension}`, TYPES[extension]!, body, true);
}

/** A script and a style of its own each: who scans a code does not load the dashboard. */
const PAGES = [
  { name: "page", path: "/", entry: "main.tsx" },
  { name: "car", path: "/car", entry: "car.tsx" },
] as const;

/** Bundles scripts and styles; `/` and `/car` are the pages that name them. Rejects with esbuild's message on a defect. */
export async function buildPage(): Promise<{ readonly routes: readonly PageAsset[] }> {
  const entries = PAGES.map(({ name, entry }) => [name, fileURLToPath(new URL(entry, PAGE))]);
  const result = await build({
    entryPoints: Object.fromEntries(entries),
    outdir: "/assets",
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "silent",
  });
  // The bundler's own process is not needed any more: memory is scarce on a Pi.
  await stop();
  const template = readFileSync(new URL("index.html", PAGE), "utf8");
  const routes = PAGES.flatMap(({ name, path }) => {
    const part = (extension: string) =>
      hashed(name, result.outputFiles.find((file) => file.path.endsWith(`/${name}.${extension}`))!.contents, extension);
    const [script, style] = [part("js"), part("css")];
    const html = template.replace("{{script}}", script.path).replace("{{style}}", style.path);
    return [asset(path, "text/html; charset=utf-8", Buffer.from(html), false), script, style];
  });
  return { routes };
}

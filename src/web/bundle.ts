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

function hashed(body: Uint8Array, extension: string): PageAsset {
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 12);
  return asset(`/assets/page-${hash}.${extension}`, TYPES[extension]!, body, true);
}

/** Bundles script and style; `/` is the page that names them. Rejects with esbuild's message on a defect. */
export async function buildPage(): Promise<{ readonly routes: readonly PageAsset[] }> {
  const result = await build({
    entryPoints: [fileURLToPath(new URL("main.tsx", PAGE))],
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
  const byExtension = (extension: string) =>
    hashed(result.outputFiles.find((file) => file.path.endsWith(extension))!.contents, extension);
  const script = byExtension("js");
  const style = byExtension("css");
  const template = readFileSync(new URL("index.html", PAGE), "utf8");
  const html = template.replace("{{script}}", script.path).replace("{{style}}", style.path);
  return { routes: [asset("/", "text/html; charset=utf-8", Buffer.from(html), false), script, style] };
}

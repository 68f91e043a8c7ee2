/**
 * GLPK's own functions, from the WASM build that `glpk.js` brings: its wrapper takes each model as text by name and forgets
 * the solution after it, so that nothing can go on from where the last one ended.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** As much of the platform's WebAssembly as is used here; Node's own types leave it out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
};

interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

type WasmFunction = (...values: number[]) => number;

/** What this project calls of GLPK, by the names of its manual. */
const FUNCTIONS = [
  "malloc",
  "free",
  "glp_version",
  "glp_create_prob",
  "glp_delete_prob",
  "glp_add_rows",
  "glp_add_cols",
  "glp_set_row_bnds",
  "glp_set_col_bnds",
  "glp_set_obj_coef",
  "glp_set_col_kind",
  "glp_load_matrix",
  "glp_simplex",
  "glp_get_status",
  "glp_get_obj_val",
  "glp_get_col_prim",
  "glp_get_row_dual",
  "glp_mip_status",
  "glp_mip_obj_val",
  "glp_mip_col_val",
  "get_glp_smcp",
  "solve_mip",
] as const;

export type GlpkFunction = (typeof FUNCTIONS)[number];

export interface GlpkModule {
  readonly call: Readonly<Record<GlpkFunction, WasmFunction>>;
  /** Its memory as bytes; asked for anew after each call, which may move it. */
  view(): DataView;
}

const PAGE_BYTES = 65_536;
/** So much more than was asked for is taken at once, pages. */
const SPARE_PAGES = 16;
/** Answers of the file system to GLPK, which has none here: it only ever prints. */
const NO_FILE = -44;
const NO_TERMINAL = -59;
const NOT_SEEKABLE = 70;

function refused(what: string): () => never {
  return () => {
    throw new Error(`GLPK gave up: ${what}`);
  };
}

/** What GLPK needs of its surroundings, by the short names of the build 5.0.0. */
function surroundings(memory: () => WasmMemory) {
  const grown = (bytes: number) => {
    const missing = Math.ceil(((bytes >>> 0) - memory().buffer.byteLength) / PAGE_BYTES);
    try {
      if (missing > 0) memory().grow(missing + SPARE_PAGES);
      return 1;
    } catch {
      return 0;
    }
  };
  return {
    a: refused("an assertion failed"),
    b: () => 0,
    c: (_file: number, parts: number, count: number, written: number) => {
      const view = new DataView(memory().buffer);
      let bytes = 0;
      for (let part = 0; part < count; part++) bytes += view.getUint32(parts + 8 * part + 4, true);
      view.setUint32(written, bytes, true);
      return 0;
    },
    d: () => 0,
    e: () => NOT_SEEKABLE,
    f: () => 0,
    g: () => NO_TERMINAL,
    h: () => NO_FILE,
    // A clock that is never put back: limits of time are measured with it.
    i: () => performance.timeOrigin + performance.now(),
    j: grown,
    k: refused("it stopped itself"),
  };
}

/** The build shortens the names of its functions; the loader beside it says which is which. */
function shortNames(loaderText: string): ReadonlyMap<string, string> {
  return new Map([...loaderText.matchAll(/\b\w+\._(\w+)=\w+\.([\w$]+)/g)].map(([, name, short]) => [name!, short!]));
}

/** Loads GLPK; takes some 10 ms. Throws where the package is another than the one this is written for. */
export function loadGlpkModule(): GlpkModule {
  const loader = createRequire(import.meta.url).resolve("glpk.js/node");
  const names = shortNames(readFileSync(loader, "utf8"));
  const module = new WebAssembly.Module(readFileSync(loader.replace(/\.js$/, ".wasm")));
  const imports = { a: surroundings(() => memory) };
  const { exports } = new WebAssembly.Instance(module, imports);
  const memory = exports.l as WasmMemory;
  const start = exports.m as () => void;
  start();
  const found = FUNCTIONS.map((name) => [name, exports[names.get(name) ?? ""]] as const);
  const missing = found.filter(([, call]) => typeof call !== "function").map(([name]) => name);
  if (missing.length > 0) throw new Error(`glpk.js is not the build that is known here: no ${missing.join(", ")}`);
  return {
    call: Object.fromEntries(found) as Record<GlpkFunction, WasmFunction>,
    view: () => new DataView(memory.buffer),
  };
}

/** Files that site.yaml names: they have to be there and readable before the site is driven. */
import { accessSync, constants, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Problem } from "../../core/check/check.ts";
import type { SiteConfiguration } from "../../core/site/site.ts";

interface NamedFile {
  readonly path: Problem["path"];
  readonly name: string | undefined;
  /** A site can be driven without it for a while. */
  readonly severity: Problem["severity"];
}

function namedFiles({ ocpp, mqtt, tariff, forecasts }: SiteConfiguration): NamedFile[] {
  const priceFile = (side: "import" | "export"): NamedFile => {
    const source = tariff[side];
    const name = source?.kind === "day-ahead" ? source.file : undefined;
    return { path: ["tariff", side, "file"], name, severity: "warning" };
  };
  return [
    { path: ["ocpp", "tls", "certFile"], name: ocpp.tls?.certFile, severity: "error" },
    { path: ["ocpp", "tls", "keyFile"], name: ocpp.tls?.keyFile, severity: "error" },
    { path: ["mqtt", "usernameFile"], name: mqtt?.usernameFile, severity: "error" },
    { path: ["mqtt", "passwordFile"], name: mqtt?.passwordFile, severity: "error" },
    { path: ["mqtt", "caFile"], name: mqtt?.caFile, severity: "error" },
    ...(forecasts ?? []).map(
      ({ keyFile }, index): NamedFile => ({
        path: ["forecasts", index, "keyFile"],
        name: keyFile,
        severity: "warning",
      }),
    ),
    priceFile("import"),
    priceFile("export"),
  ];
}

function whyNotReadable(file: string): string | undefined {
  try {
    accessSync(file, constants.R_OK);
    return statSync(file).isFile() ? undefined : "is not a file";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? "does not exist" : `cannot be read (${code})`;
  }
}

/** Problems of files; relative names begin at `directory`, that of site.yaml. */
export function fileProblems(configuration: SiteConfiguration, directory: string): Problem[] {
  return namedFiles(configuration).flatMap(({ path, name, severity }): Problem[] => {
    if (name === undefined) return [];
    const file = resolve(directory, name);
    const why = whyNotReadable(file);
    if (why === undefined) return [];
    return [{ severity, path, message: `${file} ${why}`, advice: "Names are relative to site.yaml; check its rights" }];
  });
}

/** The OCPI partners of a configuration, with their certificates read from files. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { SiteConfiguration } from "../core/site/site.ts";
import type { PartnerConfiguration } from "../core/site/site-upstream.ts";
import { startUpstream, type Upstream, type UpstreamOptions } from "../ocpi/upstream.ts";
import { cursorsIn } from "./recording/cursor.ts";

type Given = Pick<UpstreamOptions, "site" | "model" | "planner" | "clock" | "log"> & {
  readonly configuration: SiteConfiguration;
  readonly directory: string;
};

function certificatesOf({ caFile, certFile, keyFile }: PartnerConfiguration, directory: string) {
  const text = (name: string) => readFileSync(resolve(directory, name), "utf8");
  return {
    ...(caFile === undefined ? {} : { ca: text(caFile) }),
    ...(certFile === undefined ? {} : { cert: text(certFile) }),
    ...(keyFile === undefined ? {} : { key: text(keyFile) }),
  };
}

/**
 * Starts it where it is configured. Cars charge without partners too: where a file that is named is gone, or that of
 * the tokens is damaged, that is said and there is no OCPI until it is put right.
 */
export function startUpstreamOf({ configuration, directory, ...given }: Given): Upstream | undefined {
  const { upstream, ledger } = configuration;
  if (!upstream) return undefined;
  try {
    const certificates = new Map(
      upstream.partners.map((partner) => [partner.id, certificatesOf(partner, directory)] as const),
    );
    const data = resolve(directory, ledger.directory);
    return startUpstream({ ...given, upstream, certificates, directory: data, openCursor: cursorsIn(data, given) });
  } catch (error) {
    given.log.error("OCPI was not started; put it right and start again", { error: String(error) });
    return undefined;
  }
}

/** The MQTT broker of a configuration, with its secrets read from their files. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { SiteConfiguration } from "../core/site/site.ts";
import { type Broker, type BrokerOptions, startBroker } from "../mqtt/broker.ts";
import { cursorsIn } from "./recording/cursor.ts";

type Given = Pick<BrokerOptions, "site" | "model" | "live" | "clock" | "log"> & {
  readonly configuration: Pick<SiteConfiguration, "ledger"> & {
    readonly mqtt: NonNullable<SiteConfiguration["mqtt"]>;
  };
  readonly directory: string;
};

/** Starts it. Throws where a file that is named is gone; `check` says so before. */
export function startBrokerOf({ configuration, directory, ...given }: Given): Broker {
  const { mqtt, ledger } = configuration;
  const { usernameFile, passwordFile, caFile, ...options } = mqtt;
  const text = (name: string) => readFileSync(resolve(directory, name), "utf8");
  return startBroker({
    ...given,
    ...options,
    openCursor: cursorsIn(resolve(directory, ledger.directory), given),
    ...(usernameFile === undefined ? {} : { username: text(usernameFile).trim() }),
    ...(passwordFile === undefined ? {} : { password: text(passwordFile).trim() }),
    ...(caFile === undefined ? {} : { ca: text(caFile) }),
  });
}

/** The Smart Charging Service Provider as a whole, where the configuration wants one. */
import type { Identity } from "../identity.ts";
import type { Module } from "../module.ts";
import { agreedSmac } from "../modules/smac.ts";
import type { Partner } from "../partner.ts";
import type { Secrets } from "../secrets.ts";
import type { UpstreamOptions } from "../upstream.ts";
import { createClients } from "./clients.ts";
import { foreignSessionsModule, smacReceiver } from "./modules.ts";
import { startProvider } from "./provider.ts";

export interface Service {
  readonly modules: readonly Module[];
  close(): void;
}

/** Starts it; missing where it is not configured, or nobody plans. */
export function startService(
  { upstream, model, planner, clock, log }: UpstreamOptions,
  given: { readonly identity: Identity; readonly partners: ReadonlyMap<string, Partner>; readonly secrets: Secrets },
): Service | undefined {
  if (!upstream.serviceProvider || !planner) return undefined;
  const { charging } = model.configuration;
  const { countryCode, partyId } = upstream;
  const clients = createClients();
  const provider = startProvider({
    ...given,
    clients,
    planner,
    assumed: { energyWh: charging.defaultEnergyWh, stayHours: charging.defaultStayHours },
    us: { countryCode, partyId },
    resultsUrl: `${given.identity.versionUrl("2.2.1")}/scsp/chargingprofiles/results`,
    clock,
    log,
  });
  const receiver = smacReceiver(clients, (partner, assumed) =>
    log.info("A context is read as assumed", { partner, assumed }),
  );
  const named = { ...receiver, ...agreedSmac };
  return {
    modules: [
      foreignSessionsModule(clients),
      provider.module,
      { ...named, path: "scsp/smartchargingoptimisation" },
      // The samples of the text write it so.
      { ...named, path: "scsp/optimisation", unlisted: true },
    ],
    close: () => provider.close(),
  };
}

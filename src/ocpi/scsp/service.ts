/** Contexts of partners, on this site and on others, and the Smart Charging Service Provider where one is configured. */
import { join } from "node:path";
import type { Clock, Log, PlanService, SiteAccess } from "../../core/ports.ts";
import type { SiteModel } from "../../core/site/site-model.ts";
import type { UpstreamConfiguration } from "../../core/site/site-upstream.ts";
import type { Identity } from "../identity.ts";
import type { Module } from "../module.ts";
import { agreedSmac } from "../modules/smac.ts";
import type { Partner } from "../partner.ts";
import type { NoteRefusal } from "../refused.ts";
import type { Secrets } from "../secrets.ts";
import { keptClients } from "./clients-file.ts";
import { foreignSessionsModule, smacReceiver } from "./modules.ts";
import { ownContexts } from "./own-context.ts";
import { startProvider } from "./provider.ts";
import { startClientSync } from "./sync.ts";

export interface Service {
  readonly modules: readonly Module[];
  close(): void;
}

export interface ServiceOptions {
  readonly upstream: UpstreamConfiguration;
  readonly model: SiteModel;
  readonly directory: string;
  readonly site: SiteAccess;
  readonly identity: Identity;
  readonly partners: ReadonlyMap<string, Partner>;
  readonly secrets: Secrets;
  readonly noteRefusal: NoteRefusal;
  readonly planner?: PlanService | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

const CLIENTS_FILE = "ocpi-clients.json";

/** Starts it; plans for others only where that is configured and somebody plans. */
export function startService(options: ServiceOptions): Service {
  const { upstream, model, directory, identity, partners, planner, clock, log } = options;
  const { countryCode, partyId } = upstream;
  const us = { countryCode, partyId };
  const { clients, close } = keptClients(join(directory, CLIENTS_FILE), partners, { clock, log });
  const plans = upstream.serviceProvider && planner !== undefined;
  const own = ownContexts({ ...options, plansForOthers: plans });
  const receiver = smacReceiver(clients, {
    note: (partner, assumed) => log.info("A context is read as assumed", { partner, assumed }),
    own: own.take,
    ended: own.end,
    plansForOthers: plans,
  });
  // Who may not say what this site plans with, and is not planned for, needs no address for it.
  const mayTell = ({ configuration }: Partner) =>
    configuration.contracts.some(({ may }) => may.includes("optimisation"));
  const agreed = (partner: Partner) => agreedSmac.agreed(partner) && (plans || mayTell(partner));
  const named = { ...receiver, ...agreedSmac, agreed };
  const contexts: Module[] = [
    { ...named, path: "scsp/smartchargingoptimisation" },
    // The samples of the text write it so.
    { ...named, path: "scsp/optimisation", unlisted: true },
  ];
  if (!plans) return { modules: contexts, close };
  const { charging } = model.configuration;
  const provider = startProvider({
    ...options,
    clients,
    planner,
    assumed: { energyWh: charging.defaultEnergyWh, stayHours: charging.defaultStayHours },
    us,
    resultsUrl: `${identity.versionUrl("2.2.1")}/scsp/chargingprofiles/results`,
  });
  const stopSync = startClientSync({ ...options, clients, us });
  return {
    modules: [foreignSessionsModule(clients), provider.module, ...contexts],
    close() {
      stopSync();
      provider.close();
      close();
    },
  };
}

/** OCPI of a site: partners, registration and modules behind one door. */
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { Clock, DriverRegister, Log, OpenCursor, PlanService, SiteAccess } from "../core/ports.ts";
import type { SiteModel } from "../core/site/site-model.ts";
import type { UpstreamConfiguration } from "../core/site/site-upstream.ts";
import type { SiteState } from "../core/state/state.ts";
import type { UpstreamAdmin } from "../core/upstream-admin.ts";
import { createAdmin } from "./admin.ts";
import { startBilling } from "./billing.ts";
import { changedBy, createDeliveries } from "./delivery/deliveries.ts";
import { Pump } from "./delivery/pump.ts";
import { createDriverRegister } from "./drivers/register.ts";
import { startTokenSync } from "./drivers/sync.ts";
import { openTokenStore, type TokenStore } from "./drivers/token-store.ts";
import { type Identity, identityOf } from "./identity.ts";
import type { Module } from "./module.ts";
import { resultAfterRestart } from "./modules/after-restart.ts";
import { chargingProfilesModule } from "./modules/charging-profiles.ts";
import { commandsModule } from "./modules/commands.ts";
import type { ModuleContext } from "./modules/context.ts";
import { hubClientInfoModule } from "./modules/hub-client-info.ts";
import { locationsModule, tariffsModule } from "./modules/locations.ts";
import { preferencesRoute } from "./modules/preferences.ts";
import { watchReservations } from "./modules/reservations.ts";
import { cdrsModule, sessionsModule } from "./modules/sessions.ts";
import { smacSenderModule } from "./modules/smac.ts";
import { tokensModule } from "./modules/tokens.ts";
import { createPartner, type Partner, type PartnerCertificates } from "./partner.ts";
import { createRefusals, type NoteRefusal } from "./refused.ts";
import { createRegistrations, type Registrations } from "./registration.ts";
import { createResults, type Results } from "./results.ts";
import { startService } from "./scsp/service.ts";
import { openSecrets, type Secrets } from "./secrets.ts";
import { ocpiPlugin } from "./server.ts";

export interface UpstreamOptions {
  readonly upstream: UpstreamConfiguration;
  /** Where the tokens are kept. */
  readonly directory: string;
  /** By partner id. */
  readonly certificates: ReadonlyMap<string, PartnerCertificates>;
  readonly site: SiteAccess;
  readonly model: SiteModel;
  readonly openCursor: OpenCursor;
  /** Plans for the sites of others, where that is configured. */
  readonly planner?: PlanService;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Upstream extends UpstreamAdmin {
  readonly identity: Identity;
  readonly drivers: DriverRegister;
  /** For the site's HTTP server. */
  readonly plugin: (app: FastifyInstance) => Promise<void>;
  close(): Promise<void>;
}

const SECRETS_FILE = "ocpi-secrets.json";
const TOKENS_FILE = "ocpi-tokens.json";

/** Whether an object may be for a partner at all: profiles for whom one is owed, contexts for whom it was agreed with. */
function concerns(partner: Partner, { upstream }: SiteState, name: string): boolean {
  if (name === "optimisation:") return partner.configuration.smac !== undefined;
  if (!name.startsWith("profiles-at:")) return true;
  return Object.values(upstream.owed).some((ids) => ids.includes(partner.id));
}

function pumpOf(partner: Partner, options: UpstreamOptions, secrets: Secrets): Pump {
  const { site, model, upstream, clock, log } = options;
  return new Pump({
    name: partner.id,
    site,
    cursor: options.openCursor(`ocpi-${partner.id}`, site.state().seq),
    wanted: () => partner.registration() !== undefined,
    changedBy: (fact) => changedBy(fact, partner.id).filter((name) => concerns(partner, site.state(), name)),
    deliver: createDeliveries({ partner, site, model, upstream, secrets, clock }),
    isFinal: (name) => name.startsWith("cdr:"),
    clock,
    log,
  });
}

interface ModuleTools {
  readonly context: ModuleContext;
  readonly results: Results;
  readonly noteRefusal: NoteRefusal;
  readonly store: TokenStore;
}

/** What the site offers as a CPO. */
function cpoModules({ context, results, noteRefusal, store }: ModuleTools): Module[] {
  return [
    locationsModule(context),
    tariffsModule(context),
    sessionsModule(context, [preferencesRoute(context, noteRefusal)]),
    cdrsModule(context),
    chargingProfilesModule(context, { results, noteRefusal }),
    tokensModule(store),
    commandsModule(context, { results, noteRefusal }),
    hubClientInfoModule(),
    smacSenderModule(context),
  ];
}

/** Starts it. Throws where the file of tokens is damaged. */
export function startUpstream(options: UpstreamOptions): Upstream {
  const { upstream, directory, certificates, site, model, clock, log } = options;
  const identity = identityOf(upstream);
  const secrets = openSecrets(join(directory, SECRETS_FILE));
  const ids = upstream.partners.map(({ id }) => id);
  const partners = new Map(
    upstream.partners.map((configuration) => [
      configuration.id,
      createPartner(configuration, { site, clock, ids, certificates: certificates.get(configuration.id) ?? {} }),
    ]),
  );
  const store = openTokenStore(join(directory, TOKENS_FILE), { clock, log });
  const registrations: Registrations = createRegistrations({ identity, secrets, site, clock });
  const context: ModuleContext = { site, model, upstream, secrets, clock, log };
  const { countryCode, partyId } = upstream;
  const results = createResults({ us: { countryCode, partyId }, partners, site, secrets, clock, log });
  const noteRefusal = createRefusals(site, clock);
  const service = startService({ ...options, identity, partners, secrets, noteRefusal });
  const modules = [...cpoModules({ context, results, noteRefusal, store }), ...service.modules];
  results.resume((owed) => resultAfterRestart(context, owed));
  const stopWatching = watchReservations(context, results);
  const drivers = createDriverRegister({ upstream, model, partners, store, secrets, site, clock });
  const stopSync = startTokenSync({ partners, store, secrets, site, countryCode, partyId, clock, log });
  const pumps = new Map([...partners.values()].map((partner) => [partner.id, pumpOf(partner, options, secrets)]));
  const stopBilling = startBilling({ site, model, upstream, clock, log });
  return {
    ...createAdmin({ partners, pumps, registrations, site, model, clock }),
    identity,
    drivers,
    plugin: ocpiPlugin({ identity, secrets, partners, registrations, modules, clock, log }),
    async close() {
      stopBilling();
      stopWatching();
      stopSync();
      results.close();
      service.close();
      store.close();
      for (const pump of pumps.values()) pump.close();
      for (const partner of partners.values()) partner.http.close();
    },
  };
}

/** The OCPI side of a site of 250 EVSEs, all charging for eight hours, in a process of its own; facts stay in memory. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Fastify from "fastify";
import { parseConfiguration } from "../../src/app/configuration/configuration.ts";
import { silentLog } from "../../src/app/log.ts";
import type { Envelope } from "../../src/core/facts/fact.ts";
import type { SiteDraft, SiteFact } from "../../src/core/facts/index.ts";
import { marketId } from "../../src/core/market/id.ts";
import type { Clock, SiteAccess } from "../../src/core/ports.ts";
import { siteModel } from "../../src/core/site/site-model.ts";
import { evolve, initialState } from "../../src/core/state/state.ts";
import { openSecrets } from "../../src/ocpi/secrets.ts";
import { startUpstream } from "../../src/ocpi/upstream.ts";

const EVSES = 250;
const SLOTS = 32;
const SLOT_MS = 900_000;
/** Time runs so much faster here that the limits on a partner's requests are not what is measured. */
const FASTER = 10_000;
const [partnerUrl = "", token = ""] = process.argv.slice(2);
const port = 20_000 + Math.floor(Math.random() * 20_000);

const parsed = parseConfiguration(
  JSON.stringify({
    site: { id: "depot", timeZone: "UTC", country: "NL" },
    gridConnection: { mainFuseA: 2000, meter: "grid", worstBuildingLoadA: 10 },
    chargePoints: Array.from({ length: EVSES }, (_, index) => ({
      id: `cp-${index}`,
      evses: [{ id: `evse-${index}`, safeCurrentA: 0 }],
    })),
    devices: [{ id: "grid", role: "meter", profile: "eastron-sdm630", connection: { tcp: { host: "x", port: 502 } } }],
    tariff: { import: { kind: "fixed", eurPerKwh: 0.3 } },
    upstream: {
      countryCode: "NL",
      partyId: "CPO",
      publicUrl: `http://127.0.0.1:${port}`,
      location: { address: "Kade 1", city: "Utrecht", country: "NLD", latitude: "52.09070", longitude: "5.12140" },
      tariffs: [{ id: "t", elements: [{ components: [{ type: "ENERGY", price: 0.4, vatPercent: 21 }] }] }],
      partners: [
        {
          id: "peer",
          versionsUrl: `${partnerUrl}/versions`,
          allowHttp: true,
          allowPrivateAddresses: true,
          sees: "all",
          contracts: [{ may: ["charging-profiles", "commands", "preferences"], tokens: "all" }],
        },
      ],
    },
  }),
  "bench",
);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
const model = siteModel(parsed.configuration);
const bootMs = performance.now();
const clock: Clock = {
  wallMs: () => Date.now(),
  monoMs: () => (performance.now() - bootMs) * FASTER,
  wallTrusted: () => true,
  after: (delayMs, _name, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  every: (intervalMs, _name, run) => {
    const timer = setInterval(run, intervalMs);
    return () => clearInterval(timer);
  },
};

const facts: SiteFact[] = [];
let state = initialState();
const listeners = new Set<(facts: readonly SiteFact[]) => void>();
function record(drafts: readonly SiteDraft[]): readonly SiteFact[] {
  const recorded = drafts.map((draft) => {
    const fact = {
      ...draft,
      seq: state.seq + 1,
      atMs: Date.now(),
      monoMs: 0,
      wallTrusted: true,
      boot: "b",
      version: 1,
    };
    state = evolve(state, fact as SiteFact);
    return fact as SiteFact;
  });
  facts.push(...recorded);
  for (const listener of listeners) listener(recorded);
  return recorded;
}
const site: SiteAccess = {
  state: () => state,
  record: async (drafts) => record(drafts),
  command: async () => ({ status: "accepted", detail: "" }),
  read: (after, limit) => facts.slice(after, after + limit) as Envelope[],
  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

const startMs = Math.floor(Date.now() / SLOT_MS) * SLOT_MS - SLOTS * SLOT_MS;
const registered = {
  partnerId: "peer",
  version: "2.2.1",
  versionsUrl: `${partnerUrl}/versions`,
  by: "partner",
} as const;
const parties = [{ role: "EMSP", countryCode: "NL", partyId: "EMS", name: "peer" }];
record([{ type: "partner-registered", source: "bench", data: { ...registered, parties, endpoints: [] } }]);
for (let index = 0; index < EVSES; index++) {
  const ids = { transactionId: index + 1, evseId: `evse-${index}` };
  const from = { chargePointId: `cp-${index}`, connectorId: 1, meterStartWh: 0, atMs: startMs, replayed: false };
  const connected = { chargePointId: `cp-${index}`, protocol: "ocpp1.6", remote: "bench" };
  record([{ type: "charge-point-connected", source: "bench", data: connected }]);
  record([{ type: "transaction-started", source: "bench", data: { ...ids, ...from, token: `CARD-${index}` } }]);
  for (let slot = 0; slot < SLOTS; slot++) {
    const metered = { slotStartMs: startMs + slot * SLOT_MS, energyWh: 1_800, costEur: 0.5, maxPowerW: 7_400 };
    record([
      { type: "transaction-metered", source: "bench", data: { ...ids, ...metered, limitedBySeconds: { plan: 900 } } },
    ]);
  }
}

const directory = mkdtempSync(join(tmpdir(), "wattledger-bench-ocpi-"));
const secrets = openSecrets(join(directory, "ocpi-secrets.json"));
secrets.accept("peer", token, { registration: false, nowMs: Date.now() });
secrets.show("peer", "bench");
const openCursor = () => ({ seq: state.seq, moveTo() {}, save() {}, close() {} });
const upstream = startUpstream({
  upstream: parsed.configuration.upstream!,
  directory,
  certificates: new Map(),
  site,
  model,
  openCursor,
  clock,
  log: silentLog,
});
const app = Fastify({ logger: false });
await upstream.plugin(app);
await app.listen({ host: "127.0.0.1", port });
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send!({ cpuS: (user + system) / 1e6, rssMb: process.memoryUsage().rss / 2 ** 20 });
});
const ids = Object.values(state.sessions.open).map((session) => marketId(model, session));
process.send!({ base: `http://127.0.0.1:${port}/ocpi/2.2.1/cpo`, ids });

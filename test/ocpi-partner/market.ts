/** One site with its partners in site.yaml: of each version an eMSP, a Smart Charging Service Provider, a hub and a guest. */
import { describe } from "vitest";
import type { Party } from "./exchange.ts";
import { Platform } from "./platform.ts";
import { CPO, EMSP_ENDPOINTS, SCSP_ENDPOINTS, StorySite } from "./site.ts";
import type { Json } from "./spec/check.ts";
import type { Version } from "./spec/types.ts";

export const VERSIONS = ["2.2.1", "2.3.0"] as const;

/** Tokens of the eMSPs before the site knew them: more than fit on a page of their lists. */
export const HELD_BEFORE = ["HELD-1", "HELD-2", "HELD-3", "HELD-4", "HELD-5"];

/** One story for each version; stories run beside each other, the tests of one in order. */
export function story(name: string, tell: (version: Version) => void): void {
  describe.concurrent.each(VERSIONS)(`${name} with OCPI %s:`, (version) => {
    describe.sequential("", () => tell(version));
  });
}

const party = (role: Party["role"], countryCode: string, partyId: string): Party => ({ role, countryCode, partyId });

function emspOf(version: Version): Platform {
  const parties = [party("EMSP", "DE", version === "2.2.1" ? "E21" : "E30")];
  return new Platform({ versions: [version], parties, endpoints: EMSP_ENDPOINTS, cpo: CPO });
}
function scspOf(version: Version): Platform {
  const parties = [party("SCSP", "BE", version === "2.2.1" ? "S21" : "S30")];
  return new Platform({ versions: [version], parties, endpoints: SCSP_ENDPOINTS, cpo: CPO });
}

/** Comes and goes. */
function guestOf(version: Version): Platform {
  const parties = [party("EMSP", "FR", version === "2.2.1" ? "G21" : "G30")];
  return new Platform({ versions: [version], parties, endpoints: EMSP_ENDPOINTS, cpo: CPO });
}
function hubOf(version: Version): Platform {
  const parties = [party("HUB", "AT", version === "2.2.1" ? "H21" : "H30")];
  const behind = ["N", "F"].map((letter) => party("EMSP", "AT", `${letter}${version === "2.2.1" ? "21" : "30"}`));
  return new Platform({ versions: [version], parties, behind, endpoints: EMSP_ENDPOINTS, cpo: CPO });
}

export const SMAC = "smartchargingoptimisation";

/** Lets the site plan for its sessions. */
function cpoOf(version: Version): Platform {
  const parties = [party("CPO", "ES", version === "2.2.1" ? "C21" : "C30")];
  const endpoints = [
    { identifier: "sessions", role: "SENDER" },
    { identifier: "chargingprofiles", role: "RECEIVER" },
  ] as const;
  return new Platform({ versions: [version], parties, endpoints, agreed: [SMAC], cpo: CPO });
}

export class Market {
  readonly emsp: Readonly<Record<Version, Platform>> = { "2.2.1": emspOf("2.2.1"), "2.3.0": emspOf("2.3.0") };
  readonly scsp: Readonly<Record<Version, Platform>> = { "2.2.1": scspOf("2.2.1"), "2.3.0": scspOf("2.3.0") };
  readonly guest: Readonly<Record<Version, Platform>> = { "2.2.1": guestOf("2.2.1"), "2.3.0": guestOf("2.3.0") };
  readonly hub: Readonly<Record<Version, Platform>> = { "2.2.1": hubOf("2.2.1"), "2.3.0": hubOf("2.3.0") };
  readonly cpo: Readonly<Record<Version, Platform>> = { "2.2.1": cpoOf("2.2.1"), "2.3.0": cpoOf("2.3.0") };
  readonly site: StorySite;

  constructor(chargePoints: readonly string[], stations: readonly string[] = []) {
    const may = ["commands", "preferences", "charging-profiles"];
    this.site = new StorySite({
      // In a hurry, so that profiles decide and not the plan.
      charging: { defaultEnergyWh: 60_000, defaultStayHours: 1 },
      chargePoints,
      stations,
      upstream: { serviceProvider: true },
      partners: VERSIONS.flatMap((version) => [
        { id: `emsp-${version}`, platform: this.emsp[version], contracts: [{ may }] },
        {
          id: `scsp-${version}`,
          platform: this.scsp[version],
          sees: "all",
          contracts: [{ may: ["charging-profiles"], tokens: "all" }],
        },
        { id: `guest-${version}`, platform: this.guest[version], contracts: [{ may }] },
        { id: `cpo-${version}`, platform: this.cpo[version], smac: {} },
        { id: `hub-${version}`, platform: this.hub[version], contracts: [{ may }] },
      ]),
    });
  }

  get platforms(): Platform[] {
    return VERSIONS.flatMap((version) => [
      this.emsp[version],
      this.scsp[version],
      this.guest[version],
      this.hub[version],
      this.cpo[version],
    ]);
  }

  async start(): Promise<void> {
    for (const platform of this.platforms) await platform.listen();
    for (const version of VERSIONS)
      for (const uid of HELD_BEFORE.map((each) => each + version))
        this.emsp[version].modules.tokens.set(uid, tokenOf(this.emsp[version], uid));
    await this.site.start();
    for (const version of VERSIONS) {
      await this.site.admit(`emsp-${version}`, this.emsp[version], version);
      await this.site.admit(`scsp-${version}`, this.scsp[version], version);
      await this.site.admit(`guest-${version}`, this.guest[version], version);
      await this.site.admit(`cpo-${version}`, this.cpo[version], version);
      await this.site.admit(`hub-${version}`, this.hub[version], version);
    }
  }

  async close(): Promise<void> {
    await this.site.close();
    for (const platform of this.platforms) await platform.close();
  }
}

/** A token as its eMSP has it. */
export function tokenOf({ party }: Platform, uid: string, more: Json = {}): Json {
  return {
    country_code: party.countryCode,
    party_id: party.partyId,
    uid,
    type: "RFID",
    contract_id: `${party.countryCode}-${party.partyId}-C${uid}`,
    issuer: `Partner ${party.partyId}`,
    valid: true,
    whitelist: "ALWAYS",
    last_updated: "2026-01-01T00:00:00Z",
    ...more,
  };
}

/** Tells the site of a driver; 200 or 201. */
export async function pushToken(emsp: Platform, token: Json): Promise<void> {
  const query = token.type === "RFID" ? "" : `?type=${token.type}`;
  const path = `/${token.country_code}/${token.party_id}/${token.uid}${query}`;
  const answer = await emsp.ask("PUT", "tokens", path, { body: token });
  if (answer.code !== 1000) throw new Error(`token ${token.uid}: ${answer.text}`);
  emsp.modules.tokens.set(String(token.uid), token);
}

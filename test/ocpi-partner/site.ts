/** The controller in a process of its own, as a user starts it, with partners in its site.yaml. */
import { ChildSite } from "../live-site.ts";
import { until } from "../until.ts";
import { ChargePoint } from "./charge-point.ts";
import { ChargePoint201 } from "./charge-point-201.ts";
import type { Party } from "./exchange.ts";
import type { Endpoint, Platform } from "./platform.ts";

export const CPO: Party = { role: "CPO", countryCode: "NL", partyId: "ABC" };

export const EMSP_ENDPOINTS: readonly Endpoint[] = [
  { identifier: "locations", role: "RECEIVER" },
  { identifier: "tariffs", role: "RECEIVER" },
  { identifier: "sessions", role: "RECEIVER" },
  { identifier: "cdrs", role: "RECEIVER" },
  { identifier: "tokens", role: "SENDER" },
  { identifier: "commands", role: "SENDER" },
  { identifier: "chargingprofiles", role: "SENDER" },
];

export const SCSP_ENDPOINTS: readonly Endpoint[] = [
  { identifier: "sessions", role: "RECEIVER" },
  { identifier: "chargingprofiles", role: "SENDER" },
];

export const TARIFFS = [
  {
    id: "standard",
    text: "Energy and a start fee",
    elements: [
      {
        components: [
          { type: "FLAT", price: 0.5, vatPercent: 21 },
          { type: "ENERGY", price: 0.4, vatPercent: 21 },
        ],
      },
    ],
  },
  { id: "cheap", type: "PROFILE_CHEAP", elements: [{ components: [{ type: "ENERGY", price: 0.3, vatPercent: 21 }] }] },
  {
    id: "fast",
    type: "PROFILE_FAST",
    minPrice: 1,
    maxPrice: 60,
    elements: [
      {
        components: [{ type: "ENERGY", price: 0.6, vatPercent: 21, stepSize: 100 }],
        restrictions: { startTime: "07:00", endTime: "19:00", days: ["MONDAY", "SUNDAY"] },
      },
      {
        components: [
          { type: "ENERGY", price: 0.5 },
          { type: "PARKING_TIME", price: 2, stepSize: 60 },
        ],
      },
    ],
  },
];

const LOCATION = {
  id: "LOC-1",
  address: "Kade 1",
  city: "Utrecht",
  postalCode: "3511 AA",
  country: "NLD",
  latitude: "52.09070",
  longitude: "5.12140",
  publish: true,
  helpPhone: "+31301234567",
  parkingType: "PARKING_GARAGE",
  facilities: ["HOTEL"],
  openingTimes: [{ weekday: 1, from: "07:00", to: "22:00" }],
  energyMix: {
    green: false,
    sources: [
      { source: "SOLAR", percent: 60 },
      { source: "GAS", percent: 40 },
    ],
    co2GramsPerKwh: 160,
    supplier: "Example Power",
  },
};

export interface PartnerOptions {
  readonly id: string;
  readonly platform: Platform;
  readonly sees?: "own" | "all";
  readonly contracts?: readonly object[];
  readonly versions?: readonly string[];
  readonly quirks?: readonly string[];
  readonly smac?: object;
  /** Whether its address stands in site.yaml. */
  readonly addressed?: boolean;
}

export interface StorySiteOptions {
  readonly partners: readonly PartnerOptions[];
  /** Of OCPP 1.6, and of OCPP 2.0.1. */
  readonly chargePoints: readonly string[];
  readonly stations?: readonly string[];
  readonly upstream?: object;
  readonly charging?: object;
  readonly program?: string;
}

export class StorySite {
  readonly child: ChildSite;
  readonly chargePoints = new Map<string, ChargePoint>();
  readonly stations = new Map<string, ChargePoint201>();
  readonly #options: StorySiteOptions;

  constructor(options: StorySiteOptions) {
    this.#options = options;
    const { chargePoints, stations = [], program, charging } = options;
    const upstream = () => this.#upstream();
    this.child = new ChildSite({
      chargePoints: [...chargePoints, ...stations],
      ...(program ? { program } : {}),
      more: {
        // Only when the file is written does the port exist.
        get upstream() {
          return upstream();
        },
        charging: { acceptUnknownTokens: false, ...charging },
      },
    });
    // The meters see what the cars draw, and a building, whose load never stands still.
    const buildingA = () => 5 + (performance.now() % 1_000) / 5_000;
    const drawnA = () =>
      [...this.chargePoints.values(), ...this.stations.values()].reduce((sum, { drawsA }) => sum + drawsA, buildingA());
    Object.defineProperty(this.child, "currentA", { get: drawnA });
  }

  #upstream(): object {
    const { partners, upstream } = this.#options;
    return {
      countryCode: CPO.countryCode,
      partyId: CPO.partyId,
      name: "Example Charging",
      website: "https://cpo.example",
      publicUrl: this.child.url(""),
      location: LOCATION,
      tariffs: TARIFFS,
      authorization: { timeoutSeconds: 4 },
      ...upstream,
      partners: partners.map(({ id, platform, addressed = true, ...rest }) => ({
        id,
        ...(addressed ? { versionsUrl: platform.versionsUrl } : { hosts: [`127.0.0.1:${platform.port}`] }),
        allowHttp: true,
        allowPrivateAddresses: true,
        sees: rest.sees ?? "own",
        contracts: rest.contracts ?? [],
        ...(rest.versions ? { versions: rest.versions } : {}),
        ...(rest.quirks ? { quirks: rest.quirks } : {}),
        ...(rest.smac ? { smac: rest.smac } : {}),
      })),
    };
  }

  /** Platforms listen already. */
  async start(): Promise<this> {
    await this.child.start();
    const url = `ws://127.0.0.1:${this.child.ocppPort}/ocpp`;
    const { chargePoints, stations = [] } = this.#options;
    for (const id of chargePoints) this.chargePoints.set(id, await new ChargePoint(id, url).connect());
    for (const id of stations) this.stations.set(id, await new ChargePoint201(id, url).connect());
    return this;
  }

  /** The address that partners are told. */
  get versionsUrl(): string {
    return this.child.url("/ocpi/versions");
  }

  chargePoint(id: string): ChargePoint {
    return this.chargePoints.get(id)!;
  }
  station(id: string): ChargePoint201 {
    return this.stations.get(id)!;
  }

  /** What an administrator asks of the controller, as `wattledger ocpi` does. */
  async admin(
    method: string,
    path: string,
    body?: object,
  ): Promise<{ status: number; answer: Record<string, unknown> }> {
    const response = await fetch(this.child.url(`/api/v1/partners${path}`), {
      method,
      ...(body ? { headers: { "content-type": "application/json" }, body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
  }

  /** A token A for a partner, as handed over by mail. */
  async tokenFor(partner: string): Promise<string> {
    return String((await this.admin("POST", `/${partner}/token`)).answer.token);
  }

  /** Registers a partner that begins itself. */
  async admit(partner: string, platform: Platform, version: "2.2.1" | "2.3.0"): Promise<void> {
    platform.token = await this.tokenFor(partner);
    const answer = await platform.register(this.versionsUrl, version);
    if (answer.code !== 1000) throw new Error(`${partner} was not admitted: ${answer.text}`);
  }

  async close(): Promise<void> {
    for (const chargePoint of [...this.chargePoints.values(), ...this.stations.values()]) await chargePoint.close();
    await this.child.close();
  }
}

export { until };

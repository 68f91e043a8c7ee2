/** A site, a ledger in memory and facts folded into a state, for the tests of the core. */
import type { ChargePointAnswer, ChargePointInput } from "../charge-point-input.ts";
import { decideChargePointInput } from "../decide/charge-point.ts";
import type { SiteDraft, SiteFact } from "../facts/index.ts";
import type { EvseReading } from "../image.ts";
import { evolve, initialState, type SiteState } from "../state/state.ts";
import type { SiteConfiguration } from "./site.ts";
import { type SiteModel, siteModel } from "./site-model.ts";

type ChargePoint = SiteConfiguration["chargePoints"][number];

/** Wednesday 14 January 2026, 12:00 UTC, 13:00 in Berlin: the start of a slot. */
export const NOON_MS = Date.UTC(2026, 0, 14, 12);

export const HASH = "scrypt$16384$8$1$VewEOwzSghzCBaSUzMxP4g$fqjVyyMQUCNhO3ytrjhfgMqaMLjnJQXcvjF4igg4KFE";

/** A battery of 10 kWh and 5 kW that runs by itself. */
export const homeBattery = {
  capacityWh: 10_000,
  maxChargeW: 5000,
  maxDischargeW: 5000,
  minSocPercent: 10,
  efficiencyPercent: 90,
  wearEurPerKwh: 0.03,
  control: false,
};

/** A charge point with one EVSE of 16 A on three phases, that falls back to 6 A. */
export function chargePoint(id: string, evse: Partial<ChargePoint["evses"][number]> = {}): ChargePoint {
  return {
    id,
    passwordHash: HASH,
    rateUnit: "auto",
    leaseSeconds: 180,
    quirks: [],
    evses: [
      {
        id: `${id}-evse`,
        connector: 1,
        circuit: "grid",
        phases: ["L1", "L2", "L3"],
        minCurrentA: 6,
        maxCurrentA: 16,
        safeCurrentA: 6,
        priority: 5,
        ...evse,
      },
    ],
  };
}

export function meter(id: string, unitId = 1): SiteConfiguration["devices"][number] {
  return {
    id,
    role: "meter",
    profile: "eastron-sdm630",
    unitId,
    connection: { tcp: { host: "192.0.2.10", port: 502, framing: "tcp" } },
    pollMs: 1000,
    invert: false,
  };
}

/** A house with one garage: 35 A, one EVSE, a meter. */
export function homeConfiguration(changes: Partial<SiteConfiguration> = {}): SiteConfiguration {
  return {
    site: { id: "home", name: "", timeZone: "Europe/Berlin", country: "DE" },
    gridConnection: {
      phases: 3,
      nominalVoltageV: 230,
      mainFuseA: 35,
      protection: "gG",
      meter: "grid-meter",
      worstBuildingLoadA: 25,
    },
    circuits: [],
    chargePoints: [chargePoint("garage")],
    devices: [meter("grid-meter")],
    tariff: { import: { kind: "fixed", eurPerKwh: 0.3 }, opportunityEurPerHour: 0 },
    charging: {
      defaultEnergyWh: 20_000,
      defaultStayHours: 8,
      missedEurPerKwh: 0.5,
      statements: "learned",
      acceptUnknownTokens: true,
      tokens: [],
    },
    ocpp: { host: "0.0.0.0", port: 8887 },
    api: { host: "127.0.0.1", port: 8080 },
    ledger: { directory: "data", tapeDays: 14 },
    ...changes,
  };
}

/** Gives drafts their place in the ledger and folds them, as the recorder does. */
export class Books {
  readonly site: SiteModel;
  readonly facts: SiteFact[] = [];
  state: SiteState = initialState();
  nowMs = NOON_MS;

  constructor(configuration: SiteConfiguration = homeConfiguration()) {
    this.site = siteModel(configuration);
  }

  readonly findByKey = (key: string): SiteFact | undefined => this.facts.find((fact) => fact.key === key);

  /** Throws on a key that is there already: the ledger would refuse the whole batch. */
  record(drafts: readonly SiteDraft[]): void {
    for (const draft of drafts) {
      if (draft.key !== undefined && this.findByKey(draft.key)) throw new Error(`Key ${draft.key} twice`);
      const fact = {
        ...draft,
        seq: this.state.seq + 1,
        atMs: this.nowMs,
        monoMs: 0,
        wallTrusted: true,
        boot: "test",
        version: 1,
      } as SiteFact;
      this.facts.push(fact);
      this.state = evolve(this.state, fact);
    }
  }

  /** What a charge point tells, recorded; with what it is answered and what goes into the image. */
  tell(input: ChargePointInput): {
    readonly answer: ChargePointAnswer;
    readonly facts: readonly SiteFact[];
    readonly readings: readonly Omit<EvseReading, "atMonoMs">[];
  } {
    const before = this.facts.length;
    const { site, state, nowMs, findByKey } = this;
    const decision = decideChargePointInput({ site, state, nowMs, findByKey }, input);
    this.record(decision.drafts);
    return { answer: decision.answer, readings: decision.readings, facts: this.facts.slice(before) };
  }
}

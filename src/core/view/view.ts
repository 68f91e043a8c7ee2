/** The live picture of the site, as API, page and MQTT show it. A missing value is unknown, never zero. */

import { ReasonSchema } from "../reason.ts";
import { type Static, Type } from "../schema.ts";
import { StandingDeparturesSchema } from "../site/site-departures.ts";
import { NextVisitSchema } from "./visits.ts";

const PerPhaseSchema = Type.Tuple([Type.Number(), Type.Number(), Type.Number()]);
const QualitySchema = Type.Union([Type.Literal("good"), Type.Literal("stale"), Type.Literal("absent")]);

const LiveCircuitSchema = Type.Object({
  id: Type.String(),
  parentId: Type.Optional(Type.String()),
  limitA: Type.Number(),
  currentA: Type.Optional(PerPhaseSchema),
  assumed: Type.Optional(
    Type.Boolean({
      description: "It has no meter: `currentA` is the most that it can carry, nothing of it is measured",
    }),
  ),
  quality: QualitySchema,
});

const SaidBy = Type.Optional(
  Type.Union([Type.Literal("driver"), Type.Literal("standing")], {
    description: "Whose word it is: the driver's, or what is usual here; missing: nobody's, it was learned or assumed",
  }),
);

export const LiveEvseSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  chargePointId: Type.String(),
  circuitId: Type.String(),
  online: Type.Boolean(),
  status: Type.String(),
  transactionId: Type.Optional(Type.Integer()),
  tokenHint: Type.Optional(Type.String({ description: "The last four characters" })),
  startedMs: Type.Optional(Type.Number()),
  powerW: Type.Optional(Type.Number()),
  /** On the grid phases. */
  currentA: Type.Optional(PerPhaseSchema),
  assumedA: Type.Optional(
    Type.Number({
      description: "Nobody measures what it draws: so much is reckoned for it on each of its phases, and in no balance",
    }),
  ),
  phasesInUse: Type.Optional(Type.Integer()),
  socPercent: Type.Optional(Type.Number()),
  energyWh: Type.Number(),
  askedWh: Type.Optional(Type.Number()),
  departureMs: Type.Optional(Type.Number()),
  departureSaid: SaidBy,
  energySaid: SaidBy,
  departures: Type.Optional(StandingDeparturesSchema),
  visit: Type.Optional(
    Type.Object(
      { visitId: Type.String(), arrivalMs: Type.Number() },
      { description: "The car that is there is taken for the one that was announced, for that time" },
    ),
  ),
  expected: Type.Optional(NextVisitSchema),
  readyMs: Type.Optional(
    Type.Number({ description: "When the plan has delivered what was asked, but for what it falls short of" }),
  ),
  shortfallWh: Type.Optional(Type.Number({ description: "What the plan falls short of what was asked" })),
  shortfallUnsure: Type.Optional(
    Type.Boolean({ description: "It may still come: the car has not shown yet how much it takes" }),
  ),
  costEur: Type.Number(),
  unpricedWh: Type.Optional(Type.Number({ description: "Energy that is not in the cost: its price was not known" })),
  preference: Type.Optional(Type.String()),
  override: Type.Boolean(),
  limitA: Type.Number(),
  dischargeA: Type.Optional(Type.Number({ description: "What it is told to give back, A per phase" })),
  limitExpiresMs: Type.Optional(Type.Number()),
  limitObeyed: Type.Boolean(),
  profileWrites: Type.Integer(),
  reason: ReasonSchema,
  because: Type.String({ description: "The reason in English words" }),
  sentence: Type.String({ description: "What the car is doing, in English words" }),
});

const operatorLimit = {
  limitW: Type.Number(),
  untilMs: Type.Optional(Type.Number()),
  by: Type.String({ description: "api:..., mqtt, or input:<contact>" }),
  failSafe: Type.Optional(Type.Boolean({ description: "Nobody sent it: its source is silent" })),
};

export const LiveSiteSchema = Type.Object({
  seq: Type.Integer(),
  nowMs: Type.Number(),
  wallTrusted: Type.Boolean(),
  site: Type.Object({
    id: Type.String(),
    name: Type.String(),
    timeZone: Type.String(),
    country: Type.String(),
    phases: Type.Integer({ description: "Of the grid connection, 1 or 3; the others are not there" }),
    simulated: Type.Boolean(),
  }),
  mode: Type.Object({
    word: Type.Union([Type.Literal("normal"), Type.Literal("limited"), Type.Literal("safe")]),
    sinceMs: Type.Number(),
    text: Type.String({ description: "Why, and what ends it, in English words" }),
  }),
  ledger: Type.Optional(
    Type.Object(
      {
        sinceMs: Type.Number(),
        waitingFacts: Type.Integer({ description: "Kept in memory until the disk takes them" }),
        lostFacts: Type.Integer({ description: "Given up since the start: more than can wait" }),
        text: Type.String({ description: "What it means and what to do, in English words" }),
      },
      { description: "Only while the disk refuses: nothing is recorded" },
    ),
  ),
  ledgerDamage: Type.Optional(
    Type.Object(
      {
        foundMs: Type.Number(),
        text: Type.String({ description: "What it means and what to do, in English words" }),
      },
      { description: "Only once facts that were recorded before are found not to be whole any more" },
    ),
  ),
  meter: Type.Object({ deviceId: Type.String(), ageMs: Type.Optional(Type.Number()), quality: QualitySchema }),
  gridLimit: Type.Optional(
    Type.Object({
      ...operatorLimit,
      appliesTo: Type.Union([Type.Literal("site"), Type.Literal("controllable")], {
        description: "The whole import, or what EVSEs and batteries take of it",
      }),
    }),
  ),
  gridExportLimit: Type.Optional(Type.Object(operatorLimit)),
  budget: Type.Optional(
    Type.Object(
      { limitW: Type.Number(), untilMs: Type.Number(), by: Type.String() },
      { description: "For all EVSEs together, as it holds now" },
    ),
  ),
  devices: Type.Array(
    Type.Object({
      id: Type.String(),
      role: Type.String(),
      quality: QualitySchema,
      ageMs: Type.Optional(Type.Number()),
      detail: Type.String(),
      doubts: Type.Optional(
        Type.Array(Type.String(), { description: "What is wrong with its values, and what to do" }),
      ),
    }),
  ),
  circuits: Type.Array(LiveCircuitSchema),
  flow: Type.Object({
    gridW: Type.Optional(Type.Number()),
    pvW: Type.Optional(Type.Number()),
    pvHeld: Type.Optional(Type.String({ description: "Why the sun is held back; missing while it is not" })),
    batteryW: Type.Optional(Type.Number()),
    batterySocPercent: Type.Optional(Type.Number()),
    buildingW: Type.Optional(Type.Number()),
    evsesW: Type.Optional(Type.Number()),
  }),
  price: Type.Object({
    importEurPerKwh: Type.Optional(Type.Number()),
    exportEurPerKwh: Type.Optional(Type.Number()),
  }),
  plan: Type.Optional(
    Type.Object({
      seq: Type.Integer(),
      madeMs: Type.Number(),
      status: Type.String(),
      detail: Type.String(),
      costEur: Type.Number(),
      gap: Type.Optional(
        Type.Number({
          description:
            "How far it may be from the best possible, as a part of what the cars' energy costs; missing where nobody knows",
        }),
      ),
      solveMs: Type.Number(),
    }),
  ),
  planTrouble: Type.Optional(
    Type.Object(
      { sinceMs: Type.Number(), text: Type.String({ description: "Why, and what to do, in English words" }) },
      { description: "Only while no new plan can be followed: charging goes on by the last one, then in fair shares" },
    ),
  ),
  evses: Type.Array(LiveEvseSchema),
});

export type LiveSite = Static<typeof LiveSiteSchema>;
export type LiveEvse = Static<typeof LiveEvseSchema>;

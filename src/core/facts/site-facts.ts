/** Facts about the controller itself and the site's devices. */
import { Type } from "../schema.ts";
import { declareFact } from "./fact.ts";

const PerPhaseSchema = Type.Tuple([Type.Number(), Type.Number(), Type.Number()]);

/** The process started. `cleanStop` is whether the boot before said goodbye; `tariffs` are what drivers pay from now on. */
export const Booted = declareFact(
  "booted",
  1,
  Type.Object({
    release: Type.String(),
    cleanStop: Type.Boolean(),
    configurationHash: Type.String(),
    tariffs: Type.Optional(Type.Array(Type.Record(Type.String(), Type.Unknown()))),
    /** Of the tariffs. */
    currency: Type.Optional(Type.String()),
  }),
);

export const Stopped = declareFact("stopped", 1, Type.Object({ reason: Type.String() }));

/** The wall clock jumped by more than 2 s against the monotonic clock; `set`: nobody had set it before. */
export const ClockStepped = declareFact(
  "clock-stepped",
  1,
  Type.Object({ byMs: Type.Number(), set: Type.Optional(Type.Boolean()) }),
);

/** Nothing of the controller ran for so long: the machine was overloaded, or the process stood still. */
export const ControllerStalled = declareFact("controller-stalled", 1, Type.Object({ stalledMs: Type.Number() }));

/** A part of the controller failed in a way that nobody foresaw; it is started again after the pause. */
export const PartCrashed = declareFact(
  "part-crashed",
  1,
  Type.Object({ part: Type.String(), reason: Type.String(), pauseMs: Type.Number() }),
);

/** The disk refused facts since then and takes them again: how many waited for it, and how many are lost for good. */
export const LedgerResumed = declareFact(
  "ledger-resumed",
  1,
  Type.Object({
    sinceMs: Type.Number(),
    reason: Type.String(),
    keptFacts: Type.Integer(),
    lostFacts: Type.Integer(),
  }),
);

/** A device (meter, PV, battery) became good, stale or absent. */
export const DeviceQualityChanged = declareFact(
  "device-quality-changed",
  1,
  Type.Object({
    deviceId: Type.String(),
    quality: Type.Union([Type.Literal("good"), Type.Literal("stale"), Type.Literal("absent")]),
    detail: Type.String(),
  }),
);

const Phase = Type.Union([Type.Literal(0), Type.Literal(1), Type.Literal(2)]);

/** A meter that answers cannot be right, or is believed again. What each kind means: core/plausibility/doubt.ts. */
export const MeterDoubted = declareFact(
  "meter-doubted",
  1,
  Type.Object({
    deviceId: Type.String(),
    kind: Type.Union([
      Type.Literal("contradicts-itself"),
      Type.Literal("dead-phase"),
      Type.Literal("turned-phase"),
      Type.Literal("turned"),
      Type.Literal("scaled"),
      Type.Literal("swapped"),
      Type.Literal("less-than-cars"),
      Type.Literal("register-back"),
    ]),
    phases: Type.Optional(Type.Array(Phase)),
    seenOn: Type.Optional(Type.Array(Phase)),
    evseId: Type.Optional(Type.String()),
    active: Type.Boolean(),
  }),
);

/**
 * A meter that has not shown a car yet shows less than they draw, also by what they told since: remembered so that a
 * restart does not begin without caution. Not `active`: it has shown a car.
 */
export const MeterSuspected = declareFact(
  "meter-suspected",
  1,
  Type.Object({ deviceId: Type.String(), active: Type.Boolean() }),
);

/** The site's word: normal, limited by something, or in safe mode. Recorded when it changes. */
export const SiteModeChanged = declareFact(
  "site-mode-changed",
  1,
  Type.Object({
    mode: Type.Union([Type.Literal("normal"), Type.Literal("limited"), Type.Literal("safe")]),
    reason: Type.Optional(
      Type.Object({
        kind: Type.String(),
        deviceId: Type.Optional(Type.String()),
        circuitId: Type.Optional(Type.String()),
      }),
    ),
  }),
);

/** The guard shed current because a circuit was, or would have been, above its limit. */
export const GuardIntervened = declareFact(
  "guard-intervened",
  1,
  Type.Object({
    circuitId: Type.String(),
    phase: Type.Union([Type.Literal(0), Type.Literal(1), Type.Literal(2)]),
    readingA: Type.Number(),
    limitA: Type.Number(),
    shedA: Type.Number(),
    evseIds: Type.Array(Type.String()),
  }),
);

/** Sums of one UTC quarter-hour; a value that no device measured is missing. `complete` is false after an outage. */
export const QuarterHourMetered = declareFact(
  "quarter-hour-metered",
  1,
  Type.Object({
    slotStartMs: Type.Number(),
    complete: Type.Boolean(),
    importWh: Type.Optional(Type.Number()),
    exportWh: Type.Optional(Type.Number()),
    /** Import and export are of so much of it, ms: of the rest nobody knows. Missing is all. */
    seenMs: Type.Optional(Type.Number()),
    /** The grid meter's registers at its end: what a restart hides of the next one is known by them. */
    registersWh: Type.Optional(Type.Object({ importWh: Type.Number(), exportWh: Type.Number() })),
    pvWh: Type.Optional(Type.Number()),
    /** The sun was held back: it could have given more. Missing is no. */
    pvHeld: Type.Optional(Type.Boolean()),
    buildingWh: Type.Optional(Type.Number()),
    batteryChargeWh: Type.Optional(Type.Number()),
    batteryDischargeWh: Type.Optional(Type.Number()),
    maxCurrentA: Type.Optional(PerPhaseSchema),
    importEurPerKwh: Type.Optional(Type.Number()),
    exportEurPerKwh: Type.Optional(Type.Number()),
    /** CO2 of a kWh from the grid, as it was told, g; missing where nobody told it. */
    co2GramsPerKwh: Type.Optional(Type.Number()),
  }),
);

/**
 * Limits in W from the grid operator, of import and export, one statement for each source (`by`); one without a limit
 * ends those of its source. `failSafe`: nobody sent it, its source has fallen silent.
 */
export const GridLimitReceived = declareFact(
  "grid-limit-received",
  1,
  Type.Object({
    limitW: Type.Optional(Type.Number()),
    exportLimitW: Type.Optional(Type.Number()),
    untilMs: Type.Optional(Type.Number()),
    by: Type.String(),
    failSafe: Type.Optional(Type.Boolean()),
  }),
);

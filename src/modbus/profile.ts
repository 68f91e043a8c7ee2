/**
 * A device profile: what one kind of device is, as data. Either a map of registers, or the SunSpec models to look
 * for, or both. Addresses are zero-based as on the wire; scales lead to W, A, V, Wh and % with wattledger's signs
 * (grid import +, production +, charging +), so a device that counts the other way has a negative scale.
 */
import { type Static, Type } from "../core/schema.ts";
import { NUMBER_TYPES } from "./codec.ts";
import { MAX_READ_REGISTERS } from "./pdu.ts";

const closed = { additionalProperties: false } as const;
const Address = Type.Integer({ minimum: 0, maximum: 65535 });
const NumberTypeSchema = Type.Union(NUMBER_TYPES.map((name) => Type.Literal(name)));
const RoleSchema = Type.Union([
  Type.Literal("meter"),
  Type.Literal("pv"),
  Type.Literal("battery"),
  Type.Literal("hybrid"),
]);

/** One number in the device. */
const TermSchema = Type.Object(
  {
    address: Address,
    type: NumberTypeSchema,
    scale: Type.Number({ default: 1, description: "Multiplies the raw number; negative turns the sign" }),
    missing: Type.Union([Type.Literal("unknown"), Type.Literal("zero")], {
      default: "unknown",
      description: "What a sentinel means; zero only where the device has no other way to say zero (PV at night)",
    }),
    sign: Type.Optional(
      Type.Object(
        {
          address: Address,
          positiveMask: Type.Integer({ minimum: 1, maximum: 65535 }),
          negativeMask: Type.Integer({ minimum: 1, maximum: 65535 }),
        },
        { ...closed, description: "A register whose bits carry the sign; the number itself is then a magnitude" },
      ),
    ),
  },
  closed,
);

/** A quantity is the sum of its terms; one unknown term makes it unknown. */
const QuantitySchema = Type.Array(TermSchema, { minItems: 1, maxItems: 8 });
/** By phase, L1 first; one entry for a one-phase meter. */
const PhasesSchema = Type.Array(QuantitySchema, { minItems: 1, maxItems: 3 });

const BlockSchema = Type.Object(
  {
    address: Address,
    count: Type.Integer({ minimum: 1, maximum: MAX_READ_REGISTERS }),
    optional: Type.Boolean({ default: false, description: "Exception 2 means: this variant does not have it" }),
  },
  { ...closed, description: "Registers read in one request" },
);

const WordOrderSchema = Type.Union([Type.Literal("big"), Type.Literal("little")], { default: "big" });

const RegistersSchema = Type.Object(
  {
    functionCode: Type.Union([Type.Literal(3), Type.Literal(4)]),
    wordOrder: WordOrderSchema,
    wordOrderFrom: Type.Optional(
      Type.Object({ address: Address, little: Type.Integer(), big: Type.Integer() }, closed),
    ),
    notAvailable: Type.Record(Type.String(), Type.Array(Type.String({ pattern: "^0x[0-9A-Fa-f]+$" })), { default: {} }),
    identity: Type.Array(Type.Object({ address: Address, equals: Type.Array(Address, { minItems: 1 }) }, closed), {
      default: [],
      description: "Registers that must hold one of these values, or the map does not fit the device",
    }),
    blocks: Type.Array(BlockSchema, { minItems: 1, maxItems: 12 }),
    meter: Type.Optional(
      Type.Object(
        {
          powerW: QuantitySchema,
          phasePowerW: Type.Optional(PhasesSchema),
          currentA: Type.Optional(PhasesSchema),
          voltageV: Type.Optional(PhasesSchema),
          importWh: Type.Optional(QuantitySchema),
          exportWh: Type.Optional(QuantitySchema),
        },
        closed,
      ),
    ),
    pv: Type.Optional(Type.Object({ powerW: QuantitySchema, energyWh: Type.Optional(QuantitySchema) }, closed)),
    battery: Type.Optional(Type.Object({ powerW: QuantitySchema, socPercent: Type.Optional(QuantitySchema) }, closed)),
  },
  closed,
);

const ModuleNumber = Type.Integer({ minimum: 1, maximum: 8, description: "Module of model 160, from 1" });

const SunSpecSchema = Type.Object(
  {
    bases: Type.Array(Address, { minItems: 1, default: [40000, 50000, 0] }),
    meter: Type.Optional(
      Type.Object(
        {
          sign: Type.Union([Type.Literal("import"), Type.Literal("export")], {
            default: "import",
            description: "What a positive power means on this make",
          }),
        },
        closed,
      ),
    ),
    pv: Type.Optional(
      Type.Object(
        {
          from: Type.Union([Type.Literal("ac"), Type.Literal("modules"), Type.Literal("dc-and-battery")], {
            description: "AC power; or DC power of modules of model 160; or DC power plus what the battery takes",
          }),
          modules: Type.Array(ModuleNumber, { default: [] }),
        },
        closed,
      ),
    ),
    battery: Type.Optional(
      Type.Object(
        {
          chargeModule: Type.Optional(ModuleNumber),
          dischargeModule: Type.Optional(ModuleNumber),
          bankPower: Type.Optional(
            Type.Union([Type.Literal("charging"), Type.Literal("discharging")], {
              description: "What a positive W of model 802 means on this make; left out: it is not read",
            }),
          ),
        },
        closed,
      ),
    ),
  },
  closed,
);

const StepSchema = Type.Object(
  {
    address: Address,
    type: NumberTypeSchema,
    functionCode: Type.Union([Type.Literal(6), Type.Literal(16)]),
    value: Type.Union([
      Type.Number(),
      Type.Literal("power"),
      Type.Literal("magnitude"),
      Type.Literal("lifetime-seconds"),
      Type.Literal("lifetime-minutes"),
    ]),
    scale: Type.Optional(
      Type.Number({ description: "Multiplies `value`, 1 when absent; negative where the device counts charging -" }),
    ),
  },
  { ...closed, description: "One write; `power` is charging +" },
);
const StepsSchema = Type.Array(StepSchema, { minItems: 1, maxItems: 10 });

/** Only devices that fall back by themselves may be controlled: every kind names how. */
const ControlSchema = Type.Union([
  Type.Object({ kind: Type.Literal("sunspec-124") }, closed),
  Type.Object(
    {
      kind: Type.Literal("registers"),
      storage: Type.Union([Type.Literal("volatile"), Type.Literal("flash")]),
      /** How long a write holds at least without being repeated, s; the profile's writes may set a longer timer. */
      revertSeconds: Type.Integer({ minimum: 5, maximum: 3600 }),
      setsOwnTimer: Type.Boolean({ description: "True when a step writes the lifetime into the device" }),
      charge: StepsSchema,
      discharge: StepsSchema,
      hold: StepsSchema,
      release: Type.Array(StepSchema, { maxItems: 10, description: "Empty: it is enough to stop writing" }),
    },
    closed,
  ),
]);

const SerialSchema = Type.Object(
  {
    baudRate: Type.Integer(),
    parity: Type.Union([Type.Literal("none"), Type.Literal("even"), Type.Literal("odd")]),
  },
  closed,
);

export const ProfileSchema = Type.Object(
  {
    id: Type.String({ pattern: "^[a-z0-9-]+$" }),
    name: Type.String(),
    models: Type.Array(Type.String(), { minItems: 1 }),
    roles: Type.Array(RoleSchema, { minItems: 1 }),
    phases: Type.Union([Type.Literal(1), Type.Literal(3)], { default: 3 }),
    protectsFuse: Type.Boolean({
      default: false,
      description: "Measures current per phase: may be the meter at the grid connection or of a circuit",
    }),
    tried: Type.Boolean({ description: "Whether anybody has run this profile on the real device" }),
    sources: Type.Array(Type.String(), { minItems: 1 }),
    notes: Type.Array(Type.String(), { default: [], description: "What an installer must know" }),
    connection: Type.Object(
      {
        unitId: Type.Integer({ minimum: 0, maximum: 255 }),
        tcpPort: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
        serial: Type.Optional(SerialSchema),
        timeoutMs: Type.Integer({ minimum: 50, maximum: 10_000, default: 1000 }),
        gapMs: Type.Integer({ minimum: 0, maximum: 5000, default: 0 }),
        quietAfterConnectMs: Type.Integer({ minimum: 0, maximum: 10_000, default: 0 }),
        reconnectDelayMs: Type.Integer({ minimum: 0, maximum: 10_000, default: 0 }),
        maximumClients: Type.Optional(Type.Integer({ minimum: 1 })),
      },
      closed,
    ),
    registers: Type.Optional(RegistersSchema),
    sunspec: Type.Optional(SunSpecSchema),
    control: Type.Optional(ControlSchema),
    pvControl: Type.Optional(
      Type.Object({ kind: Type.Literal("sunspec-123") }, { ...closed, description: "How its production is limited" }),
    ),
  },
  closed,
);

export type Profile = Static<typeof ProfileSchema>;
export type Term = Static<typeof TermSchema>;
export type RegisterMap = Static<typeof RegistersSchema>;
export type SunSpecMap = Static<typeof SunSpecSchema>;
export type RegisterControl = Extract<NonNullable<Profile["control"]>, { kind: "registers" }>;
export type ControlStep = Static<typeof StepSchema>;

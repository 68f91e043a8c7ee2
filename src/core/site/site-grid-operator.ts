/** `gridOperator` of `site.yaml`: the ways that limits of the grid operator come in by. */
import { type Static, Type } from "../schema.ts";
import { closed, DeviceConnectionSchema, Id } from "./site-parts.ts";

const PowerLimit = (description: string) => Type.Number({ minimum: 0, maximum: 10_000_000, description });

const GridLinkSchema = Type.Object(
  {
    heartbeatSeconds: Type.Integer({
      minimum: 10,
      maximum: 86_400,
      default: 120,
      description: "The operator's limit has to be sent again at least this often, also where there is none",
    }),
    failSafeW: PowerLimit("Limit of the import in W while the operator is silent"),
    failSafeExportW: Type.Optional(PowerLimit("Limit of the export in W while the operator is silent")),
  },
  closed,
);

const GridInputSchema = Type.Object(
  {
    id: Id("Name of the contact"),
    connection: DeviceConnectionSchema,
    unitId: Type.Integer({ minimum: 0, maximum: 255, default: 1, description: "Modbus unit id of the I/O module" }),
    functionCode: Type.Union([Type.Literal(1), Type.Literal(2), Type.Literal(3), Type.Literal(4)], {
      default: 2,
      description: "1 coil, 2 discrete input, 3 holding register, 4 input register",
    }),
    address: Type.Integer({ minimum: 0, maximum: 65535, description: "Zero-based, as on the wire" }),
    bit: Type.Integer({ minimum: 0, maximum: 15, default: 0, description: "Of a register; bit 0 is the lowest" }),
    activeWhen: Type.Union([Type.Literal("closed"), Type.Literal("open")], {
      default: "closed",
      description: "`open` for a contact that opens to limit; a cut wire then limits too",
    }),
    limitW: Type.Optional(PowerLimit("Limit of the import in W while the contact is active")),
    exportLimitW: Type.Optional(PowerLimit("Limit of the export in W while it is active, or not read")),
    failSafeW: Type.Optional(PowerLimit("Limit of the import in W while it is not read; else as while active")),
    pollMs: Type.Integer({ minimum: 100, maximum: 60000, default: 1000, description: "Time between readings, ms" }),
  },
  closed,
);

export const GridOperatorSchema = Type.Object(
  {
    appliesTo: Type.Union([Type.Literal("site"), Type.Literal("controllable")], {
      default: "site",
      description: "The whole import, or only what EVSEs and batteries take of it (Germany, section 14a EnWG)",
    }),
    leastW: Type.Number({
      minimum: 0,
      default: 0,
      description:
        "No limit goes below it: what the contract leaves the site in any case, e.g. 4200 for one EVSE (14a)",
    }),
    failSafeHours: Type.Integer({
      minimum: 2,
      maximum: 8760,
      default: 2,
      description: "How long a source that stays silent is at its fail-safe limit; EEBUS LPC allows 2 to 24",
    }),
    api: Type.Optional(GridLinkSchema),
    mqtt: Type.Optional(GridLinkSchema),
    inputs: Type.Array(GridInputSchema, {
      default: [],
      maxItems: 8,
      description: "Contacts of a control box or relay",
    }),
  },
  { ...closed, description: "How limits of the grid operator come in, and what holds when it is silent" },
);

export type GridInputConfiguration = Static<typeof GridInputSchema>;

/** Parts that the schemas of `site.yaml` share. */
import { Type } from "../schema.ts";

/** An id that may stand in topics, paths and file names. */
export const Id = (description: string) =>
  Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$", description: `${description} (letters, digits, . _ -)` });
/** No keys but those that are named. */
export const closed = { additionalProperties: false } as const;

/** What the plan, and nothing faster, keeps. */
export const RampLimitSchema = Type.Number({
  exclusiveMinimum: 0,
  description:
    "How much the import less the export may change from one quarter-hour's mean to the next, up or down, W; left out: as much as it likes. Kept by the plan with cars and batteries, see docs/planning.md",
});

/** How a Modbus device is reached. */
export const DeviceConnectionSchema = Type.Union([
  Type.Object(
    {
      tcp: Type.Object(
        {
          host: Type.String({ minLength: 1 }),
          port: Type.Integer({ minimum: 1, maximum: 65535, default: 502 }),
          framing: Type.Union([Type.Literal("tcp"), Type.Literal("rtu")], {
            default: "tcp",
            description: "`rtu` for a serial-to-Ethernet converter that passes RTU frames through",
          }),
        },
        closed,
      ),
    },
    closed,
  ),
  Type.Object(
    {
      serial: Type.Object(
        {
          path: Type.String({ minLength: 1, description: "Prefer /dev/serial/by-id/..." }),
          baudRate: Type.Integer({ minimum: 1200, maximum: 921600, default: 9600 }),
          parity: Type.Union([Type.Literal("none"), Type.Literal("even"), Type.Literal("odd")], { default: "none" }),
          stopBits: Type.Union([Type.Literal(1), Type.Literal(2)], { default: 1 }),
        },
        closed,
      ),
    },
    closed,
  ),
]);

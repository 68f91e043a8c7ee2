/** A session as the API and MQTT show it. */
import { TransactionMetered } from "../facts/transaction-facts.ts";
import { type Static, Type } from "../schema.ts";

const { slotStartMs, energyWh, costEur, unpricedWh, maxPowerW, dischargedWh, limitedBySeconds } =
  TransactionMetered.schema.properties;

export const PublicSessionSchema = Type.Object({
  transactionId: Type.Integer(),
  remoteId: Type.Optional(Type.String({ description: "As the charge point names it (OCPP 2.0.1)" })),
  chargePointId: Type.String(),
  evseId: Type.String(),
  connectorId: Type.Integer(),
  token: Type.Optional(Type.String({ description: "The last four characters" })),
  visitId: Type.Optional(Type.String({ description: "As it was announced; see GET /api/v1/visits" })),
  startedMs: Type.Number(),
  steppedMs: Type.Optional(Type.Number({ description: "By how much the site's clock was stepped since" })),
  meterStartWh: Type.Optional(Type.Number()),
  endedMs: Type.Optional(Type.Number()),
  endRecordedMs: Type.Optional(Type.Number({ description: "When the site heard of the end" })),
  meterStopWh: Type.Optional(Type.Number()),
  stopReason: Type.Optional(Type.String()),
  energyWh: Type.Number(),
  costEur: Type.Number(),
  unpricedWh: Type.Optional(Type.Number({ description: "Energy that is not in the cost: its price was not known" })),
  dischargedWh: Type.Optional(Type.Number({ description: "Given back; not in energy and cost" })),
  exportRegisterWh: Type.Optional(Type.Number()),
  olderWh: Type.Optional(Type.Number({ description: "Energy of the quarter-hours that are not listed any more" })),
  quarterHours: Type.Array(
    Type.Object({ slotStartMs, energyWh, costEur, unpricedWh, maxPowerW, dischargedWh, limitedBySeconds }),
    { description: "Of the last week" },
  ),
});
export type PublicSession = Static<typeof PublicSessionSchema>;

/** The running quarter-hour of one transaction. */
import type { SiteDraft } from "../facts/index.ts";
import type { EvseReading } from "../image.ts";
import type { ReasonKind } from "../reason.ts";
import type { Session } from "../state/sessions.ts";

export interface TransactionMeter {
  /** Register up to which energy is booked, Wh. */
  readonly bookedRegisterWh?: number;
  readonly registerWh?: number;
  /** Integral of the power, for an EVSE without a register. */
  readonly integratedWh: number;
  readonly maxPowerW: number;
  readonly importEurPerKwh?: number;
  readonly seconds: Readonly<Partial<Record<ReasonKind, number>>>;
}

/** A power older than this is not integrated any more. */
const POWER_VALID_MS = 120_000;

/** Begins a quarter-hour: after `before` the register goes on where that was booked, else where the state says. */
export function initialTransactionMeter(session: Session, before?: TransactionMeter): TransactionMeter {
  const booked = before
    ? (before.registerWh ?? before.bookedRegisterWh)
    : session.meterStartWh === undefined
      ? undefined
      : session.meterStartWh + session.energyWh;
  return {
    integratedWh: 0,
    maxPowerW: 0,
    seconds: {},
    ...(booked === undefined ? {} : { bookedRegisterWh: booked }),
  };
}

/** Adds the time since the last tick. */
export function meterTransaction(
  meter: TransactionMeter,
  tick: {
    readonly elapsedMs: number;
    readonly monoMs: number;
    readonly reading: EvseReading | undefined;
    readonly reason: ReasonKind | undefined;
    readonly importEurPerKwh: number | undefined;
  },
): TransactionMeter {
  const { reading, reason } = tick;
  const powerW = reading && tick.monoMs - reading.atMonoMs < POWER_VALID_MS ? reading.powerW : undefined;
  const booked = meter.bookedRegisterWh ?? reading?.energyWh;
  const registerWh = nextRegister(meter, reading?.energyWh);
  const seconds =
    reason === undefined
      ? meter.seconds
      : { ...meter.seconds, [reason]: (meter.seconds[reason] ?? 0) + tick.elapsedMs / 1000 };
  return {
    integratedWh: meter.integratedWh + ((powerW ?? 0) * tick.elapsedMs) / 3_600_000,
    maxPowerW: Math.max(meter.maxPowerW, powerW ?? 0),
    seconds,
    ...(booked === undefined ? {} : { bookedRegisterWh: booked }),
    ...(registerWh === undefined ? {} : { registerWh }),
    ...(tick.importEurPerKwh === undefined
      ? meter.importEurPerKwh === undefined
        ? {}
        : { importEurPerKwh: meter.importEurPerKwh }
      : { importEurPerKwh: tick.importEurPerKwh }),
  };
}

/** A register only grows; a smaller value is a mistake or belongs to before the transaction. */
function nextRegister(meter: TransactionMeter, energyWh: number | undefined): number | undefined {
  const least = meter.registerWh ?? meter.bookedRegisterWh;
  if (energyWh === undefined || (least !== undefined && energyWh < least)) return meter.registerWh;
  return energyWh;
}

function energyOf(session: Session, meter: TransactionMeter): number {
  if (session.endedMs !== undefined && session.meterStopWh !== undefined && session.meterStartWh !== undefined) {
    const booked = session.quarterHours.reduce((sum, quarterHour) => sum + quarterHour.energyWh, 0);
    return session.meterStopWh - session.meterStartWh - booked;
  }
  if (meter.registerWh !== undefined && meter.bookedRegisterWh !== undefined) {
    return meter.registerWh - meter.bookedRegisterWh;
  }
  return Math.round(meter.integratedWh);
}

function roundedSeconds(seconds: TransactionMeter["seconds"]): Partial<Record<ReasonKind, number>> {
  const entries = Object.entries(seconds).map(([kind, value]) => [kind, Math.round(value)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value > 0));
}

/** The fact on a quarter-hour; none when nothing was drawn and nothing was limited. */
export function transactionMeteredDraft(
  session: Session,
  meter: TransactionMeter,
  slotStartMs: number,
): SiteDraft | undefined {
  const energyWh = energyOf(session, meter);
  const limitedBySeconds = roundedSeconds(meter.seconds);
  if (energyWh === 0 && Object.keys(limitedBySeconds).length === 0) return undefined;
  const registerWh = session.meterStopWh ?? meter.registerWh;
  return {
    type: "transaction-metered",
    source: "metering",
    data: {
      transactionId: session.transactionId,
      evseId: session.evseId,
      slotStartMs,
      energyWh,
      costEur: Math.round(energyWh * (meter.importEurPerKwh ?? 0) * 100) / 100_000,
      maxPowerW: Math.round(meter.maxPowerW),
      limitedBySeconds,
      ...(registerWh === undefined ? {} : { registerWh }),
    },
  };
}

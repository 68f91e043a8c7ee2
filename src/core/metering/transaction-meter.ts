/** The running quarter-hour of one transaction. */
import type { SiteDraft } from "../facts/index.ts";
import type { ReasonKind } from "../reason.ts";
import type { Session } from "../state/sessions.ts";

export interface TransactionMeter {
  /** Register up to which energy is booked, Wh. */
  readonly bookedRegisterWh?: number;
  readonly registerWh?: number;
  /** Integrals of the power, for an EVSE without a register: what it took, what it gave back. */
  readonly integratedWh: number;
  readonly givenWh?: number;
  /** The same registers of what it gave back; missing where it has none. */
  readonly bookedExportWh?: number;
  readonly exportWh?: number;
  readonly maxPowerW: number;
  readonly importEurPerKwh?: number;
  readonly seconds: Readonly<Partial<Record<ReasonKind, number>>>;
}

/** What one tick adds. */
export interface TransactionTick {
  readonly elapsedMs: number;
  /** Of the EVSE's own meter, W and Wh, where they are known. */
  readonly powerW: number | undefined;
  readonly registerWh: number | undefined;
  readonly exportWh?: number | undefined;
  readonly reason: ReasonKind | undefined;
  readonly importEurPerKwh: number | undefined;
}

/** A pause of the controller longer than this is not filled in with the power after it. */
const LONGEST_INTEGRATED_MS = 10_000;

/** Begins the books of a transaction where the state says that they end: after a start, or a restart of ours. */
export function initialTransactionMeter(session: Session): TransactionMeter {
  const { exportRegisterWh: bookedExportWh } = session;
  const begun = {
    ...{ integratedWh: 0, maxPowerW: 0, seconds: {} },
    ...(bookedExportWh === undefined ? {} : { bookedExportWh }),
  };
  return session.meterStartWh === undefined
    ? begun
    : { ...begun, bookedRegisterWh: session.meterStartWh + session.energyWh };
}

/** Begins the next quarter-hour after `bookedWh` of this one were booked. */
export function nextTransactionMeter(meter: TransactionMeter, bookedWh: number): TransactionMeter {
  const bookedExportWh = meter.exportWh ?? meter.bookedExportWh;
  const begun = {
    ...{ integratedWh: 0, maxPowerW: 0, seconds: {} },
    ...(bookedExportWh === undefined ? {} : { bookedExportWh }),
  };
  return meter.bookedRegisterWh === undefined
    ? begun
    : { ...begun, bookedRegisterWh: meter.bookedRegisterWh + bookedWh };
}

/** A register only grows; a smaller value is a mistake or belongs to before the transaction. */
function nextRegister(meter: TransactionMeter, registerWh: number | undefined): number | undefined {
  const leastWh = meter.registerWh ?? meter.bookedRegisterWh;
  if (registerWh === undefined || (leastWh !== undefined && registerWh < leastWh)) return meter.registerWh;
  return registerWh;
}

function moreSeconds(meter: TransactionMeter, { reason, elapsedMs }: TransactionTick): TransactionMeter["seconds"] {
  if (reason === undefined) return meter.seconds;
  return { ...meter.seconds, [reason]: (meter.seconds[reason] ?? 0) + elapsedMs / 1000 };
}

/** Adds the time since the last tick. */
export function meterTransaction(meter: TransactionMeter, tick: TransactionTick): TransactionMeter {
  const { powerW = 0 } = tick;
  const booked = meter.bookedRegisterWh ?? tick.registerWh;
  const registerWh = nextRegister(meter, tick.registerWh);
  // The first price of a quarter-hour is its own: the tick that ends it knows the price of the next one already.
  const importEurPerKwh = meter.importEurPerKwh ?? tick.importEurPerKwh;
  const hours = Math.min(tick.elapsedMs, LONGEST_INTEGRATED_MS) / 3_600_000;
  const givenWh = (meter.givenWh ?? 0) + Math.max(0, -powerW) * hours;
  const bookedExportWh = meter.bookedExportWh ?? tick.exportWh;
  const exportWh = Math.max(meter.exportWh ?? 0, bookedExportWh ?? 0, tick.exportWh ?? 0);
  return {
    integratedWh: meter.integratedWh + Math.max(0, powerW) * hours,
    ...(givenWh > 0 ? { givenWh } : {}),
    ...(bookedExportWh === undefined ? {} : { bookedExportWh, exportWh }),
    maxPowerW: Math.max(meter.maxPowerW, powerW),
    seconds: moreSeconds(meter, tick),
    ...(booked === undefined ? {} : { bookedRegisterWh: booked }),
    ...(registerWh === undefined ? {} : { registerWh }),
    ...(importEurPerKwh === undefined ? {} : { importEurPerKwh }),
  };
}

/** Energy by the registers of an ended transaction that its quarter-hours do not hold yet, Wh. */
export function unbookedWh({ meterStartWh, meterStopWh, quarterHours, olderWh = 0 }: Session): number | undefined {
  if (meterStartWh === undefined || meterStopWh === undefined || meterStopWh < meterStartWh) return undefined;
  const bookedWh = quarterHours.reduce((sum, quarterHour) => sum + quarterHour.energyWh, olderWh);
  // Registers come in tenths and hundredths; sums of such numbers have crumbs.
  return Math.round((meterStopWh - meterStartWh - bookedWh) * 1000) / 1000;
}

/** Energy of the running quarter-hour, Wh: up to the final register, else by the register, else by the power. */
export function runningWh(session: Session, meter: TransactionMeter): number {
  const finalWh = session.endedMs === undefined ? undefined : unbookedWh(session);
  if (finalWh !== undefined) return finalWh;
  if (meter.registerWh !== undefined && meter.bookedRegisterWh !== undefined) {
    return meter.registerWh - meter.bookedRegisterWh;
  }
  return Math.round(meter.integratedWh);
}

/** What was given back in the running quarter-hour, Wh: by the register, else by the power. */
function givenBack({ exportWh, bookedExportWh, givenWh = 0 }: TransactionMeter) {
  const byRegister = exportWh !== undefined && bookedExportWh !== undefined;
  const dischargedWh = byRegister ? Math.round((exportWh - bookedExportWh) * 1000) / 1000 : Math.round(givenWh);
  return {
    ...(dischargedWh > 0 ? { dischargedWh } : {}),
    ...(byRegister ? { exportRegisterWh: exportWh } : {}),
  };
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
  const energyWh = runningWh(session, meter);
  const limitedBySeconds = roundedSeconds(meter.seconds);
  const given = givenBack(meter);
  if (energyWh === 0 && given.dischargedWh === undefined && Object.keys(limitedBySeconds).length === 0)
    return undefined;
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
      ...(meter.importEurPerKwh === undefined && energyWh !== 0 ? { unpricedWh: energyWh } : {}),
      ...(registerWh === undefined ? {} : { registerWh }),
      ...given,
    },
  };
}

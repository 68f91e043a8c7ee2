import pino from "pino";
import type { Log } from "../core/ports.ts";

/** JSON lines on standard error; level from WATTLEDGER_LOG (debug, info, warn, error, silent). */
export function consoleLog(level = process.env.WATTLEDGER_LOG ?? "info"): Log {
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
  return {
    debug: (message, details = {}) => logger.debug(details, message),
    info: (message, details = {}) => logger.info(details, message),
    warn: (message, details = {}) => logger.warn(details, message),
    error: (message, details = {}) => logger.error(details, message),
  };
}

/** A log that goes nowhere: virtual time, tests. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** What the two OCPP versions of a simulated charge point have in common. */
import type { Clock } from "../../core/ports.ts";
import type { PerPhase } from "../../core/quantity.ts";
import { type ClearCriteria, type StoredProfile, withoutProfiles } from "../models/profile-stack.ts";

export interface ConnectorView {
  readonly connector: number;
  readonly maxA: number;
  currentA(): PerPhase;
  registerWh(): number;
  socPercent(): number | undefined;
}

export interface Transaction {
  /** Until the CSMS has answered: unknown in 1.6. */
  id?: number | string;
  readonly token: string;
  readonly startMs: number;
  readonly meterStartWh: number;
  sequence: number;
}

export interface Connector {
  readonly view: ConnectorView;
  status: string;
  transaction?: Transaction;
  profiles: StoredProfile[];
}

/** What a dialect may use of the station. */
export interface StationCore {
  readonly id: string;
  readonly clock: Clock;
  readonly voltageV: number;
  readonly connectors: ReadonlyMap<number, Connector>;
  readonly settings: Map<string, string>;
  call(action: string, payload: object): Promise<Record<string, unknown>>;
  /** Keeps a message until the line is up; order is kept. */
  queue(action: string, payload: () => object, done?: (answer: Record<string, unknown>) => void): void;
  start(connector: Connector, token: string): void;
  stop(connector: Connector, reason: string): void;
  setStatus(connector: Connector, status: string): void;
  meter(connector: Connector): void;
  reboot(): void;
}

export interface Dialect {
  boot(): object;
  status(connector: Connector): readonly [string, object];
  started(
    connector: Connector,
    transaction: Transaction,
  ): readonly [string, () => object, (answer: Record<string, unknown>) => void];
  metered(connector: Connector): readonly [string, object] | undefined;
  ended(connector: Connector, transaction: Transaction, reason: string): readonly [string, () => object];
  onCall(action: string, payload: Record<string, unknown>): Record<string, unknown>;
}

/** Clears profiles of one connector, or of all where it is 0 or missing, and answers as both versions do. */
export function clearProfiles(
  station: StationCore,
  connectorId: unknown,
  criteria: ClearCriteria,
): Record<string, unknown> {
  let cleared = 0;
  for (const connector of station.connectors.values()) {
    if (connectorId !== undefined && connectorId !== 0 && connectorId !== connector.view.connector) continue;
    const kept = withoutProfiles(connector.profiles, criteria);
    cleared += connector.profiles.length - kept.length;
    connector.profiles = kept;
  }
  return { status: cleared > 0 ? "Accepted" : "Unknown" };
}

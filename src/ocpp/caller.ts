/** Carries one call to a charge point and says how it ended. */
import type { ChargePointCommand, CommandResult } from "../core/charge-point-input.ts";
import type { Clock, Log } from "../core/ports.ts";
import { type OutboundCall, resultOf } from "./outbound.ts";
import { problemOf } from "./schemas.ts";
import type { OcppVersion } from "./version.ts";

/** What is used of ocpp-rpc's client. */
export interface RpcClient {
  call(method: string, params: unknown, options: { callTimeoutMs: number }): Promise<unknown>;
  close(options: { force: boolean }): Promise<unknown>;
}

export interface Caller {
  readonly client: RpcClient;
  readonly version: OcppVersion;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the connection still is the charge point's. */
  isCurrent(): boolean;
}

export interface Called {
  readonly result: CommandResult;
  readonly answer?: unknown;
}

/** ocpp-rpc keeps a call this long, so that a late answer is no error there. */
const RPC_TIMEOUT_MS = 300_000;

/** Sends the call when it fits its schema. Never rejects. */
export async function makeCall(
  { client, version, clock, log, isCurrent }: Caller,
  call: OutboundCall,
  type: ChargePointCommand["type"] | "setup",
  timeoutMs: number,
): Promise<Called> {
  const { action, payload } = call;
  const problem = problemOf(version, action, "request", payload);
  if (problem) {
    log.warn("A command does not fit what OCPP takes and was not sent", { version, action, problem });
    return { result: { status: "not-supported", detail: problem } };
  }
  let cancel = () => {};
  const late = new Promise<"late">((resolve) => {
    cancel = clock.after(timeoutMs, "ocpp call", () => resolve("late"));
  });
  const answered = client.call(action, payload, { callTimeoutMs: RPC_TIMEOUT_MS });
  answered.catch(() => undefined);
  try {
    const answer = await Promise.race([answered, late]);
    if (answer === "late") return { result: { status: "no-answer", detail: `no answer in ${timeoutMs / 1000} s` } };
    return { result: resultOf(type, answer), answer };
  } catch (error) {
    return { result: failure(error, isCurrent()) };
  } finally {
    cancel();
  }
}

function failure(error: unknown, connected: boolean): CommandResult {
  const { rpcErrorCode, message } = error as { rpcErrorCode?: string; message?: string };
  const detail = `${rpcErrorCode ?? ""} ${message ?? ""}`.trim().slice(0, 200);
  if (rpcErrorCode === "NotSupported" || rpcErrorCode === "NotImplemented") return { status: "not-supported", detail };
  if (rpcErrorCode !== undefined) return { status: "rejected", detail };
  return { status: connected ? "no-answer" : "offline", detail };
}

/** A contact of the grid operator at a Modbus I/O module: a coil, a discrete input, or a bit of a register. */
import type { Clock, Log } from "../core/ports.ts";
import type { GridInputConfiguration } from "../core/site/site-grid-operator.ts";
import type { Bus } from "./bus.ts";
import { exceptionWords } from "./pdu.ts";

/** Called with every reading that was believed. */
export type OnInputRead = (id: string, closed: boolean) => void;

const TIMING = { timeoutMs: 1000, gapMs: 0 };

/** Whether it is closed, or why nobody knows. */
async function read(
  { unitId, functionCode, address, bit }: GridInputConfiguration,
  bus: Bus,
): Promise<boolean | string> {
  const outcome = await bus.request({ kind: "read", unitId, functionCode, address, count: 1 }, TIMING);
  if (outcome.status === "exception") return `it answers: ${exceptionWords(outcome.code)}`;
  if (outcome.status !== "ok") return outcome.detail;
  return functionCode <= 2 ? outcome.registers[0] === 1 : ((outcome.registers[0]! >> bit) & 1) === 1;
}

/** Reads it again and again. What fails is said once, and nobody hears of a reading. Returns a function that ends it. */
export function pollInput(
  input: GridInputConfiguration,
  bus: Bus,
  given: { readonly onRead: OnInputRead; readonly clock: Clock; readonly log: Log },
): () => void {
  const { clock, log, onRead } = given;
  let stopped = false;
  let failing = false;
  let cancel = () => {};

  async function round(): Promise<void> {
    const closed = await read(input, bus).catch((error) => `defect: ${String(error)}`);
    if (stopped) return;
    if (typeof closed === "boolean") onRead(input.id, closed);
    else if (!failing)
      log.warn("A contact of the grid operator is not read; its fail-safe limit follows", {
        id: input.id,
        why: closed,
      });
    failing = typeof closed !== "boolean";
    cancel = clock.after(input.pollMs, `poll-${input.id}`, () => void round());
  }

  void round();
  return () => {
    stopped = true;
    cancel();
  };
}

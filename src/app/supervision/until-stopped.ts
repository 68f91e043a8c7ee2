import type { Log } from "../../core/ports.ts";
import { takenByShell } from "./supervise.ts";

/**
 * Resolves with the name of the signal that asks the process to stop. A defect that nobody caught, in a shell, has that
 * shell started again; any other ends the process at once, for systemd to start it again: charge points and battery fall
 * back by themselves meanwhile.
 */
export function untilStopped(log: Log): Promise<string> {
  const die = (error: unknown) => {
    if (takenByShell(error)) return;
    log.error("A defect; the process ends and is started again", {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    process.exit(1);
  };
  process.on("uncaughtException", die);
  process.on("unhandledRejection", die);
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve(signal));
  });
}

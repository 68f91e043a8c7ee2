/**
 * Tells systemd that the site is ready, and feeds its watchdog at the end of completed ticks only. Node has no
 * datagram sockets of the AF_UNIX kind, so `systemd-notify` is run (25 ms, a few times a minute; NotifyAccess=all).
 */
import { spawn } from "node:child_process";

export interface Notifier {
  ready(): void;
  /** A tick was completed. */
  ticked(): void;
  stopping(): void;
}

type Send = (text: string) => void;

const viaSystemd: Send = (text) => {
  try {
    const child = spawn("systemd-notify", [text], { stdio: "ignore" });
    child.on("error", () => {});
    child.unref();
  } catch {
    // No memory or no process to be had: what is not told is told again after the next tick.
  }
};

/** Does nothing where systemd does not ask for it. Feeds at a third of the watchdog's time at most. */
export function createNotifier(
  environment: NodeJS.ProcessEnv = process.env,
  now: () => number = () => performance.now(),
  send: Send = viaSystemd,
): Notifier {
  const asked = environment.NOTIFY_SOCKET !== undefined;
  const watchdogMs = Number(environment.WATCHDOG_USEC ?? 0) / 1000;
  let fedAtMs = Number.NEGATIVE_INFINITY;
  return {
    ready: () => {
      if (asked) send("READY=1");
    },
    ticked: () => {
      if (!asked || !(watchdogMs > 0) || now() - fedAtMs < watchdogMs / 3) return;
      fedAtMs = now();
      send("WATCHDOG=1");
    },
    stopping: () => {
      if (asked) send("STOPPING=1");
    },
  };
}

/** Sends the commands of a tick to the charge points and turns their answers into facts, only where they matter. */
import type { ChargePointCommand, CommandResult } from "../../core/charge-point-input.ts";
import type { SiteDraft } from "../../core/facts/index.ts";
import type { ChargePoints, Log } from "../../core/ports.ts";
import type { SiteState } from "../../core/state/state.ts";

type LimitAnswer = "accepted" | "rejected" | "not-supported" | "no-answer";

/** Whether a partner waits to hear what became of the limit that is in the books: then agreement is news too. */
function isAwaited({ evseId, schedule }: Extract<ChargePointCommand, { type: "set-limit" }>, state: SiteState) {
  const limit = state.limits.byEvse[evseId];
  if (!limit || limit.answer !== undefined || limit.currentA !== schedule.periods[0]?.currentA) return false;
  return Object.values(state.upstream.results).some(
    ({ kind, transactionId = 0 }) => kind === "SET_PROFILE" && state.sessions.open[transactionId]?.evseId === evseId,
  );
}

/** A fact on a limit's answer when it differs from the answer before, or when somebody waits for it. */
function limitAnswerDrafts(
  command: Extract<ChargePointCommand, { type: "set-limit" }>,
  result: CommandResult,
  state: SiteState,
): SiteDraft[] {
  const answer: LimitAnswer = result.status === "offline" ? "no-answer" : (result.status as LimitAnswer);
  const before = state.limits.byEvse[command.evseId]?.answer ?? "accepted";
  if (answer === before && !isAwaited(command, state)) return [];
  return [
    {
      type: "limit-answered",
      source: `charge-point:${command.chargePointId}`,
      data: {
        evseId: command.evseId,
        currentA: command.schedule.periods[0]?.currentA ?? 0,
        answer,
        detail: result.detail.slice(0, 200),
      },
    },
  ];
}

/** A fact on the answer to a safe default when it differs from the answer before; who is gone is asked again anyway. */
export function safeDefaultAnswerDrafts(
  command: Extract<ChargePointCommand, { type: "install-safe-default" }>,
  result: CommandResult,
  state: SiteState,
): SiteDraft[] {
  const { evseId, chargePointId, currentA } = command;
  const { status: answer } = result;
  if (answer === "offline" || answer === (state.limits.refusedDefaults?.[evseId] ?? "accepted")) return [];
  const data = { evseId, currentA, answer, detail: result.detail.slice(0, 200) };
  return [{ type: "safe-default-answered", source: `charge-point:${chargePointId}`, data }];
}

/** A fact on the answer to any other command; `by` says who asked. */
export function commandAnswerDraft(command: ChargePointCommand, result: CommandResult, by: string): SiteDraft {
  return {
    type: "command-answered",
    source: `charge-point:${command.chargePointId}`,
    data: {
      chargePointId: command.chargePointId,
      action: command.type,
      answer: `${result.status} ${result.detail}`.trim().slice(0, 200),
      by,
    },
  };
}

/** The fact that makes the token of a remote start welcome; it has to be there before the charge point presents it. */
export function remoteStartDraft(
  { chargePointId, connector, token }: Extract<ChargePointCommand, { type: "start-transaction" }>,
  by: string,
): SiteDraft {
  return {
    type: "remote-start-requested",
    source: `charge-point:${chargePointId}`,
    data: { chargePointId, connectorId: connector, token, by },
  };
}

export interface Dispatcher {
  /** Sends the commands that were decided in a tick. A limit that waited for the disk does not undo a younger one. */
  dispatch(commands: readonly ChargePointCommand[], tick: number): void;
}

/** That old limits were cleared is no fact, that they were not is one. */
function isRoutine(command: ChargePointCommand, result: CommandResult): boolean {
  return command.type === "clear-limits" && result.status === "accepted";
}

export function createDispatcher(options: {
  readonly chargePoints: () => ChargePoints | undefined;
  readonly state: () => SiteState;
  readonly note: (drafts: readonly SiteDraft[]) => void;
  readonly log: Log;
}): Dispatcher {
  async function send(command: ChargePointCommand): Promise<void> {
    const chargePoints = options.chargePoints();
    if (!chargePoints) return;
    const result = await chargePoints.send(command);
    if (command.type === "set-limit") {
      if (result.detail !== "superseded") options.note(limitAnswerDrafts(command, result, options.state()));
    } else if (command.type === "install-safe-default") {
      options.note(safeDefaultAnswerDrafts(command, result, options.state()));
    } else if (!isRoutine(command, result)) {
      options.note([commandAnswerDraft(command, result, "controller")]);
    }
  }
  const tickOfLimit = new Map<string, number>();
  function isOutdated(command: ChargePointCommand, tick: number): boolean {
    if (command.type !== "set-limit") return false;
    if (tick < (tickOfLimit.get(command.evseId) ?? 0)) return true;
    tickOfLimit.set(command.evseId, tick);
    return false;
  }
  return {
    dispatch(commands, tick) {
      for (const command of commands) {
        if (isOutdated(command, tick)) continue;
        send(command).catch((error) =>
          options.log.error("A command could not be sent", { command: command.type, error: String(error) }),
        );
      }
    },
  };
}

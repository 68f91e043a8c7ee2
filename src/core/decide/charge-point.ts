/** Turns what a charge point tells into facts and the answer. One function for each kind of input. */
import type { ChargePointAnswer, ChargePointInput } from "../charge-point-input.ts";
import type { SiteDraft } from "../facts/index.ts";
import type { EvseReading } from "../image.ts";
import type { EvseModel } from "../site/site-model.ts";
import { meterKeysIn } from "../state/charge-points.ts";
import { abandonedDrafts } from "./abandoned.ts";
import { adoptedDrafts } from "./adopted.ts";
import type { DecideContext } from "./context.ts";
import { evseAt, located } from "./context.ts";
import { meterReadings } from "./meter-values.ts";
import { signedValueDrafts } from "./signed-values.ts";
import { checkToken, tokenStatus } from "./tokens.ts";
import { endTransaction, startTransaction } from "./transactions.ts";
import { unknownConnector, violationDrafts } from "./violations.ts";

export type { DecideContext } from "./context.ts";

/** Facts to record, the answer once they are on disk, and readings for the process image. */
export interface ChargePointDecision {
  readonly drafts: readonly SiteDraft[];
  readonly answer: ChargePointAnswer;
  /** Without `atMonoMs`: the caller stamps its own time of arrival. */
  readonly readings: readonly Omit<EvseReading, "atMonoMs">[];
}

type Of<T extends ChargePointInput["type"]> = Extract<ChargePointInput, { type: T }>;

function only(drafts: readonly SiteDraft[], answer: ChargePointAnswer = {}): ChargePointDecision {
  return { drafts, answer, readings: [] };
}

function sourceOf(chargePointId: string): string {
  return `charge-point:${chargePointId}`;
}

function connected(_: DecideContext, input: Of<"connected">): ChargePointDecision {
  const { chargePointId, protocol, remote } = input;
  return only([
    { type: "charge-point-connected", source: sourceOf(chargePointId), data: { chargePointId, protocol, remote } },
  ]);
}

function disconnected(context: DecideContext, input: Of<"disconnected">): ChargePointDecision {
  const { chargePointId, reason } = input;
  if (context.state.chargePoints.byId[chargePointId]?.connected !== true) return only([]);
  return only([
    { type: "charge-point-disconnected", source: sourceOf(chargePointId), data: { chargePointId, reason } },
  ]);
}

function booted(_: DecideContext, input: Of<"booted">): ChargePointDecision {
  const { type: __, ...data } = input;
  return only([{ type: "charge-point-booted", source: sourceOf(input.chargePointId), data }]);
}

function statusOfEvse(context: DecideContext, input: Of<"status">, evse: EvseModel): SiteDraft[] {
  const known = context.state.chargePoints.evses[evse.id];
  // Said again after a transaction it is of another car.
  const isOfBefore = known?.over === true && input.status === "charging";
  if (known?.status === input.status && known.errorCode === input.errorCode && !isOfBefore) return [];
  const { chargePointId, status, errorCode, info } = input;
  return [
    {
      type: "evse-status-changed",
      source: sourceOf(chargePointId),
      data: {
        chargePointId,
        evseId: evse.id,
        status,
        ...(errorCode === undefined ? {} : { errorCode }),
        ...(info === undefined ? {} : { info }),
      },
    },
  ];
}

/** Of the charge point itself: its EVSEs report for themselves, but a fault of the whole is told only here. */
function statusOfWhole(context: DecideContext, input: Of<"status">): SiteDraft[] {
  const { chargePointId, status, errorCode, info } = input;
  const known = context.state.chargePoints.byId[chargePointId];
  const isNews = known?.status === undefined ? status !== "available" || errorCode !== undefined : true;
  if (!isNews || (known?.status === status && known.errorCode === errorCode)) return [];
  const details = { ...(errorCode === undefined ? {} : { errorCode }), ...(info === undefined ? {} : { info }) };
  const data = { chargePointId, status, ...details };
  return [{ type: "charge-point-status-changed", source: sourceOf(chargePointId), data }];
}

function metered(context: DecideContext, input: Of<"metered">): ChargePointDecision {
  const { readings, drafts } = meterReadings(context, input);
  return { readings, drafts: [...adoptedDrafts(context, input), ...drafts], answer: {} };
}

function status(context: DecideContext, input: Of<"status">): ChargePointDecision {
  // Connector 0 is the charge point itself (OCPP 1.6 section 4.9).
  if (input.connector === 0) return only(statusOfWhole(context, input));
  const evse = evseAt(context.site, input.chargePointId, input.connector);
  return only(evse ? statusOfEvse(context, input, evse) : unknownConnector(context, input, "StatusNotification"));
}

function notified(_: DecideContext, input: Of<"notified">): ChargePointDecision {
  const { type: __, payload, ...data } = input;
  return only([
    {
      type: "charge-point-notified",
      source: sourceOf(input.chargePointId),
      data: { ...data, payload: payload.slice(0, 4096) },
    },
  ]);
}

function violated(context: DecideContext, input: Of<"violated">): ChargePointDecision {
  return only(violationDrafts(context, [input]));
}

function probed(context: DecideContext, input: Of<"probed">): ChargePointDecision {
  const { type: _, settings, ...data } = input;
  const known = context.state.chargePoints.byId[input.chargePointId];
  const keys = meterKeysIn(settings);
  const same =
    known?.rateUnit === input.rateUnit &&
    known.maxStackLevel === input.maxStackLevel &&
    Object.entries(keys).every(([connector, key]) => known.meterKeys?.[connector] === key);
  // A probe after each reconnect that finds the same is not news.
  if (same) return only([]);
  return only([
    {
      type: "charge-point-probed",
      source: sourceOf(input.chargePointId),
      data: { ...data, settings: { ...settings } },
    },
  ]);
}

function refused(_: DecideContext, input: Of<"refused">): ChargePointDecision {
  const { type: __, ...data } = input;
  return only([{ type: "connection-refused", source: "ocpp", data }]);
}

/**
 * Decides about one input. Pure; `findByKey` looks up facts that are recorded already, so that a message that a charge
 * point sends twice changes nothing and is answered as before.
 */
export function decideChargePointInput(context: DecideContext, input: ChargePointInput): ChargePointDecision {
  switch (input.type) {
    case "connected":
      return connected(context, input);
    case "disconnected":
      return disconnected(context, input);
    case "booted":
      return booted(context, input);
    case "heartbeat":
      return only(abandonedDrafts(context, input.chargePointId));
    case "status":
      return status(context, located(context, input));
    case "authorize":
      if (input.unrecorded) return only([], { tokenStatus: tokenStatus(context, { ...input, atMs: context.nowMs }) });
      return { ...checkToken(context, input.chargePointId, input.token), readings: [] };
    case "transaction-started":
      return startTransaction(context, input);
    case "transaction-ended":
      return endTransaction(context, input);
    case "metered":
      return metered(context, located(context, input));
    case "signed-metered":
      return only(signedValueDrafts(context, located(context, input)));
    case "probed":
      return probed(context, input);
    case "notified":
      return notified(context, input);
    case "violated":
      return violated(context, input);
    case "refused":
      return refused(context, input);
  }
}

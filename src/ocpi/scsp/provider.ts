/** The service: a plan for each site with a context, at each quarter-hour and when something changes, sent as profiles. */
import { randomUUID } from "node:crypto";
import { Type } from "typebox";
import type { Clock, Log, PlanService } from "../../core/ports.ts";
import { SLOT_MS, slotStartMs } from "../../core/slots.ts";
import { callPartner } from "../call.ts";
import type { Module, OcpiRequest } from "../module.ts";
import { endpointOf, joinUrl, type Partner } from "../partner.ts";
import type { PartyName } from "../party.ts";
import { CiString, reader } from "../schemas/wire.ts";
import type { Secrets } from "../secrets.ts";
import { INVALID_PARAMETERS, type Reply, refuse } from "../status.ts";
import type { Client, Clients } from "./clients.ts";
import {
  type Assumed,
  foreignPlanInput,
  isNews,
  type PlannedSession,
  plannedSessions,
  profileObject,
  sessionsIn,
} from "./plan.ts";

const LOOK_EVERY_MS = 5_000;
/** Two plans of the same site are no nearer than this. */
const LEAST_PAUSE_MS = 30_000;
const DEADLINE_MS = 5_000;
const RESULT_AFTER_MS = 60_000;
const MOST_PENDING = 1_000;

export interface ProviderOptions {
  readonly clients: Clients;
  readonly partners: ReadonlyMap<string, Partner>;
  readonly secrets: Secrets;
  readonly planner: PlanService;
  readonly assumed: Assumed;
  readonly us: PartyName;
  /** Below which results come back; missing where nobody can call us. */
  readonly resultsUrl: string;
  readonly clock: Clock;
  readonly log: Log;
}

const readResult = reader(Type.Object({ result: Type.String({ maxLength: 40 }) }));
const readResponse = reader(
  Type.Object({ result: Type.String({ maxLength: 40 }), timeout: Type.Optional(Type.Number()) }),
);
const readActive = reader(
  Type.Object({ start_date_time: CiString(40), charging_profile: Type.Record(Type.String(), Type.Unknown()) }),
);

export interface Provider {
  readonly module: Module;
  close(): void;
}

export function startProvider(options: ProviderOptions): Provider {
  const { clients, partners, secrets, planner, assumed, us, resultsUrl, clock, log } = options;
  const dirty = new Set<string>();
  const plannedAt = new Map<string, { readonly monoMs: number; readonly slotMs: number }>();
  const sent = new Map<string, PlannedSession>();
  /** Results that are awaited, before the request has left: they may overtake its answer. */
  const pending = new Map<string, string>();
  let busy = false;

  async function send(partner: Partner, planned: PlannedSession): Promise<void> {
    const endpoint = endpointOf(partner, "chargingprofiles", "RECEIVER");
    const token = secrets.outbound(partner.id);
    const key = `${partner.id}/${planned.sessionId}`;
    if (endpoint === undefined || token === undefined || !isNews(planned, sent.get(key))) return;
    const correlation = randomUUID();
    pending.set(correlation, key);
    for (const old of [...pending.keys()].slice(0, Math.max(0, pending.size - MOST_PENDING))) pending.delete(old);
    clock.after(RESULT_AFTER_MS, "ocpi-scsp-result", () => {
      if (pending.delete(correlation)) sent.delete(key);
    });
    const body = { charging_profile: profileObject(planned), response_url: `${resultsUrl}/${correlation}` };
    const call = { method: "PUT", url: joinUrl(endpoint, planned.sessionId), token, body, from: us } as const;
    const outcome = await callPartner(partner, call, clock);
    const response = outcome.kind === "ok" ? readResponse(outcome.data) : undefined;
    if (response?.ok && response.value.result === "ACCEPTED") sent.set(key, planned);
    else {
      // Too often, or not now: the next quarter-hour plans anew.
      pending.delete(correlation);
      const reason = outcome.kind === "ok" ? (response?.ok ? response.value.result : "no result") : outcome.reason;
      log.warn("A charging profile was not taken by a site", {
        partner: partner.id,
        session: planned.sessionId,
        reason,
      });
    }
  }

  async function plan(partnerId: string, client: Client): Promise<void> {
    const partner = partners.get(partnerId);
    if (!partner) return;
    for (const { context } of client.contexts.values()) {
      const sessions = sessionsIn(context, client.sessions.values());
      if (sessions.length === 0) continue;
      const input = foreignPlanInput(context, sessions, { nowMs: clock.wallMs(), assumed });
      const result = await planner.solve(input, DEADLINE_MS);
      for (const planned of plannedSessions(input, result)) await send(partner, planned);
    }
  }

  function isDue(partnerId: string, nowSlotMs: number): boolean {
    const last = plannedAt.get(partnerId);
    if (!last) return true;
    const rested = clock.monoMs() - last.monoMs >= LEAST_PAUSE_MS;
    return rested && (dirty.has(partnerId) || last.slotMs !== nowSlotMs);
  }

  async function look(): Promise<void> {
    const slotMs = slotStartMs(clock.wallMs() + SLOT_MS / 100);
    for (const [partnerId, client] of clients.all()) {
      if (client.contexts.size === 0 || !isDue(partnerId, slotMs)) continue;
      dirty.delete(partnerId);
      plannedAt.set(partnerId, { monoMs: clock.monoMs(), slotMs });
      await plan(partnerId, client);
    }
  }

  clients.onChange((partnerId) => dirty.add(partnerId));
  const stop = clock.every(LOOK_EVERY_MS, "ocpi-scsp", () => {
    if (busy) return;
    busy = true;
    look()
      .catch((error) => log.error("Planning for another site failed", { error: String(error) }))
      .finally(() => {
        busy = false;
      });
  });

  function takeResult(request: OcpiRequest): Reply {
    const key = pending.get(request.params.correlation ?? "");
    const parsed = readResult(request.body);
    if (!parsed.ok) return refuse(INVALID_PARAMETERS, parsed.problem);
    if (key === undefined || !key.startsWith(`${request.partner.id}/`))
      return refuse(INVALID_PARAMETERS, "Nothing waits for this result", 404);
    pending.delete(request.params.correlation!);
    // What was not done is tried again with the next plan.
    if (parsed.value.result !== "ACCEPTED") sent.delete(key);
    return { ok: true };
  }

  /** What the site made of it is its business: it may be lower, and the next plan sees what the cars took. */
  function takeActive(request: OcpiRequest): Reply {
    const parsed = readActive(request.body);
    if (!parsed.ok) return refuse(INVALID_PARAMETERS, parsed.problem);
    const session = request.params.session?.toLowerCase() ?? "";
    if (!clients.of(request.partner.id).sessions.has(session))
      return refuse(INVALID_PARAMETERS, "There is no such session", 404);
    return { ok: true };
  }

  return {
    module: {
      identifier: "chargingprofiles",
      role: "SENDER",
      path: "scsp/chargingprofiles",
      routes: [
        {
          method: "PUT",
          path: "/:session",
          about: { summary: "What holds for a session", body: "ActiveChargingProfile" },
          handle: takeActive,
        },
        {
          method: "POST",
          path: "/results/:correlation",
          about: { summary: "What became of a profile", body: "ProfileResult" },
          handle: takeResult,
        },
      ],
    },
    close: stop,
  };
}

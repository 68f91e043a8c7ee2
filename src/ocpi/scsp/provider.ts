/** The service: a plan for each site with a context, at each quarter-hour and when something changes, sent as profiles. */
import { randomUUID } from "node:crypto";
import type { Clock, Log, PlanService } from "../../core/ports.ts";
import { Type } from "../../core/schema.ts";
import { SLOT_MS, slotStartMs } from "../../core/time/slots.ts";
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

/** Profiles on their way to one site's CPO: what was sent, and results that are awaited. */
class ProfileSender {
  readonly #options: ProviderOptions;
  readonly #sent = new Map<string, PlannedSession>();
  /** Results that are awaited, before the request has left: they may overtake its answer. */
  readonly #pending = new Map<string, string>();

  constructor(options: ProviderOptions) {
    this.#options = options;
  }

  /** Sends what is news; what is not taken is tried again with the next plan. */
  async send(partner: Partner, planned: PlannedSession): Promise<void> {
    const { secrets, resultsUrl, us, clock } = this.#options;
    const endpoint = endpointOf(partner, "chargingprofiles", "RECEIVER");
    const token = secrets.outbound(partner.id);
    const key = `${partner.id}/${planned.sessionId}`;
    if (endpoint === undefined || token === undefined || !isNews(planned, this.#sent.get(key))) return;
    const correlation = this.#awaited(key);
    const body = { charging_profile: profileObject(planned), response_url: `${resultsUrl}/${correlation}` };
    const call = { method: "PUT", url: joinUrl(endpoint, planned.sessionId), token, body, from: us } as const;
    const outcome = await callPartner(partner, call, clock);
    const response = outcome.kind === "ok" ? readResponse(outcome.data) : undefined;
    if (response?.ok && response.value.result === "ACCEPTED") {
      this.#sent.set(key, planned);
      return;
    }
    // Too often, or not now: the next quarter-hour plans anew.
    this.#pending.delete(correlation);
    const reason = outcome.kind === "ok" ? (response?.ok ? response.value.result : "no result") : outcome.reason;
    const about = { partner: partner.id, session: planned.sessionId, reason };
    this.#options.log.warn("A charging profile was not taken by a site", about);
  }

  #awaited(key: string): string {
    const correlation = randomUUID();
    this.#pending.set(correlation, key);
    const tooMany = Math.max(0, this.#pending.size - MOST_PENDING);
    for (const old of [...this.#pending.keys()].slice(0, tooMany)) this.#pending.delete(old);
    this.#options.clock.after(RESULT_AFTER_MS, "ocpi-scsp-result", () => {
      if (this.#pending.delete(correlation)) this.#sent.delete(key);
    });
    return correlation;
  }

  takeResult(request: OcpiRequest): Reply {
    const key = this.#pending.get(request.params.correlation ?? "");
    const parsed = readResult(request.body);
    if (!parsed.ok) return refuse(INVALID_PARAMETERS, parsed.problem);
    if (key === undefined || !key.startsWith(`${request.partner.id}/`))
      return refuse(INVALID_PARAMETERS, "Nothing waits for this result", 404);
    this.#pending.delete(request.params.correlation!);
    // What was not done is tried again with the next plan.
    if (parsed.value.result !== "ACCEPTED") this.#sent.delete(key);
    return { ok: true };
  }
}

/** When a plan for a site is due, and the plan. */
class ForeignPlanner {
  readonly #options: ProviderOptions;
  readonly #sender: ProfileSender;
  readonly #dirty = new Set<string>();
  readonly #plannedAt = new Map<string, { readonly monoMs: number; readonly slotMs: number }>();
  #busy = false;

  constructor(options: ProviderOptions, sender: ProfileSender) {
    this.#options = options;
    this.#sender = sender;
    options.clients.onChange((partnerId) => this.#dirty.add(partnerId));
  }

  /** Plans where it is due; one at a time. */
  look(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#planDue()
      .catch((error) => this.#options.log.error("Planning for another site failed", { error: String(error) }))
      .finally(() => {
        this.#busy = false;
      });
  }

  async #planDue(): Promise<void> {
    const { clock, clients } = this.#options;
    const slotMs = slotStartMs(clock.wallMs() + SLOT_MS / 100);
    for (const [partnerId, client] of clients.all()) {
      if (client.contexts.size === 0 || !this.#isDue(partnerId, slotMs)) continue;
      this.#dirty.delete(partnerId);
      this.#plannedAt.set(partnerId, { monoMs: clock.monoMs(), slotMs });
      await this.#plan(partnerId, client);
    }
  }

  #isDue(partnerId: string, nowSlotMs: number): boolean {
    const last = this.#plannedAt.get(partnerId);
    if (!last) return true;
    const rested = this.#options.clock.monoMs() - last.monoMs >= LEAST_PAUSE_MS;
    return rested && (this.#dirty.has(partnerId) || last.slotMs !== nowSlotMs);
  }

  async #plan(partnerId: string, client: Client): Promise<void> {
    const { partners, planner, clock, assumed } = this.#options;
    const partner = partners.get(partnerId);
    if (!partner) return;
    for (const { context } of client.contexts.values()) {
      const sessions = sessionsIn(context, client.sessions.values());
      if (sessions.length === 0) continue;
      const input = foreignPlanInput(context, sessions, { nowMs: clock.wallMs(), assumed });
      const result = await planner.solve(input, DEADLINE_MS);
      for (const planned of plannedSessions(input, result)) await this.#sender.send(partner, planned);
    }
  }
}

export function startProvider(options: ProviderOptions): Provider {
  const { clients, clock } = options;
  const sender = new ProfileSender(options);
  const planner = new ForeignPlanner(options, sender);
  const stop = clock.every(LOOK_EVERY_MS, "ocpi-scsp", () => planner.look());

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
          handle: (request) => sender.takeResult(request),
        },
      ],
    },
    close: stop,
  };
}

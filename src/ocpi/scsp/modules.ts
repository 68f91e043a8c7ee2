/** What a service provider offers to the CPOs of the sites it plans for: receivers of sessions, contexts and results. */
import type { Module, OcpiRequest } from "../module.ts";
import { patched } from "../schemas/wire.ts";
import {
  readContext,
  readScOptimisation,
  readScOptimisationPatch,
  type ScOptimisation,
  type SmacContext,
} from "../smac/context.ts";
import { INVALID_PARAMETERS, ocpiTime, type Reply, refuse, SERVER_ERROR, UNKNOWN_LOCATION } from "../status.ts";
import { isPartyOf } from "../visible.ts";
import {
  type Clients,
  type ForeignSession,
  ForeignSessionSchema,
  readForeignSession,
  readForeignSessionPatch,
} from "./clients.ts";

const unknown = refuse(INVALID_PARAMETERS, "There is no such object", 404);
const notYours = refuse(INVALID_PARAMETERS, "That is not one of your parties", 404);
const isOther = (one: string, other: string | undefined) => one.toLowerCase() !== other?.toLowerCase();

export function foreignSessionsModule(clients: Clients): Module {
  function keep(request: OcpiRequest, session: ForeignSession): Reply {
    const { country = "", party = "" } = request.params;
    if (!isPartyOf(request.partner, { countryCode: country, partyId: party })) return notYours;
    if (isOther(session.country_code, country) || isOther(session.party_id, party))
      return refuse(INVALID_PARAMETERS, `The body is about ${session.country_code}-${session.party_id}`);
    if (isOther(session.id, request.params.session))
      return refuse(INVALID_PARAMETERS, `The body is about ${session.id}, the address about another session`);
    const { sessions } = clients.of(request.partner.id);
    const isNew = !sessions.has(session.id.toLowerCase());
    clients.keep(request.partner.id, session);
    return { ok: true, http: isNew ? 201 : 200 };
  }
  const find = ({ partner, params }: OcpiRequest) =>
    clients.of(partner.id).sessions.get(params.session?.toLowerCase() ?? "");
  return {
    identifier: "sessions",
    role: "RECEIVER",
    path: "scsp/sessions",
    routes: [
      {
        method: "GET",
        path: "/:country/:party/:session",
        about: { summary: "A session as its CPO told it", data: "ForeignSession" },
        handle(request) {
          const session = find(request);
          return session ? { ok: true, data: session } : unknown;
        },
      },
      {
        method: "PUT",
        path: "/:country/:party/:session",
        about: { summary: "Tells of a session", body: "ForeignSession" },
        handle(request) {
          const parsed = readForeignSession(request.body);
          return parsed.ok ? keep(request, parsed.value) : refuse(INVALID_PARAMETERS, parsed.problem);
        },
      },
      {
        method: "PATCH",
        path: "/:country/:party/:session",
        about: { summary: "Changes a session in part", body: "ForeignSessionPatch" },
        handle(request) {
          const before = find(request);
          if (!before) return unknown;
          const parsed = readForeignSessionPatch(request.body);
          if (!parsed.ok) return refuse(INVALID_PARAMETERS, parsed.problem);
          const body = request.partner.has("explicit-nulls") ? parsed.value : request.body;
          const after = patched(ForeignSessionSchema, before, {
            body,
            patch: clients.withPeriods(before, parsed.value),
          });
          return after.ok ? keep(request, after.value) : refuse(INVALID_PARAMETERS, after.problem);
        },
      },
    ],
  };
}

export interface ContextTools {
  /** What was assumed of a context. */
  readonly note: (partnerId: string, assumed: readonly string[]) => void;
  /** A context on this site becomes input of its plan; a refusal says why not. Missing where it is another site's. */
  readonly own: (request: OcpiRequest, context: SmacContext) => Promise<Reply> | undefined;
  readonly ended: (request: OcpiRequest, context: SmacContext) => Promise<void>;
  /** Whether contexts of other sites are planned for. */
  readonly plansForOthers: boolean;
}

async function keepContext(
  { clients, tools }: { readonly clients: Clients; readonly tools: ContextTools },
  request: OcpiRequest,
  wire: ScOptimisation,
): Promise<Reply> {
  const { partner, params, nowMs } = request;
  const { smac } = partner.configuration;
  if (!smac) return unknown;
  if (isOther(wire.id, params.id))
    return refuse(INVALID_PARAMETERS, `The body is about ${wire.id}, the address about another`);
  if (wire.last_updated === undefined && !smac.stampMissing)
    return refuse(INVALID_PARAMETERS, "last_updated is missing");
  const read = readContext(wire, smac);
  if (!read.ok) return refuse(INVALID_PARAMETERS, read.problem);
  const isNew = !clients.of(partner.id).contexts.has(wire.id.toLowerCase());
  const taken = await tools.own(request, read.context);
  if (taken && !taken.ok) return taken;
  if (!taken && !tools.plansForOthers) return refuse(UNKNOWN_LOCATION, "No EVSE of it is at this site");
  const stamped = { ...wire, last_updated: wire.last_updated ?? ocpiTime(nowMs) };
  if (!clients.keepContext(partner.id, stamped, read.context))
    return refuse(SERVER_ERROR, "There is no room for more contexts");
  if (isNew) tools.note(partner.id, read.assumed);
  return { ok: true, http: isNew ? 201 : 200 };
}

export function smacReceiver(clients: Clients, tools: ContextTools): Pick<Module, "role" | "routes"> {
  const keep = (request: OcpiRequest, wire: ScOptimisation) => keepContext({ clients, tools }, request, wire);
  const find = ({ partner, params }: OcpiRequest) =>
    clients.of(partner.id).contexts.get(params.id?.toLowerCase() ?? "");
  return {
    role: "RECEIVER",
    routes: [
      {
        method: "GET",
        path: "/:country/:party/:id",
        about: { summary: "A context as its CPO told it", data: "SCOptimisation" },
        handle(request) {
          const known = find(request);
          return known ? { ok: true, data: known.wire } : unknown;
        },
      },
      {
        method: "PUT",
        path: "/:country/:party/:id",
        about: { summary: "Tells a context", body: "SCOptimisation" },
        handle(request) {
          const parsed = readScOptimisation(request.body);
          return parsed.ok ? keep(request, parsed.value) : refuse(INVALID_PARAMETERS, parsed.problem);
        },
      },
      {
        // A list replaces the list before it; what is not named stays.
        method: "PATCH",
        path: "/:country/:party/:id",
        about: { summary: "Changes a context in part", body: "SCOptimisationPatch" },
        handle(request) {
          const known = find(request);
          if (!known) return unknown;
          const parsed = readScOptimisationPatch(request.body);
          if (!parsed.ok) return refuse(INVALID_PARAMETERS, parsed.problem);
          const { last_updated: _, ...before } = known.wire;
          return keep(request, { ...before, ...parsed.value } as ScOptimisation);
        },
      },
      {
        method: "DELETE",
        path: "/:country/:party/:id",
        about: { summary: "Ends a context" },
        async handle(request) {
          const known = find(request);
          if (!known) return unknown;
          await tools.ended(request, known.context);
          clients.of(request.partner.id).contexts.delete(request.params.id!.toLowerCase());
          clients.changed(request.partner.id);
          return { ok: true };
        },
      },
    ],
  };
}

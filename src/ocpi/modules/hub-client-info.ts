/** HubClientInfo, as its receiver: a hub tells who is behind it and connected. Kept while the controller runs. */
import type { Static } from "../../core/schema.ts";
import type { Module, OcpiRequest } from "../module.ts";
import { ClientInfoSchema, readClientInfo } from "../schemas/requests.ts";
import { onlyKnown } from "../schemas/wire.ts";
import { INVALID_PARAMETERS, type Reply, refuse } from "../status.ts";

const MOST_KNOWN = 1_000;

export function hubClientInfoModule(): Module {
  const known = new Map<string, Static<typeof ClientInfoSchema>>();
  const nameOf = ({ partner, params }: OcpiRequest) => `${partner.id}/${params.country}/${params.party}`.toLowerCase();

  function put(request: OcpiRequest): Reply {
    const parsed = readClientInfo(request.body);
    if (!parsed.ok) return refuse(INVALID_PARAMETERS, parsed.problem);
    const { country_code, party_id } = parsed.value;
    const name = nameOf(request);
    if (`${request.partner.id}/${country_code}/${party_id}`.toLowerCase() !== name)
      return refuse(INVALID_PARAMETERS, "The body is not about the party in the address");
    const isNew = !known.has(name);
    if (isNew && known.size >= MOST_KNOWN) known.delete(known.keys().next().value!);
    known.set(name, onlyKnown(ClientInfoSchema, parsed.value));
    return { ok: true, http: isNew ? 201 : 200 };
  }

  return {
    identifier: "hubclientinfo",
    role: "RECEIVER",
    path: "hubclientinfo",
    routes: [
      {
        method: "GET",
        path: "/:country/:party",
        about: { summary: "A party behind a hub", data: "ClientInfo" },
        handle(request) {
          const info = known.get(nameOf(request));
          return info ? { ok: true, data: info } : refuse(INVALID_PARAMETERS, "There is no such party", 404);
        },
      },
      {
        method: "PUT",
        path: "/:country/:party",
        about: { summary: "Tells of a party behind a hub", body: "ClientInfo" },
        handle: put,
      },
    ],
  };
}

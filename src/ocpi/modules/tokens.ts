/** Tokens, as their receiver: partners tell us of their drivers. */
import type { TokenName, TokenStore } from "../drivers/token-store.ts";
import type { Module, OcpiRequest } from "../module.ts";
import { readToken, readTokenPatch, type Token, TokenSchema } from "../schemas/requests.ts";
import { patched } from "../schemas/wire.ts";
import { INVALID_PARAMETERS, type Reply, refuse, SERVER_ERROR, UNKNOWN_TOKEN } from "../status.ts";
import { hasDriversOf } from "../visible.ts";

function nameIn({ params, query }: OcpiRequest): TokenName {
  const { country = "", party = "", uid = "" } = params;
  return { countryCode: country, partyId: party, uid, type: query.type ?? "RFID" };
}

/** Why the body is not about what the address names. */
function mismatch(token: Token, name: TokenName): string | undefined {
  const pairs = [
    [token.country_code, name.countryCode],
    [token.party_id, name.partyId],
    [token.uid, name.uid],
  ] as const;
  const other = pairs.find(([inBody, inUrl]) => inBody.toLowerCase() !== inUrl.toLowerCase());
  return other && `The body is about ${other[0]}, the address about ${other[1]}`;
}

export function tokensModule(store: TokenStore): Module {
  const unknown = refuse(UNKNOWN_TOKEN, "There is no such token", 404);

  function keep(request: OcpiRequest, name: TokenName, token: Token): Reply {
    const wrong = mismatch(token, name);
    if (wrong !== undefined) return refuse(INVALID_PARAMETERS, wrong);
    const isNew = store.get(request.partner.id, { ...name, type: token.type }) === undefined;
    if (!store.put(request.partner.id, token)) return refuse(SERVER_ERROR, "There is no room for more tokens");
    return { ok: true, http: isNew ? 201 : 200 };
  }

  function get(request: OcpiRequest): Reply {
    const token = store.get(request.partner.id, nameIn(request));
    return token ? { ok: true, data: token } : unknown;
  }

  function put(request: OcpiRequest): Reply {
    const name = nameIn(request);
    if (!hasDriversOf(request.partner, name)) return refuse(INVALID_PARAMETERS, "That is not one of your parties", 404);
    const parsed = readToken(request.body);
    return parsed.ok ? keep(request, name, parsed.value) : refuse(INVALID_PARAMETERS, parsed.problem);
  }

  function patch(request: OcpiRequest): Reply {
    const name = nameIn(request);
    const before = store.get(request.partner.id, name);
    if (!before) return unknown;
    const parsed = readTokenPatch(request.body);
    if (!parsed.ok) return refuse(INVALID_PARAMETERS, parsed.problem);
    const body = request.partner.has("explicit-nulls") ? parsed.value : request.body;
    const after = patched<Token>(TokenSchema, before, { body, patch: parsed.value as Partial<Token> });
    return after.ok ? keep(request, name, after.value) : refuse(INVALID_PARAMETERS, after.problem);
  }

  return {
    identifier: "tokens",
    role: "RECEIVER",
    path: "cpo/tokens",
    routes: [
      {
        method: "GET",
        path: "/:country/:party/:uid",
        about: { summary: "A token as it is kept", query: "TypeQuery", data: "Token" },
        handle: get,
      },
      {
        method: "PUT",
        path: "/:country/:party/:uid",
        about: { summary: "Tells of a driver", query: "TypeQuery", body: "Token" },
        handle: put,
      },
      {
        method: "PATCH",
        path: "/:country/:party/:uid",
        about: { summary: "Changes a token in part", query: "TypeQuery", body: "TokenPatch" },
        handle: patch,
      },
    ],
  };
}

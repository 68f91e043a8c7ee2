/** What a module of OCPI is to the server: routes below one endpoint, the same for all versions. */
import type { OcpiVersion } from "../core/site/site-upstream.ts";
import type { Partner } from "./partner.ts";
import type { PartyName } from "./party.ts";
import type { SchemaName } from "./schemas/catalogue.ts";
import type { Reply } from "./status.ts";

/** A request of a partner that is who it says and may speak. */
export interface OcpiRequest {
  readonly partner: Partner;
  readonly version: OcpiVersion;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** As the partner called it, from the public base URL on. */
  readonly url: string;
  /** The party that asks, where the headers say so. */
  readonly from?: PartyName;
  readonly correlationId?: string;
  readonly nowMs: number;
}

/** What a route takes and gives, for the description of the server; names are those of the catalogue. */
export interface RouteAbout {
  readonly summary: string;
  readonly query?: SchemaName;
  readonly body?: SchemaName;
  readonly data?: SchemaName;
  /** A page of them instead of one. */
  readonly list?: true;
}

export interface ModuleRoute {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the endpoint, e.g. `/:sessionId`. */
  readonly path: string;
  readonly about: RouteAbout;
  readonly handle: (request: OcpiRequest) => Reply | Promise<Reply>;
}

export interface Module {
  /** As version details list it; of an agreed module each partner may have its own name. */
  readonly identifier: string | ((partner: Partner) => string);
  readonly role: "SENDER" | "RECEIVER";
  /** Below the version, e.g. `cpo/sessions`. */
  readonly path: string;
  readonly routes: readonly ModuleRoute[];
  /** Whether it was agreed with a partner: the others neither see nor reach it. Missing where it is of the text. */
  readonly agreed?: (partner: Partner) => boolean;
  /** Served, but not listed: another path of the same. */
  readonly unlisted?: boolean;
}

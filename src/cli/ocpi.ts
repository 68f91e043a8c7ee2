/** `wattledger ocpi`: asks the running controller at its API, since the registration is its own. */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { PartnerStatus } from "../core/upstream-admin.ts";

/** What `--help` prints. */
export const USAGE = `Usage: wattledger ocpi status
       wattledger ocpi parties                             who is behind each partner, what it offers and may ask
       wattledger ocpi token PARTNER                       a token with which PARTNER may register here
       wattledger ocpi register PARTNER --token-file FILE [--versions-url URL]
       wattledger ocpi update PARTNER                      new tokens in both directions
       wattledger ocpi send PARTNER                        what waits for it, and what it refused, now
       wattledger ocpi unregister PARTNER
       wattledger ocpi openapi [--version 2.2.1] [--out FILE]   our OCPI server, for those who write against it
  [--url http://127.0.0.1:8080] [--api-token-file FILE]`;

const OPTIONS = {
  url: { type: "string", default: "http://127.0.0.1:8080" },
  "api-token-file": { type: "string" },
  "token-file": { type: "string" },
  "versions-url": { type: "string" },
  version: { type: "string", default: "2.2.1" },
  out: { type: "string" },
} as const;

/** Throws with words where it cannot be read. */
function firstLine(file: string): string {
  try {
    return readFileSync(file, "utf8").split("\n")[0]!.trim();
  } catch (error) {
    throw new Error(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** A partner's token in a file; throws with words where there is none. */
function tokenIn(file: string): string {
  const token = firstLine(file);
  if (/^[\x21-\x7e]{1,64}$/.test(token)) return token;
  throw new Error(`The first line of ${file} is no token: 1 to 64 printable characters without blanks`);
}

const when = (ms: number | undefined) => (ms === undefined ? "never" : new Date(ms).toISOString());

function statusText(partners: readonly PartnerStatus[]): string {
  if (partners.length === 0) return "No partners in site.yaml";
  return partners
    .flatMap((partner) => [
      `${partner.id}: ${partner.registered ? `registered, OCPI ${partner.version}, since ${when(partner.sinceMs)}` : "not registered"}`,
      `  ${partner.text}`,
      `  ${partner.pending} waiting, last sent ${when(partner.lastSentMs)}, last heard ${when(partner.lastHeardMs)}`,
      ...(partner.lastProblem ? [`  last problem ${when(partner.lastProblemMs)}: ${partner.lastProblem}`] : []),
    ])
    .join("\n");
}

const listed = (names: readonly string[]) => (names.length === 0 ? "nothing" : names.join(", "));

function partiesText(partners: readonly PartnerStatus[]): string {
  if (partners.length === 0) return "No partners in site.yaml";
  return partners
    .flatMap(({ id, registered, parties, modules, may }) => [
      `${id}${registered ? "" : ": not registered"}`,
      ...parties.map(
        ({ role, countryCode, partyId, name }) => `  ${role.padEnd(5)} ${countryCode}-${partyId}  ${name}`,
      ),
      `  offers ${listed(modules)}`,
      `  may ask for ${listed(may)}`,
    ])
    .join("\n");
}

interface Controller {
  readonly url: string;
  readonly secret: string | undefined;
}

/** Throws with words for people where it is not done. */
async function ask({ url, secret }: Controller, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(new URL(path, url), {
    method,
    headers: {
      ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as { readonly title?: string; readonly detail?: string };
  if (response.ok) return answer;
  if (path.startsWith("/ocpi/"))
    throw new Error("The site has no upstream in site.yaml, or does not speak that version");
  if (response.status === 404 && path.startsWith("/api/v1/partners") && !answer.title?.includes("partner"))
    throw new Error("The site has no partners: site.yaml has no upstream");
  const { title = `The controller answered ${response.status}`, detail = "" } = answer;
  // Where else to look is for programs: who types this has `ocpi status`.
  throw new Error(detail === "" || detail.startsWith("See ") ? title : `${title}. ${detail}`);
}

async function openApi(controller: Controller, version: string, out: string | undefined): Promise<string> {
  const document = await ask(controller, "GET", `/ocpi/${encodeURIComponent(version)}/openapi.json`);
  const text = JSON.stringify(document, undefined, 2);
  if (out === undefined) return text;
  try {
    writeFileSync(out, `${text}\n`);
  } catch (error) {
    throw new Error(`${out} cannot be written (${(error as NodeJS.ErrnoException).code})`);
  }
  return `Written to ${out}`;
}

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

/** What a command does; missing where there is no such one, or it lacks something. */
function commandOf(positionals: readonly string[], values: Values): (() => Promise<string>) | undefined {
  const [what = "", partner] = positionals;
  const controller = (): Controller => {
    const file = values["api-token-file"];
    return { url: values.url, secret: file === undefined ? undefined : firstLine(file) };
  };
  const all = async () => (await ask(controller(), "GET", "/api/v1/partners")) as PartnerStatus[];
  const at = `/api/v1/partners/${encodeURIComponent(partner ?? "")}`;
  const change = async (method: string, path: string, body?: unknown) =>
    ((await ask(controller(), method, `${at}${path}`, body)) as { message: string }).message;
  const ofAll: Readonly<Record<string, () => Promise<string>>> = {
    status: async () => statusText(await all()),
    parties: async () => partiesText(await all()),
    openapi: () => openApi(controller(), values.version, values.out),
  };
  const ofOne: Readonly<Record<string, () => Promise<string>>> = {
    token: async () => ((await ask(controller(), "POST", `${at}/token`)) as { token: string }).token,
    register: async () => {
      const versionsUrl = values["versions-url"];
      const token = tokenIn(values["token-file"] ?? "");
      return change("POST", "/register", { token, ...(versionsUrl === undefined ? {} : { versionsUrl }) });
    },
    update: () => change("POST", "/update"),
    send: () => change("POST", "/send"),
    unregister: () => change("DELETE", "/registration"),
  };
  if (what === "register" && values["token-file"] === undefined) return undefined;
  return ofAll[what] ?? (partner === undefined ? undefined : ofOne[what]);
}

/** Exit code 0, 1 when it could not be done, 2 usage. */
export async function ocpi(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS });
  const run = commandOf(positionals, values);
  if (!run) {
    console.error(USAGE);
    return 2;
  }
  try {
    console.log(await run());
    return 0;
  } catch (error) {
    const unreached = `The controller does not answer at ${values.url}; --url says where it does (api.port in site.yaml)`;
    console.error(`Nothing was done: ${error instanceof TypeError ? unreached : String((error as Error).message)}`);
    return 1;
  }
}

/** `wattledger ocpi`: asks the running controller at its API, since the registration is its own. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { PartnerStatus } from "../core/upstream-admin.ts";

const USAGE = `Usage: wattledger ocpi status
       wattledger ocpi token PARTNER                       a token with which PARTNER may register here
       wattledger ocpi register PARTNER --token-file FILE [--versions-url URL]
       wattledger ocpi update PARTNER                      new tokens in both directions
       wattledger ocpi send PARTNER                        what waits for it, now
       wattledger ocpi unregister PARTNER
  [--url http://127.0.0.1:8080] [--api-token-file FILE]`;

const OPTIONS = {
  url: { type: "string", default: "http://127.0.0.1:8080" },
  "api-token-file": { type: "string" },
  "token-file": { type: "string" },
  "versions-url": { type: "string" },
} as const;

const firstLine = (file: string) => readFileSync(file, "utf8").split("\n")[0]!.trim();
const when = (ms: number | undefined) => (ms === undefined ? "never" : new Date(ms).toISOString());

function statusText(partners: readonly PartnerStatus[]): string {
  if (partners.length === 0) return "No partners in site.yaml";
  return partners
    .flatMap((partner) => [
      `${partner.id}: ${partner.registered ? `registered, OCPI ${partner.version}, since ${when(partner.sinceMs)}` : "not registered"}`,
      ...partner.parties.map((party) => `  ${party}`),
      `  ${partner.pending} waiting, last sent ${when(partner.lastSentMs)}, last heard ${when(partner.lastHeardMs)}`,
      ...(partner.lastProblem ? [`  last problem ${when(partner.lastProblemMs)}: ${partner.lastProblem}`] : []),
    ])
    .join("\n");
}

/** Exit code 0, 1 when it could not be done, 2 usage. */
export async function ocpi(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS });
  const [what = "", partner] = positionals;
  const secret = values["api-token-file"] === undefined ? undefined : firstLine(values["api-token-file"]);

  async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(new URL(`/api/v1/partners${path}`, values.url), {
      method,
      headers: {
        ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as { readonly title?: string; readonly detail?: string };
    if (response.ok) return answer;
    throw new Error(
      response.status === 404 && partner === undefined
        ? "The site has no upstream in site.yaml"
        : `${answer.title}. ${answer.detail ?? ""}`,
    );
  }
  const at = `/${encodeURIComponent(partner ?? "")}`;
  const commands: Readonly<Record<string, () => Promise<string>>> = {
    status: async () => statusText((await ask("GET", "")) as PartnerStatus[]),
    token: async () => ((await ask("POST", `${at}/token`)) as { token: string }).token,
    register: async () => {
      const token = firstLine(values["token-file"] ?? "");
      const url = values["versions-url"];
      return message(
        await ask("POST", `${at}/register`, { token, ...(url === undefined ? {} : { versionsUrl: url }) }),
      );
    },
    update: async () => message(await ask("POST", `${at}/update`)),
    send: async () => message(await ask("POST", `${at}/send`)),
    unregister: async () => message(await ask("DELETE", `${at}/registration`)),
  };
  const message = (answer: unknown) => (answer as { message: string }).message;
  const run = commands[what];
  const lacks =
    (what !== "status" && partner === undefined) || (what === "register" && values["token-file"] === undefined);
  if (!run || lacks) {
    console.error(USAGE);
    return 2;
  }
  try {
    console.log(await run());
    return 0;
  } catch (error) {
    const reached =
      error instanceof TypeError ? `The controller does not answer at ${values.url}` : String((error as Error).message);
    console.error(`Nothing was done: ${reached}`);
    return 1;
  }
}

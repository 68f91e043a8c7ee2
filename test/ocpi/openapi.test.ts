/** The description of our server, held against what it really answers and sends in a story. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, describe, expect, test } from "vitest";
import type { Received, Response } from "./partner.ts";
import { OcpiRig } from "./rig.ts";

const rigs: OcpiRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

// biome-ignore lint/suspicious/noExplicitAny: a JSON document
type Document = any;
interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly response: Response;
}

const UPSTREAM = {
  location: { address: "Kade 1", city: "Utrecht", country: "NLD", latitude: "52.09070", longitude: "5.12140" },
  tariffs: [{ id: "t", elements: [{ components: [{ type: "ENERGY", price: 0.4, vatPercent: 21 }] }] }],
};
const CONTRACT = { sees: "all", contracts: [{ may: ["charging-profiles", "preferences", "commands"], tokens: "all" }] };
const TOKEN = {
  country_code: "NL",
  party_id: "EMS",
  uid: "CARD-1",
  type: "RFID",
  contract_id: "C1",
  issuer: "Test",
  valid: true,
  whitelist: "ALLOWED",
  last_updated: "2026-06-01T00:00:00Z",
};

/** Checks by a schema of the document; a string says what does not fit. */
function checker(document: Document) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addSchema({ $id: "doc", ...document });
  return (pointer: readonly string[], value: unknown): string | undefined => {
    const reference = pointer.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1")).join("/");
    const check = ajv.getSchema(`doc#/${reference}`);
    if (!check) return `the document has no ${reference}`;
    return check(value) ? undefined : `${reference}: ${JSON.stringify(check.errors)} in ${JSON.stringify(value)}`;
  };
}

const JSON_200 = ["responses", "200", "content", "application/json", "schema"];
const JSON_BODY = ["requestBody", "content", "application/json", "schema"];

/** The path of the document that an address is about. */
function templateOf(document: Document, path: string): string | undefined {
  const parts = path.split("/");
  const fits = (template: string) => {
    const names = template.split("/");
    return names.length === parts.length && names.every((name, index) => name.startsWith("{") || name === parts[index]);
  };
  const all = Object.keys(document.paths).filter(fits);
  return all.sort((a, b) => a.split("{").length - b.split("{").length)[0];
}

function misfits(document: Document, exchanges: readonly Exchange[]): string[] {
  const check = checker(document);
  return exchanges.flatMap(({ method, path, body, response }) => {
    const template = templateOf(document, path);
    if (template === undefined) return [`${path} is not in the document`];
    const at = ["paths", template, method.toLowerCase()];
    const operation = document.paths[template][method.toLowerCase()];
    const request = operation.requestBody ? check([...at, ...JSON_BODY], body) : undefined;
    return [request, check([...at, ...JSON_200], response.body)].flatMap((problem) => problem ?? []);
  });
}

async function story(rig: OcpiRig): Promise<Exchange[]> {
  const exchanges: Exchange[] = [];
  const { partner } = rig;
  const ask = async (method: string, url: string, body?: unknown) => {
    const response = await partner.call(method, url, body === undefined ? {} : { body });
    const path = new URL(url).pathname.replace(/^\/ocpi/, "");
    exchanges.push({ method, path, body, response });
    return response;
  };
  await ask("GET", rig.versionsUrl);
  await ask("GET", `${rig.versionsUrl.replace(/versions$/, partner.version)}`);
  await ask("GET", partner.endpoint("credentials"));
  const tokens = `${partner.endpoint("tokens")}/NL/EMS/CARD-1`;
  await ask("PUT", tokens, TOKEN);
  await ask("PATCH", tokens, { valid: true, last_updated: "2026-06-02T00:00:00Z" });
  await ask("GET", tokens);
  await rig.site.connectAll();
  await rig.site.plugIn("one", { token: "CARD-1", override: false });
  await rig.run(1_000);
  const response_url = `${partner.url}/results/x`;
  const charging_profile = { charging_rate_unit: "A", charging_profile_period: [{ start_period: 0, limit: 9 }] };
  const profile = `${partner.endpoint("chargingprofiles")}/${rig.sessionId(1)}`;
  await ask("PUT", profile, { charging_profile, response_url });
  await ask("GET", `${profile}?duration=900&response_url=${encodeURIComponent(response_url)}`);
  await rig.run(30);
  await ask("DELETE", `${profile}?response_url=${encodeURIComponent(response_url)}`);
  const at = { location_id: "rig", evse_uid: "two", connector_id: "1" };
  const reservation = { reservation_id: "R1", expiry_date: "2026-06-11T00:00:00Z" };
  await ask("POST", `${partner.endpoint("commands")}/RESERVE_NOW`, {
    ...at,
    ...reservation,
    token: TOKEN,
    response_url: `${response_url}/reserve`,
  });
  await ask("POST", `${partner.endpoint("commands")}/FLY`, {});
  const sessions = partner.endpoint("sessions", "SENDER");
  await ask("PUT", `${sessions}/${rig.sessionId(1)}/charging_preferences`, { profile_type: "REGULAR" });
  await rig.run(30);
  await rig.site.unplug("one");
  await rig.run(150);
  await ask("GET", `${sessions}?date_from=2020-01-01T00:00:00Z`);
  await ask("GET", partner.endpoint("cdrs"));
  await ask("GET", partner.endpoint("tariffs"));
  for (const depth of ["", "/rig", "/rig/one", "/rig/one/1"])
    await ask("GET", `${partner.endpoint("locations", "SENDER")}${depth}`);
  return exchanges;
}

/** What the site sent, by the name that the document has for it. */
function nameOfSent({ method, path }: Received): string | undefined {
  if (path.startsWith("/results/")) return path.endsWith("/x") ? "POST profile result" : "POST command result";
  if (method === "PATCH") return undefined;
  const names = { locations: "PUT location", tariffs: "PUT tariff", sessions: "PUT session", cdrs: "POST cdr" };
  if (method === "PUT" && path.includes("/sender/chargingprofiles/")) return "PUT active charging profile";
  const known = Object.entries(names).find(([module]) => path.includes(`/receiver/${module}`));
  // An EVSE is sent by its own only where a PATCH was refused.
  return known?.[1].startsWith(`${method} `) && path.split("/").length <= 7 ? known[1] : undefined;
}

describe.each(["2.2.1", "2.3.0"] as const)("the description of OCPI %s", (version) => {
  test("is what the server answers, and what it sends", async () => {
    const rig = await OcpiRig.registered({ partner: { version }, configuration: CONTRACT, upstream: UPSTREAM });
    rigs.push(rig);
    await rig.partner.discover(rig.versionsUrl);
    const url = rig.versionsUrl.replace(/versions$/, `${version}/openapi.json`);
    const document = (await (await fetch(url)).json()) as Document;
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths).filter((path) => path.includes("smart"))).toEqual([]);
    const exchanges = await story(rig);
    expect(exchanges.every(({ response }) => response.body.status_code === 1000)).toBe(true);
    expect(misfits(document, exchanges)).toEqual([]);
    const check = checker(document);
    const sent = rig.partner.received.flatMap((received) => {
      const name = nameOfSent(received);
      return name === undefined ? [] : [{ name, body: received.body }];
    });
    expect(new Set(sent.map(({ name }) => name)).size).toBe(Object.keys(document.webhooks).length);
    const wrong = sent.flatMap(
      ({ name, body }) => check(["webhooks", name, name.split(" ")[0]!.toLowerCase(), ...JSON_BODY], body) ?? [],
    );
    expect(wrong).toEqual([]);
    // The check notices what does not fit.
    const [session] = sent.filter(({ name }) => name === "PUT session");
    expect(check(["components", "schemas", "Session"], { ...(session!.body as object), kwh: "1" })).toContain("/kwh");
  });
});

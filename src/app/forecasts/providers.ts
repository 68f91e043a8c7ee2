/** Loads the templates of forecast providers beside this file, and completes a source of site.yaml by its template. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { placeOf } from "../../core/place.ts";
import { type Static, Type } from "../../core/schema.ts";
import type { SiteConfiguration } from "../../core/site/site.ts";
import { type ForecastSource, type SeriesMap, SeriesMapSchema } from "../../core/site/site-forecasts.ts";

const DIRECTORY = new URL("./providers/", import.meta.url);
const closed = { additionalProperties: false } as const;

const ProviderSchema = Type.Object(
  {
    id: Type.String({ pattern: "^[a-z0-9-]{1,40}$" }),
    name: Type.String(),
    kinds: Type.Array(Type.Union([Type.Literal("pv"), Type.Literal("building"), Type.Literal("co2")]), { minItems: 1 }),
    tried: Type.Boolean({ description: "Whether anybody has asked the real service with it" }),
    url: Type.String({ pattern: "^https://" }),
    key: Type.Optional(Type.Literal("bearer", { description: "The key goes into the Authorization header" })),
    parameters: Type.Record(
      Type.String(),
      Type.Object({ about: Type.String(), default: Type.Optional(Type.Number()) }, closed),
      { default: {} },
    ),
    everyMinutes: Type.Integer({ minimum: 10, maximum: 1440 }),
    series: SeriesMapSchema,
    notes: Type.Array(Type.String(), { default: [] }),
  },
  closed,
);
export type Provider = Static<typeof ProviderSchema>;

/** Parses one template. Throws with its name and every problem: a broken one is a defect of the release. */
function parseProvider(fileName: string, text: string): Provider {
  const provider: unknown = parse(text);
  const ajv = new Ajv({ useDefaults: true, allErrors: true, strict: false });
  const validate = ajv.compile(ProviderSchema);
  if (validate(provider)) return provider as Provider;
  throw new Error(`${fileName}: ${ajv.errorsText(validate.errors, { dataVar: "provider" })}`);
}

let loaded: ReadonlyMap<string, Provider> | undefined;

/** All templates by id. */
export function forecastProviders(): ReadonlyMap<string, Provider> {
  loaded ??= new Map(
    readdirSync(DIRECTORY)
      .filter((name) => name.endsWith(".yaml"))
      .sort()
      .map((name) => {
        const provider = parseProvider(name, readFileSync(fileURLToPath(new URL(name, DIRECTORY)), "utf8"));
        return [provider.id, provider];
      }),
  );
  return loaded;
}

/** A source with all that is needed to ask it. */
export interface CompleteSource {
  readonly kind: ForecastSource["for"];
  /** For facts and the log; never the address. */
  readonly name: string;
  readonly url: string;
  readonly series: SeriesMap;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly keyFile?: string;
  readonly everyMinutes: number;
}

const OWN_EVERY_MINUTES = 60;

function parametersOf(source: ForecastSource, provider: Provider | undefined, site: SiteConfiguration) {
  const defaults = Object.entries(provider?.parameters ?? {}).flatMap(([name, { default: value }]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const peaksW = site.devices.flatMap(({ pv }) => (pv ? [pv.peakW] : []));
  const peakW = peaksW.reduce((sum, value) => sum + value, 0);
  const known = { ...placeOf(site), ...(peakW > 0 ? { peakW, peakKw: peakW / 1000 } : {}) };
  return { ...known, ...Object.fromEntries(defaults), ...source.parameters };
}

/** Fills in an address. What is missing is named. */
function filled(url: string, parameters: Readonly<Record<string, number | string>>) {
  const missing: string[] = [];
  const text = url.replaceAll(/\{([A-Za-z]{1,30})\}/g, (_, name: string) => {
    const value = parameters[name];
    if (value === undefined) missing.push(name);
    return encodeURIComponent(String(value ?? ""));
  });
  return { text, missing };
}

/** A source of site.yaml, completed; or what it lacks, for a person. */
export function completeSource(source: ForecastSource, site: SiteConfiguration): CompleteSource | { problem: string } {
  const provider = source.provider === undefined ? undefined : forecastProviders().get(source.provider);
  if (source.provider !== undefined && !provider)
    return {
      problem: `there is no provider "${source.provider}"; known: ${[...forecastProviders().keys()].join(", ")}`,
    };
  if (provider && !provider.kinds.includes(source.for)) return { problem: `${provider.name} does not foretell that` };
  const url = source.url ?? provider?.url;
  const series = source.series ?? provider?.series;
  if (url === undefined || series === undefined) return { problem: "it needs a provider, or url and series" };
  if ((source.for === "co2") !== (series.unit === "g/kWh"))
    return { problem: source.for === "co2" ? "its unit has to be g/kWh" : "g/kWh is no power" };
  const parameters = parametersOf(source, provider, site);
  const { text, missing } = filled(url, parameters);
  const lacks = [...missing, ...(series.unit === "W/m2" ? ["peakW", "performance"] : [])].filter(
    (name) => parameters[name as keyof typeof parameters] === undefined,
  );
  if (lacks.length > 0) return { problem: `it lacks the parameters ${[...new Set(lacks)].join(", ")}` };
  if (provider?.key && source.keyFile === undefined) return { problem: `${provider.name} needs keyFile` };
  return {
    kind: source.for,
    name: provider?.id ?? "own",
    url: text,
    series,
    parameters,
    ...(source.keyFile === undefined ? {} : { keyFile: source.keyFile }),
    everyMinutes: Math.max(
      source.everyMinutes ?? 0,
      provider?.everyMinutes ?? source.everyMinutes ?? OWN_EVERY_MINUTES,
    ),
  };
}

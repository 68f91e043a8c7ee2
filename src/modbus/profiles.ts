/** Loads the device profiles beside this file, each once, and refuses a broken one: that is a defect of the release. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { registersOf } from "./codec.ts";
import { type Profile, ProfileSchema, type RegisterMap, type Term } from "./profile.ts";

const DIRECTORY = new URL("./profiles/", import.meta.url);

let lastAjv: WeakRef<Ajv> | undefined;

/** Some megabytes for what runs once: it may be forgotten. */
function profileAjv(): Ajv {
  const known = lastAjv?.deref();
  if (known) return known;
  const ajv = new Ajv({ useDefaults: true, allErrors: true, strict: false });
  lastAjv = new WeakRef(ajv);
  return ajv;
}

/**
 * Parses one profile. Throws with the file's name and every problem: unknown field, value outside of a block, a fuse
 * protected without currents, a control that writes what it does not name.
 */
export function parseProfile(fileName: string, text: string): Profile {
  const profile: unknown = parse(text);
  const ajv = profileAjv();
  const validate = ajv.compile(ProfileSchema);
  if (!validate(profile)) throw new Error(`${fileName}: ${ajv.errorsText(validate.errors, { dataVar: "profile" })}`);
  const problems = problemsOf(profile as Profile);
  if (problems.length > 0) throw new Error(`${fileName}: ${problems.join("; ")}`);
  return profile as Profile;
}

/** Every term of a register map, for checks and for the list of what is read. */
function termsOf(map: RegisterMap): readonly Term[] {
  const groups = [map.meter, map.pv, map.battery].flatMap((group) => (group ? Object.values(group) : []));
  return groups.flat(2);
}

function inBlock(map: RegisterMap, address: number, count: number): boolean {
  return map.blocks.some((block) => address >= block.address && address + count <= block.address + block.count);
}

function problemsOf(profile: Profile): string[] {
  const map = profile.registers;
  if (!map && !profile.sunspec) return ["neither registers nor sunspec"];
  const outside = (map ? termsOf(map) : []).flatMap((term) => [
    ...(inBlock(map!, term.address, registersOf(term.type)) ? [] : [`${term.address} is in no block`]),
    ...(!term.sign || inBlock(map!, term.sign.address, 1) ? [] : [`${term.sign.address} is in no block`]),
  ]);
  const currents = map?.meter?.currentA?.length ?? (profile.sunspec?.meter ? profile.phases : 0);
  const fuse = profile.protectsFuse === (currents === profile.phases) ? [] : ["protectsFuse does not fit currentA"];
  const control = profile.control && !profile.roles.includes("battery") && !profile.roles.includes("hybrid");
  const limits = profile.pvControl && !(profile.sunspec?.pv && profile.roles.some((role) => role !== "meter"));
  const misfits = [...(control ? ["control without a battery"] : []), ...(limits ? ["pvControl without pv"] : [])];
  return [...outside, ...fuse, ...misfits];
}

function load(id: string): Profile {
  const name = `${id}.yaml`;
  const profile = parseProfile(name, readFileSync(fileURLToPath(new URL(name, DIRECTORY)), "utf8"));
  if (profile.id !== id) throw new Error(`${name}: the id is ${profile.id}`);
  return profile;
}

let ids: ReadonlySet<string> | undefined;
const loaded = new Map<string, Profile>();

function knownIds(): ReadonlySet<string> {
  ids ??= new Set(readdirSync(DIRECTORY).flatMap((name) => /^(.+)\.yaml$/.exec(name)?.[1] ?? []));
  return ids;
}

/** The profile with this id, read when it is asked for; undefined where there is none. Throws when it is broken. */
export function deviceProfile(id: string): Profile | undefined {
  if (!knownIds().has(id)) return undefined;
  const profile = loaded.get(id) ?? load(id);
  loaded.set(id, profile);
  return profile;
}

/** All profiles by id, in the order of their ids. Throws when one of them is broken. */
export function deviceProfiles(): ReadonlyMap<string, Profile> {
  return new Map([...knownIds()].sort().map((id) => [id, deviceProfile(id)!]));
}

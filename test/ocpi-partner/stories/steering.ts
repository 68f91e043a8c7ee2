/** How a partner steers a session: sets, reads and clears profiles, and what it checks of every answer. */
import { expect } from "vitest";
import type { Platform } from "../platform.ts";
import { type Json, must } from "../spec/check.ts";
import { chargingProfileResponse } from "../spec/control.ts";
import type { Version } from "../spec/types.ts";

export interface Active {
  readonly start_date_time: string;
  readonly charging_profile: {
    readonly charging_rate_unit: "A" | "W";
    readonly charging_profile_period: readonly { readonly start_period: number; readonly limit: number }[];
    readonly duration?: number;
  };
}

const WATTS_OF_AN_AMPERE = 690;

/** The limits that an ActiveChargingProfile has, the one of now first, A. */
export function limitsA(profile: unknown): number[] {
  const { charging_rate_unit, charging_profile_period } = (profile as Active).charging_profile;
  return charging_profile_period.map(({ limit }) => (charging_rate_unit === "A" ? limit : limit / WATTS_OF_AN_AMPERE));
}

export const profileOf = (limit: number, unit = "A", more: Json = {}): Json => ({
  charging_rate_unit: unit,
  charging_profile_period: [{ start_period: 0, limit }],
  ...more,
});

/** Asks, and has the answer checked against the text. */
export async function askProfile(
  platform: Platform,
  version: Version,
  method: "PUT" | "GET" | "DELETE",
  session: string,
  profile?: Json,
) {
  const kind = { PUT: "set", GET: "active", DELETE: "clear" }[method];
  const callback = platform.callback("chargingprofiles", version, kind);
  const query = `response_url=${encodeURIComponent(callback.url)}`;
  const path = { PUT: `/${session}`, GET: `/${session}?duration=900&${query}`, DELETE: `/${session}?${query}` }[method];
  const body = { charging_profile: profile, response_url: callback.url };
  const answer = await platform.ask(method, "chargingprofiles", path, method === "PUT" ? { body } : {});
  if (answer.code === 1000) {
    platform.faults.push(...chargingProfileResponse(answer.data, method));
    const { result, timeout } = answer.data as Json;
    platform.faults.push(...must(result !== "ACCEPTED" || Number(timeout) > 0, method, "no timeout"));
  }
  return { answer, said: (answer.data as Json | undefined)?.result, callback };
}

/** A profile is set; the result follows, and nothing after it. */
export async function resultOf(platform: Platform, version: Version, session: string, profile: Json) {
  const { said, callback } = await askProfile(platform, version, "PUT", session, profile);
  expect(said).toBe("ACCEPTED");
  return (await callback.result()).result;
}

/** What holds, asked for. */
export async function activeOf(platform: Platform, version: Version, session: string): Promise<Active> {
  const { said, callback } = await askProfile(platform, version, "GET", session);
  expect(said).toBe("ACCEPTED");
  const { result, profile } = await callback.result();
  expect(result).toBe("ACCEPTED");
  return profile as Active;
}

/** The next ActiveChargingProfile for a session that fits. */
export function updateOf(
  platform: Platform,
  session: string,
  fits: (limits: number[]) => boolean,
  since: number,
  what = "what holds now",
) {
  return platform.next(
    ({ module, method, path, body }) =>
      module === "chargingprofiles" && method === "PUT" && path[0] === session && fits(limitsA(body)),
    since,
    what,
  );
}

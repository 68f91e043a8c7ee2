/** What charge points are told of a driver. */
import { createHash } from "node:crypto";
import type { Token } from "../schemas/requests.ts";

/** OCPP 1.6 knows no longer ones; a uid of OCPI may have 36 characters, as those of apps mostly do. */
const LONGEST_ID_TAG = 20;

/** The uid, or where it is too long a stand-in that is always the same for it; sessions and records show the uid. */
export function idTagOf({ country_code, party_id, type, uid }: Token): string {
  if (uid.length <= LONGEST_ID_TAG) return uid;
  const whole = [country_code, party_id, type, uid].join("/").toLowerCase();
  return `OCPI${createHash("sha256").update(whole).digest("hex")}`.slice(0, LONGEST_ID_TAG);
}

/** `wattledger devices`: the devices that are known as data. */
import { deviceProfiles } from "../modbus/profiles.ts";

/** What `--help` prints. */
export const USAGE =
  "Usage: wattledger devices   the profiles of meters, inverters and batteries, with what to switch on in each";

/** Exit code 0. */
export async function devices(): Promise<number> {
  console.log("profile                    roles                 guards  tried  name");
  for (const profile of deviceProfiles().values()) {
    const guards = profile.protectsFuse ? "yes" : "no";
    const tried = profile.tried ? "yes" : "no";
    console.log(
      `${profile.id.padEnd(26)} ${profile.roles.join(",").padEnd(21)} ${guards.padEnd(7)} ${tried.padEnd(6)} ${profile.name}`,
    );
    if (profile.pvControl) console.log("    limits its sun: pv.control may be true");
    for (const note of profile.notes) console.log(`    ${note}`);
  }
  console.log(
    '\n"guards": measures current by phase and may guard a fuse. "tried": somebody ran it on the real device.',
  );
  return 0;
}

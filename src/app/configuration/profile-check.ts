import { mountings } from "../../core/site/mountings.ts";
import type { SiteConfiguration } from "../../core/site/site.ts";
import type { Profile } from "../../modbus/profile.ts";
import type { ConfigurationProblem, Place } from "./configuration.ts";

/**
 * Problems of devices with their profiles: unknown ones, a fuse behind a meter without currents, an impossible role.
 * `place` tells where they stand in `file`.
 */
export function profileProblems(
  configuration: SiteConfiguration,
  profiles: { get(id: string): Profile | undefined },
  file: string,
  place: (path: readonly (string | number)[]) => Place = () => ({ line: 1, column: 1 }),
): ConfigurationProblem[] {
  const guarding = new Set([
    configuration.gridConnection.meter,
    ...configuration.circuits.map((circuit) => circuit.meter),
  ]);
  const mountingOf = mountings(configuration);
  return configuration.devices.flatMap((device, index): ConfigurationProblem[] => {
    const path = ["devices", index, "profile"];
    const at = { severity: "error", file, path: path.join("."), ...place(path) } as const;
    const profile = profiles.get(device.profile);
    if (!profile)
      return [{ ...at, message: `There is no profile "${device.profile}"`, advice: "`wattledger devices` lists them" }];
    if (!profile.roles.includes(device.role))
      return [
        {
          ...at,
          message: `${profile.name} cannot be a ${device.role}`,
          advice: `It can be: ${profile.roles.join(", ")}`,
        },
      ];
    if (guarding.has(device.id) && !profile.protectsFuse)
      return [
        {
          ...at,
          message: `${profile.name} does not measure current by phase: it cannot guard a fuse`,
          advice: 'Use a meter that `wattledger devices` marks with "guards"',
        },
      ];
    if (guarding.has(device.id) && profile.phases < mountingOf(device.id).fusePhases)
      return [
        {
          ...at,
          message: `${profile.name} measures one phase, and is to guard a fuse of three: nobody would look at the other two`,
          advice: "Use a three-phase meter; on a circuit of one phase, write L1 as the phases of all its EVSEs",
        },
      ];
    if (device.pv?.control && !profile.pvControl)
      return [
        {
          ...at,
          message: `${profile.name} cannot be held back: pv.control has no effect`,
          advice: 'Take a profile that `wattledger devices` marks with "limits its sun", or remove pv.control',
        },
      ];
    return [];
  });
}

/** Standing departures that contradict each other. */

import type { SiteConfiguration } from "../site/site.ts";
import type { StandingDeparture } from "../site/site-departures.ts";
import type { Problem } from "./problem.ts";

/** Two at the same time of the same day: the second would never count. */
function twice(departures: readonly StandingDeparture[], path: Problem["path"]): Problem[] {
  const seen = new Set<string>();
  return departures.flatMap(({ days, at }, index): Problem[] => {
    const again = days.filter((day) => seen.has(`${day} ${at}`));
    for (const day of days) seen.add(`${day} ${at}`);
    if (again.length === 0) return [];
    return [
      {
        severity: "warning",
        path: [...path, index],
        message: `A departure on ${again.join(", ")} at ${at} stands here a second time: the first one counts`,
        advice: "Remove these days from one of the two",
      },
    ];
  });
}

/** Problems of the times at which cars usually leave. */
export function departureProblems({ chargePoints, charging }: SiteConfiguration): Problem[] {
  return [
    ...chargePoints.flatMap(({ evses }, c) =>
      evses.flatMap(({ departures = [] }, e) => twice(departures, ["chargePoints", c, "evses", e, "departures"])),
    ),
    ...charging.tokens.flatMap(({ departures = [] }, t) => twice(departures, ["charging", "tokens", t, "departures"])),
  ];
}

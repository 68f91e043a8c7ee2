import type { Problem } from "../../core/check/check.ts";
import type { SiteConfiguration } from "../../core/site/site.ts";
import { completeSource } from "./providers.ts";

/** Forecast sources that cannot be asked as they are written. */
export function forecastProblems(configuration: SiteConfiguration): Problem[] {
  return (configuration.forecasts ?? []).flatMap((source, index): Problem[] => {
    const complete = completeSource(source, configuration);
    if (!("problem" in complete)) return [];
    const message = `This forecast cannot be asked for: ${complete.problem}`;
    return [{ severity: "error", path: ["forecasts", index], message, advice: "See docs/installer.md, Forecasts" }];
  });
}

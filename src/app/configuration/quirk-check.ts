import type { Problem } from "../../core/check/check.ts";
import type { SiteConfiguration } from "../../core/site/site.ts";
import { QUIRKS } from "../../ocpp/quirks.ts";
import { didYouMean } from "./did-you-mean.ts";

/** Quirks that nobody knows: written with a typing error, one would be missing where it was needed. */
export function quirkProblems({ chargePoints }: SiteConfiguration): Problem[] {
  return chargePoints.flatMap(({ quirks }, index) =>
    quirks.flatMap((name, at): Problem[] => {
      if (Object.hasOwn(QUIRKS, name)) return [];
      const path = ["chargePoints", index, "quirks", at];
      const message = `There is no quirk "${name.slice(0, 80)}"`;
      return [{ severity: "error", path, message, advice: didYouMean(name, Object.keys(QUIRKS)) }];
    }),
  );
}

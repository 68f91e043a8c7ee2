/** Who may reach the site: passwords, tokens, ports. */

import type { SiteConfiguration } from "../site/site.ts";
import type { Problem } from "./problem.ts";

/** `scrypt$N$r$p$salt$hash` as `wattledger hash-password` prints it: 16 bytes of salt, 32 of hash, base64url. */
const HASH = /^scrypt\$\d{1,8}\$\d{1,3}\$\d{1,3}\$[\w-]{22}\$[\w-]{43}$/;

function hashProblem(hash: string | undefined, path: Problem["path"], whose: string): Problem[] {
  if (hash === undefined || HASH.test(hash)) return [];
  return [
    {
      severity: "error",
      path,
      message: `The hash of ${whose} is not whole: nothing would ever match it`,
      advice: "Copy the whole line that `wattledger hash-password` prints",
    },
  ];
}

function chargePointProblems({ chargePoints }: SiteConfiguration): Problem[] {
  return chargePoints.flatMap((chargePoint, index): Problem[] => {
    if (chargePoint.passwordHash !== undefined)
      return hashProblem(
        chargePoint.passwordHash,
        ["chargePoints", index, "passwordHash"],
        `charge point "${chargePoint.id}"`,
      );
    return [
      {
        severity: "warning",
        path: ["chargePoints", index],
        message: `Charge point "${chargePoint.id}" has no password: whoever is on the network can pose as it`,
        advice: "Set one in the charge point, and its hash here as passwordHash (`wattledger hash-password`)",
      },
    ];
  });
}

function apiProblems({ api }: SiteConfiguration): Problem[] {
  const loopback = api.host === "127.0.0.1" || api.host === "localhost" || api.host === "::1";
  if (api.tokenHash !== undefined) return hashProblem(api.tokenHash, ["api", "tokenHash"], "the API's token");
  if (loopback) return [];
  return [
    {
      severity: "warning",
      path: ["api"],
      message: "The page can be seen from the network, but nobody there can change anything without a token",
      advice: "Set tokenHash (`wattledger hash-password`) to let owners press Charge now",
    },
  ];
}

function portProblems({ api, ocpp }: SiteConfiguration): Problem[] {
  if (api.port === 0 || api.port !== ocpp.port) return [];
  return [
    {
      severity: "error",
      path: ["api", "port"],
      message: `The page and the charge points cannot both have port ${api.port}`,
      advice: "Give the page another one, such as 8080",
    },
  ];
}

function tokenProblems({ charging }: SiteConfiguration): Problem[] {
  const seen = new Set<string>();
  return charging.tokens.flatMap(({ token }, index): Problem[] => {
    const name = token.toLowerCase();
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const path = ["charging", "tokens", index, "token"];
    const message = "This token stands in the list a second time (upper and lower case are the same)";
    return [{ severity: "warning", path, message, advice: "Remove one of the two" }];
  });
}

/** Problems of passwords, tokens and ports. */
export function accessProblems(configuration: SiteConfiguration): Problem[] {
  return [
    ...chargePointProblems(configuration),
    ...apiProblems(configuration),
    ...portProblems(configuration),
    ...tokenProblems(configuration),
  ];
}

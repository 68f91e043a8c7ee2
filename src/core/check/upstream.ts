/** Partners in the market: names that must exist, and what is open that should not be. */

import type { SiteConfiguration } from "../site/site.ts";
import type { PartnerConfiguration, UpstreamConfiguration } from "../site/site-upstream.ts";
import type { Problem } from "./problem.ts";

type Path = Problem["path"];

function contractProblems(partner: PartnerConfiguration, path: Path, evseIds: ReadonlySet<string>): Problem[] {
  return partner.contracts.flatMap((contract, c) =>
    (contract.evses ?? []).flatMap((id, e): Problem[] =>
      evseIds.has(id) ? [] : [problem([...path, "contracts", c, "evses", e], `There is no EVSE "${id}"`, evseIds)],
    ),
  );
}

function linkProblems({ allowHttp, versionsUrl, quirks }: PartnerConfiguration, path: Path): Problem[] {
  const problems: Problem[] = [];
  if (versionsUrl?.startsWith("http:") && !allowHttp)
    problems.push({
      severity: "error",
      path: [...path, "versionsUrl"],
      message: "Without TLS its tokens can be read on the way",
      advice: "Write https, or set allowHttp where the way is a VPN",
    });
  if (quirks.includes("no-credentials-exchange") && versionsUrl === undefined)
    problems.push({
      severity: "error",
      path,
      message: "A partner without an exchange of credentials must be named by its address",
      advice: "Set versionsUrl",
    });
  return problems;
}

/** EVSEs and places to park that are named must be there. */
function placeProblems({ evses, location }: UpstreamConfiguration, evseIds: ReadonlySet<string>): Problem[] {
  const places = (location?.parkingPlaces ?? []).map(({ id }) => id);
  return evses.flatMap(({ id, parking }, index) => {
    const path = ["upstream", "evses", index];
    const unknown = parking.filter(({ place }) => !places.includes(place));
    return [
      ...(evseIds.has(id) ? [] : [problem([...path, "id"], `There is no EVSE "${id}"`, evseIds)]),
      ...unknown.map(({ place }) => problem([...path, "parking"], `There is no parking place "${place}"`, places)),
    ];
  });
}

function problem(path: Path, message: string, known: Iterable<string>): Problem {
  return { severity: "error", path, message, advice: `Known: ${[...known].join(", ") || "none"}` };
}

/** Problems of `upstream`. */
export function upstreamProblems({ upstream, chargePoints }: SiteConfiguration): Problem[] {
  if (upstream === undefined) return [];
  const evseIds = new Set(chargePoints.flatMap(({ evses }) => evses.map(({ id }) => id)));
  const seen = new Set<string>();
  const partners = upstream.partners.flatMap((partner, index): Problem[] => {
    const path = ["upstream", "partners", index];
    const twice = seen.has(partner.id);
    seen.add(partner.id);
    const message = `Partner "${partner.id}" stands here a second time`;
    const duplicate: Problem = { severity: "error", path: [...path, "id"], message, advice: "Give each its own name" };
    return [...(twice ? [duplicate] : []), ...linkProblems(partner, path), ...contractProblems(partner, path, evseIds)];
  });
  const named = [...partners, ...placeProblems(upstream, evseIds)];
  const needsUrl = upstream.partners.some((partner) => !partner.quirks.includes("no-credentials-exchange"));
  if (upstream.publicUrl !== undefined || !needsUrl) return named;
  return [
    ...named,
    {
      severity: "warning",
      path: ["upstream"],
      message: "Partners cannot call this site: it cannot register, and takes no profiles, commands or tokens",
      advice: "Set publicUrl to the address of a reverse proxy or VPN in front of it; see docs/cpo.md",
    },
  ];
}

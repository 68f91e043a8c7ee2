/** The topics of one site. docs/cpo.md lists them. */

export interface Topics {
  /** `online` or `offline`, retained; the last will. */
  readonly status: string;
  readonly site: string;
  readonly plan: string;
  circuit(id: string): string;
  device(id: string): string;
  evse(id: string): string;
  /** One message a fact, not retained. */
  fact(type: string): string;
  /** What became of each request. */
  readonly responses: string;
  readonly gridLimitSet: string;
  readonly budgetSet: string;
  forecastSet(kind: "pv" | "building" | "co2"): string;
  readonly visitSet: string;
  wishSet(evseId: string): string;
  evseVisitSet(evseId: string): string;
  overrideSet(evseId: string): string;
}

/** Ids of a site are letters, digits, dot, dash and underscore: safe as a level of a topic. */
export function topicsOf(root: string, siteId: string): Topics {
  const base = `${root}/${siteId}`;
  return {
    status: `${base}/status`,
    site: `${base}/site`,
    plan: `${base}/plan`,
    circuit: (id) => `${base}/circuits/${id}`,
    device: (id) => `${base}/devices/${id}`,
    evse: (id) => `${base}/evses/${id}`,
    fact: (type) => `${base}/facts/${type}`,
    responses: `${base}/responses`,
    gridLimitSet: `${base}/grid-limit/set`,
    budgetSet: `${base}/budget/set`,
    forecastSet: (kind) => `${base}/forecasts/${kind}/set`,
    visitSet: `${base}/visits/set`,
    wishSet: (evseId) => `${base}/evses/${evseId}/wish/set`,
    evseVisitSet: (evseId) => `${base}/evses/${evseId}/visit/set`,
    overrideSet: (evseId) => `${base}/evses/${evseId}/override/set`,
  };
}

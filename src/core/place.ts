/** Where a site lies: as configured, else the middle of its country, which is near enough to know when the sun is up. */
import type { SiteConfiguration } from "./site/site.ts";

export interface Place {
  /** Degrees, north and east positive. */
  readonly latitude: number;
  readonly longitude: number;
}

const MIDDLE: Readonly<Record<string, readonly [latitude: number, longitude: number]>> = {
  AT: [47.6, 14.1],
  BE: [50.6, 4.6],
  BG: [42.8, 25.2],
  CH: [46.8, 8.2],
  CZ: [49.7, 15.3],
  DE: [51.1, 10.4],
  DK: [56.0, 9.5],
  EE: [58.7, 25.5],
  ES: [40.2, -3.6],
  FI: [62.5, 26.0],
  FR: [46.6, 2.5],
  GB: [53.0, -1.6],
  GR: [39.0, 22.9],
  HR: [45.4, 16.0],
  HU: [47.2, 19.4],
  IE: [53.2, -8.1],
  IT: [42.8, 12.1],
  LT: [55.3, 23.9],
  LU: [49.8, 6.1],
  LV: [56.9, 24.9],
  NL: [52.2, 5.6],
  NO: [60.5, 9.0],
  PL: [52.1, 19.4],
  PT: [39.7, -8.0],
  RO: [45.9, 25.0],
  RS: [44.2, 20.8],
  SE: [59.5, 15.5],
  SI: [46.1, 14.8],
  SK: [48.7, 19.5],
};

/** The site's place; missing for a country that is not known here, without a configured location. */
export function placeOf({ site }: Pick<SiteConfiguration, "site">): Place | undefined {
  if (site.location) return site.location;
  const middle = MIDDLE[site.country];
  return middle && { latitude: middle[0], longitude: middle[1] };
}

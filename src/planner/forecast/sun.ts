/** What the sun gives under a clear sky. */
import type { Place } from "../../core/place.ts";

const DEGREE = Math.PI / 180;
const DAY_MS = 86_400_000;
/** 2000-01-01 12:00 UTC, from which the formulas count days. */
const J2000_MS = Date.UTC(2000, 0, 1, 12);

/** Sine of the sun's height above the horizon (low-precision formulas of the Astronomical Almanac, within 0.1 degrees). */
export function sineOfSunHeight(atMs: number, { latitude, longitude }: Place): number {
  const days = (atMs - J2000_MS) / DAY_MS;
  const anomaly = (357.529 + 0.98560028 * days) * DEGREE;
  const ecliptic = (280.459 + 0.98564736 * days + 1.915 * Math.sin(anomaly) + 0.02 * Math.sin(2 * anomaly)) * DEGREE;
  const tilt = 23.439 * DEGREE;
  const ascension = Math.atan2(Math.cos(tilt) * Math.sin(ecliptic), Math.cos(ecliptic));
  const sineOfDeclination = Math.sin(tilt) * Math.sin(ecliptic);
  const siderealHours = 18.697374558 + 24.06570982441908 * days;
  const hourAngle = (siderealHours * 15 + longitude) * DEGREE - ascension;
  const sine = Math.sin(latitude * DEGREE) * sineOfDeclination;
  return sine + Math.cos(latitude * DEGREE) * Math.sqrt(1 - sineOfDeclination ** 2) * Math.cos(hourAngle);
}

/** Clear-sky irradiance on the ground, parts of the 1000 W/m2 that modules are rated at (Haurwitz's model). */
export function clearSky(atMs: number, place: Place): number {
  const sine = sineOfSunHeight(atMs, place);
  return sine <= 0 ? 0 : 1.098 * sine * Math.exp(-0.057 / sine);
}

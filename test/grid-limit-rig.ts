/** Four cars on a site whose import somebody limits. */
import type { SiteDraft } from "../src/core/facts/index.ts";
import { SiteRig } from "./site-rig.ts";

export const four = ["a", "b", "c", "d"].map((id) => ({ id, safeCurrentA: 6 }));
export const connection = { tcp: { host: "io", port: 502 } };
export const contact = { id: "box", connection, address: 0, limitW: 4200, failSafeW: 4200 };
/** Cars need seconds to obey; their ramp is 8 A a second. */
export const OBEYED_S = 6;
export const HOUR_MS = 3_600_000;

export function limit(by: string, limitW?: number, untilMs?: number): SiteDraft {
  const data = { by, ...(limitW === undefined ? {} : { limitW }), ...(untilMs === undefined ? {} : { untilMs }) };
  return { type: "grid-limit-received", source: by, data };
}

export async function charging(gridOperator?: object, buildingA?: () => [number, number, number]): Promise<SiteRig> {
  const rig = new SiteRig({
    stalls: four,
    ...(gridOperator ? { gridOperator } : {}),
    ...(buildingA ? { buildingA } : {}),
  });
  await rig.connectAll();
  await rig.run(10);
  for (const { id } of four) await rig.plugIn(id);
  await rig.run(400);
  return rig;
}

export const importW = (rig: SiteRig) => rig.wired.meter("grid").powerW.reduce((sum, powerW) => sum + powerW, 0);
export const carsW = (rig: SiteRig) =>
  four.reduce((sum, { id }) => sum + rig.wired.evseCurrentA(id).reduce((all, currentA) => all + currentA, 0) * 230, 0);

/** Runs on and gives the highest of what was seen. */
export async function highest(rig: SiteRig, seconds: number, what: (rig: SiteRig) => number): Promise<number> {
  let most = Number.NEGATIVE_INFINITY;
  await rig.run(seconds, () => {
    most = Math.max(most, what(rig));
  });
  return most;
}

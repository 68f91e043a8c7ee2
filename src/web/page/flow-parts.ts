/** Where power comes from and goes to, as parts of two bars. What is unknown has no watts: it is not zero. */
import type { LiveSite } from "../../core/view/view.ts";
import { words } from "./words/en.ts";

export interface Part {
  readonly name: string;
  readonly kind: string;
  /** Missing where nobody measures it now, W. */
  readonly watts: number | undefined;
  readonly note?: string;
}

type Flow = LiveSite["flow"];

const above = (watts: number | undefined) => (watts === undefined ? undefined : Math.max(0, watts));
const below = (watts: number | undefined) => (watts === undefined ? undefined : Math.max(0, -watts));

function battery(watts: number | undefined, { batteryW, batterySocPercent: soc }: Flow): Part[] {
  if (batteryW === undefined) return [];
  return [
    { name: words.battery, kind: "battery", watts, ...(soc === undefined ? {} : { note: `${Math.round(soc)} %` }) },
  ];
}

/** Sun and battery only where the site has them, cars only where they give back. */
export function sourcesOf(flow: Flow): Part[] {
  const { gridW, pvW, batteryW, evsesW = 0, pvHeld } = flow;
  return [
    ...(pvW === undefined
      ? []
      : [{ name: words.sun, kind: "sun", watts: pvW, ...(pvHeld ? { note: words.held(pvHeld) } : {}) }]),
    ...battery(below(batteryW), flow),
    ...(evsesW < 0 ? [{ name: words.cars, kind: "cars", watts: -evsesW }] : []),
    { name: words.grid, kind: "grid", watts: above(gridW) },
  ];
}

/** The other bar. */
export function usesOf(flow: Flow): Part[] {
  const { gridW, batteryW, buildingW, evsesW } = flow;
  return [
    { name: words.building, kind: "building", watts: buildingW },
    { name: words.cars, kind: "cars", watts: above(evsesW) },
    ...battery(above(batteryW), flow),
    { name: words.exported, kind: "grid", watts: below(gridW) },
  ];
}

import { describe, expect, it } from "vitest";
import type { SiteModel } from "../../core/site/site-model.ts";
import type { QuarterHour } from "../../core/state/site-slice.ts";
import { initialState } from "../../core/state/state.ts";
import { SLOT_MS } from "../../core/time/slots.ts";
import { planRamp } from "./ramp-input.ts";

const START_MS = 1_750_000_500_000 - (1_750_000_500_000 % SLOT_MS);

function siteOf(rampLimitW: number | undefined, pvIds: readonly string[] = []): SiteModel {
  const gridConnection = { ...(rampLimitW === undefined ? {} : { rampLimitW }) };
  return { pvIds, configuration: { gridConnection } } as unknown as SiteModel;
}

function rampAfter(quarterHour: Partial<QuarterHour> | undefined, site = siteOf(10_000)) {
  const state = initialState();
  const quarterHours = quarterHour
    ? [{ slotStartMs: START_MS - SLOT_MS, complete: true, ...quarterHour } as QuarterHour]
    : [];
  return planRamp(START_MS, { site, state: { ...state, site: { ...state.site, quarterHours } } });
}

describe("what a plan knows of a limited ramp", () => {
  it("is nothing at a site without one", () => {
    expect(rampAfter({ importWh: 1000, buildingWh: 500 }, siteOf(undefined))).toEqual({});
  });

  it("is what flowed in the quarter-hour before, and what of it was not cars and batteries", () => {
    expect(rampAfter({ importWh: 1000, exportWh: 250, buildingWh: 500 }).ramp).toEqual({
      limitW: 10_000,
      before: { netW: 3_000, restingW: 2_000 },
    });
    const sunny = siteOf(10_000, ["roof"]);
    expect(rampAfter({ importWh: 0, exportWh: 250, buildingWh: 500, pvWh: 1_000 }, sunny).ramp?.before).toEqual({
      netW: -1_000,
      restingW: -2_000,
    });
  });

  it("is no zero where something was not measured", () => {
    const bare = { limitW: 10_000 };
    expect(rampAfter(undefined).ramp).toEqual(bare);
    expect(rampAfter({ importWh: 1000 }).ramp).toEqual(bare);
    expect(rampAfter({ buildingWh: 1000 }).ramp).toEqual(bare);
    expect(rampAfter({ importWh: 1000, buildingWh: 500, complete: false }).ramp).toEqual(bare);
    expect(rampAfter({ importWh: 1000, buildingWh: 500, slotStartMs: START_MS - 2 * SLOT_MS }).ramp).toEqual(bare);
    expect(rampAfter({ importWh: 1000, buildingWh: 500 }, siteOf(10_000, ["roof"])).ramp).toEqual(bare);
  });

  it("is what the running quarter-hour took and gave, where both are known", () => {
    const question = { site: siteOf(10_000), state: initialState() };
    expect(planRamp(START_MS, { ...question, importedWh: 700, exportedWh: 100 }).ramp?.drawnWh).toBe(600);
    expect(planRamp(START_MS, { ...question, importedWh: 700 }).ramp).toEqual({ limitW: 10_000 });
  });
});

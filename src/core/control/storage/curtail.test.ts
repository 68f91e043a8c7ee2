import { describe, expect, test } from "vitest";
import type { SiteDraft } from "../../facts/index.ts";
import type { ProcessImage } from "../../image.ts";
import { siteModel } from "../../site/site-model.ts";
import { evolve, initialState } from "../../state/state.ts";
import { siteOf } from "../site.test-kit.ts";
import { type ControlMemory, controlStep, initialControlMemory } from "../step.ts";

const START_MS = Date.UTC(2026, 5, 3, 11);
const PEAK_W = 10_000;

interface World {
  readonly skyW: (second: number) => number;
  readonly loadW: (second: number) => number;
  readonly exportLimitW?: number;
  readonly exportEurPerKwh?: number;
  readonly meterAnswers?: (second: number) => boolean;
  /** The inverter no longer hears of us. */
  readonly controllerLives?: (second: number) => boolean;
}

/** A roof whose inverter needs some seconds to follow, a load, a meter, and the whole control step every second. */
function live(seconds: number, world: World, each: (now: { second: number; exportW: number; pvW: number }) => void) {
  const { exportLimitW } = world;
  const site = siteOf({ pv: "held", evses: [{ id: "a" }], ...(exportLimitW === undefined ? {} : { exportLimitW }) });
  let state = initialState();
  let memory: ControlMemory = initialControlMemory();
  let limit: { limitW: number; untilS: number } | undefined;
  let pvW = world.skyW(0);
  let meter = { deviceId: site.gridMeterId, atMonoMs: 0, powerW: 0, currentA: [0, 0, 0] as [number, number, number] };
  const drafts: SiteDraft[] = [];
  let writes = 0;
  for (let second = 1; second <= seconds; second++) {
    const heldW = limit && second < limit.untilS ? limit.limitW : Number.POSITIVE_INFINITY;
    const aimW = Math.min(world.skyW(second), heldW);
    pvW = aimW < pvW ? aimW + (pvW - aimW) * 0.4 : aimW;
    const gridW = world.loadW(second) - pvW;
    each({ second, exportW: Math.max(0, -gridW), pvW });
    if (world.controllerLives?.(second) === false) continue;
    const monoMs = second * 1000;
    const a = gridW / 690;
    if (world.meterAnswers?.(second) !== false)
      meter = { ...meter, atMonoMs: monoMs, powerW: Math.round(gridW), currentA: [a, a, a] };
    const image: ProcessImage = {
      nowMs: START_MS + monoMs,
      monoMs,
      wallTrusted: true,
      meters: new Map([[site.gridMeterId, meter]]),
      pvs: new Map([["pv", { deviceId: "pv", atMonoMs: monoMs, powerW: Math.round(pvW) }]]),
      batteries: new Map(),
      evses: new Map(),
      importEurPerKwh: 0.2,
      ...(world.exportEurPerKwh === undefined ? {} : { exportEurPerKwh: world.exportEurPerKwh }),
    };
    const step = controlStep({ site, state, image }, memory);
    memory = step.memory;
    for (const { limitW, expiresInMs } of step.pvs) {
      limit = limitW === undefined ? undefined : { limitW, untilS: second + expiresInMs / 1000 };
      writes++;
    }
    for (const draft of step.drafts) {
      drafts.push(draft);
      const stamp = { seq: state.seq + 1, atMs: image.nowMs, monoMs, wallTrusted: true, boot: "b", version: 1 };
      state = evolve(state, { ...draft, ...stamp } as Parameters<typeof evolve>[1]);
    }
  }
  const facts = drafts.flatMap((draft) => (draft.type === "pv-limit-changed" ? [draft.data] : []));
  return { facts, writes, state };
}

/** Seconds that an inverter and a meter need for a step. */
const SETTLES_S = 8;

describe("an export limit", () => {
  test("holds every second, but for those in which the inverter follows; and no sun is wasted", () => {
    const skyW = (second: number) => 7000 + 2500 * Math.sin(second / 200);
    const loadW = (second: number) => (second % 600 < 300 ? 1000 : 4500);
    let lostWs = 0;
    const { facts } = live(3600, { skyW, loadW, exportLimitW: 2000 }, ({ second, exportW, pvW }) => {
      const settled = second % 300 > SETTLES_S;
      if (settled) expect(exportW).toBeLessThanOrEqual(2000 + 0.02 * PEAK_W);
      lostWs += Math.max(0, Math.min(skyW(second), loadW(second) + 2000) - pvW);
    });
    // Less than a fiftieth of what may be used.
    expect(lostWs / 3600).toBeLessThan(0.02 * 7000);
    expect(facts[0]).toMatchObject({ deviceId: "pv", reason: "the export limit of the grid connection" });
  });

  test("of nothing at all is held, too", () => {
    live(600, { skyW: () => 8000, loadW: () => 1500, exportLimitW: 0 }, ({ second, exportW }) => {
      if (second > SETTLES_S) expect(exportW).toBeLessThanOrEqual(0.01 * PEAK_W);
    });
  });

  test("while the meter is silent: no more is produced than may be exported", () => {
    const world = { skyW: () => 8000, loadW: () => 3000, exportLimitW: 2000, meterAnswers: (s: number) => s < 100 };
    live(300, world, ({ second, pvW }) => {
      if (second > SETTLES_S && second < 100) expect(pvW).toBeGreaterThan(4500);
      if (second > 130) expect(pvW).toBeLessThan(2001);
    });
  });

  test("that is far away writes nothing, and one that stopped to bind is let go", () => {
    const far = live(600, { skyW: () => 3000, loadW: () => 1000, exportLimitW: 8000 }, () => {});
    expect(far.writes).toBe(0);
    const cloud = { skyW: (s: number) => (s < 60 ? 9000 : 1500), loadW: () => 1000, exportLimitW: 3000 };
    const { facts, state } = live(600, cloud, () => {});
    expect(facts.map(({ limitW }) => limitW !== undefined)).toEqual([true, false]);
    expect(state.limits.pvs).toEqual({});
  });
});

describe("a price below zero", () => {
  test("leaves the sun that nobody uses on the roof", () => {
    const { facts } = live(
      600,
      { skyW: () => 8000, loadW: () => 2000, exportEurPerKwh: -0.05 },
      ({ second, exportW, pvW }) => {
        if (second <= SETTLES_S) return;
        expect(exportW).toBeLessThanOrEqual(0.01 * PEAK_W);
        expect(pvW).toBeGreaterThan(1800);
      },
    );
    expect(facts).toEqual([expect.objectContaining({ reason: "exporting costs money" })]);
  });

  test("ends by itself when the controller dies: the inverter gives all again within a minute", () => {
    const world = {
      skyW: () => 8000,
      loadW: () => 2000,
      exportEurPerKwh: -0.05,
      controllerLives: (s: number) => s < 100,
    };
    live(200, world, ({ second, pvW }) => {
      if (second === 99) expect(pvW).toBeLessThan(2200);
      if (second >= 161) expect(pvW).toBe(8000);
    });
  });

  test("of an export that is paid holds nothing back", () => {
    expect(live(300, { skyW: () => 8000, loadW: () => 2000, exportEurPerKwh: 0.05 }, () => {}).writes).toBe(0);
  });
});

test("a hybrid is held back by what it feeds in: what its battery takes of the sun is not fed in", () => {
  const { configuration } = siteOf({ pv: "held", evses: [{ id: "a" }], exportLimitW: 0 });
  const battery = {
    ...{ capacityWh: 10_000, maxChargeW: 5_000, maxDischargeW: 5_000, minSocPercent: 10 },
    ...{ efficiencyPercent: 90, wearEurPerKwh: 0, control: false },
  };
  const devices = configuration.devices.map((device) =>
    device.id === "pv" ? { ...device, role: "hybrid" as const, battery } : device,
  );
  const site = siteModel({ ...configuration, devices });
  const at = { atMonoMs: 1000 };
  const limitOf = (batteries: ProcessImage["batteries"]) => {
    const image: ProcessImage = {
      nowMs: START_MS,
      monoMs: 1000,
      wallTrusted: true,
      // 1 kW of load, 8 kW of sun, 5 kW into the battery: 2 kW flow out.
      meters: new Map([
        [site.gridMeterId, { deviceId: "grid-meter", ...at, powerW: -2000, currentA: [-2.9, -2.9, -2.9] }],
      ]),
      pvs: new Map([["pv", { deviceId: "pv", ...at, powerW: 8000 }]]),
      batteries,
      evses: new Map(),
    };
    return controlStep({ site, state: initialState(), image }, initialControlMemory()).pvs[0]?.limitW;
  };
  expect(limitOf(new Map([["pv", { deviceId: "pv", ...at, powerW: 5000, socPercent: 50 }]]))).toBe(1000);
  // Where the battery is silent nobody knows what is fed in: no more than may be exported.
  expect(limitOf(new Map())).toBe(0);
});

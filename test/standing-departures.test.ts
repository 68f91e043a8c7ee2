import { describe, expect, test } from "vitest";
import type { StandingDeparture } from "../src/core/site/site-departures.ts";
import { SiteRig } from "./site-rig.ts";

/** The rig begins on a Wednesday at 12:02, UTC. */
const TOMORROW_MS = Date.UTC(2026, 5, 11, 7, 30);
const WORKDAYS: StandingDeparture = { days: ["mon", "tue", "wed", "thu", "fri"], at: "07:30", energyWh: 9_000 };

function plannedDepartureMs(rig: SiteRig): number | undefined {
  return rig.facts("plan-made").at(-1)?.data.input.evses[0]?.departureMs;
}

async function usually(rig: SiteRig, departures?: StandingDeparture[]): Promise<void> {
  const data = { evseId: "left", by: "test", ...(departures ? { departures } : {}) };
  await rig.controller.record([{ type: "standing-departures-set", source: "test", data }]);
}

describe("a site whose cars usually leave at the same time", () => {
  test("plans for that time as soon as a car is plugged in, marks it as such, and believes the driver more", async () => {
    const rig = new SiteRig({
      stalls: [{ id: "left" }],
      charging: { tokens: [{ token: "ANNA", departures: [WORKDAYS] }] },
    });
    await rig.connectAll();
    await rig.run(5);
    await rig.plugIn("left", { token: "anna", override: false });
    await rig.run(20);
    expect(rig.facts("standing-departure-applied").map(({ data }) => data.departureMs)).toEqual([TOMORROW_MS]);
    expect(rig.controller.live().evses[0]).toMatchObject({
      departureMs: TOMORROW_MS,
      departureSaid: "standing",
      energySaid: "standing",
      askedWh: 9_000,
    });
    // Ready some minutes before.
    expect(plannedDepartureMs(rig)).toBeLessThan(TOMORROW_MS);
    expect(plannedDepartureMs(rig)).toBeGreaterThan(TOMORROW_MS - 900_000);
    const departureMs = rig.clock.wallMs() + 7_200_000;
    await rig.controller.record([
      { type: "wish-stated", source: "test", data: { evseId: "left", by: "test", departureMs } },
    ]);
    await rig.run(20);
    expect(rig.controller.live().evses[0]).toMatchObject({
      departureMs,
      departureSaid: "driver",
      energySaid: "standing",
    });
    expect(plannedDepartureMs(rig)).toBeLessThan(departureMs);
  });

  test("keeps what the owner set over a restart, changes it for the car that is there, and takes it back", async () => {
    const rig = new SiteRig({ stalls: [{ id: "left" }] });
    await rig.connectAll();
    await rig.plugIn("left", { override: false });
    await rig.run(20);
    const silentMs = plannedDepartureMs(rig);
    await usually(rig, [WORKDAYS]);
    await rig.run(20);
    expect(plannedDepartureMs(rig)).toBeGreaterThan(TOMORROW_MS - 900_000);
    rig.restart();
    await rig.connectAll();
    await rig.run(20);
    expect(rig.controller.live().evses[0]).toMatchObject({ departureSaid: "standing", departures: [WORKDAYS] });
    expect(rig.facts("standing-departure-applied")).toHaveLength(1);
    await usually(rig);
    await rig.run(20);
    expect(rig.controller.live().evses[0]!.departureSaid).toBeUndefined();
    expect(Math.abs(plannedDepartureMs(rig)! - silentMs!)).toBeLessThan(7_200_000);
  });

  test("a disk that hangs makes one fact of it", async () => {
    const rig = new SiteRig({ stalls: [{ id: "left" }] });
    await rig.connectAll();
    await rig.plugIn("left", { override: false });
    await usually(rig, [WORKDAYS]);
    rig.ledger.hold();
    await rig.run(10);
    rig.ledger.letGo();
    await rig.run(10);
    expect(rig.facts("standing-departure-applied")).toHaveLength(1);
  });

  test("a disk that refuses makes one fact of it", async () => {
    const rig = new SiteRig({ stalls: [{ id: "left" }] });
    await rig.connectAll();
    await rig.plugIn("left", { override: false });
    await usually(rig, [WORKDAYS]);
    rig.ledger.refuse = "full";
    await rig.run(10);
    expect(rig.controller.live().evses[0]!.departureSaid).toBe("standing");
    rig.ledger.refuse = undefined;
    await rig.run(10);
    expect(rig.facts("standing-departure-applied")).toHaveLength(1);
  });
});

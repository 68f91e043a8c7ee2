import { afterAll, beforeAll, expect, test } from "vitest";
import { ChildSite } from "../live-site.ts";
import { LoadStation } from "../load/stations.ts";
import { until } from "../until.ts";

/** 60 shows what a minute does; a few seconds show the same and are over sooner. */
const PAUSE_S = Number(process.env.STANDSTILL_S ?? 3);
/** After this much silence an OCPP connection may be given up by either side; the charge point comes back. */
const LINE_KEPT_S = 15;

let site: ChildSite;
beforeAll(async () => {
  site = await new ChildSite({ chargePoints: ["cp1", "cp2"] }).start();
});
afterAll(() => site?.close());

test(
  `a process that is stopped for ${PAUSE_S} s goes on where it was: heartbeats, readings, ticks and limits right afterwards`,
  async () => {
    const connect = async (id: string) => {
      const made = new LoadStation({ port: site.ocppPort, id });
      expect(await made.opened).toBe(true);
      expect(await made.boot()).toMatchObject({ status: "Accepted" });
      return made;
    };
    let first = await connect("cp1");
    await until(() => first.called.includes("SetChargingProfile"));
    await until(async () => (await site.live()).meter.quality === "good");
    const ticks = await site.metric("wattledger_ticks_total");

    site.child.kill("SIGSTOP");
    const beaten = first.call("Heartbeat", {});
    const late = new LoadStation({ port: site.ocppPort, id: "cp2" });
    await new Promise((resolve) => setTimeout(resolve, PAUSE_S * 1000));
    site.child.kill("SIGCONT");

    const answer = await beaten;
    if (PAUSE_S < LINE_KEPT_S) expect(Date.parse(String(answer?.currentTime))).toBeGreaterThan(0);
    else if (answer === undefined) first = await connect("cp1");
    await until(async () =>
      (await site.events("controller-stalled")).some(
        ({ data }) => (data as { stalledMs: number }).stalledMs > (PAUSE_S - 1) * 1000,
      ),
    );
    // Who came while nobody was there is let in.
    expect(await late.opened).toBe(true);
    expect(await late.boot()).toMatchObject({ status: "Accepted" });
    await until(() => late.called.includes("SetChargingProfile"));

    await until(async () => (await site.metric("wattledger_ticks_total")) > ticks + 3);
    site.currentA = 8;
    await until(async () => {
      const { meter, circuits } = await site.live();
      return meter.quality === "good" && circuits.every(({ currentA }) => currentA?.[0] === 8);
    });
    const timestamp = new Date().toISOString();
    const start = { connectorId: 1, idTag: "t", meterStart: 0, timestamp };
    expect(await first.call("StartTransaction", start)).toMatchObject({ idTagInfo: { status: "Accepted" } });
    await until(() => first.called.filter((action) => action === "SetChargingProfile").length > 1);
    expect((await site.events("booted")).length).toBe(1);
    expect(await site.events("part-crashed")).toEqual([]);
    for (const station of [first, late]) station.socket.terminate();
  },
  60_000 + PAUSE_S * 1000,
);

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChildSite } from "../live-site.ts";
import { until } from "../until.ts";
import { cheapHash, LoadStation } from "./stations.ts";

const COUNT = Number(process.env.LOAD_CHARGE_POINTS ?? 250);
const SAMPLES = Number(process.env.LOAD_SAMPLES ?? 5);
/** Older than this a reading counts as stale: a guard that looks less often would not be one. */
const STALE_S = 5;
const PASSWORD = "a-long-password";

describe(`${COUNT} charge points come back at once after a power cut, each with a session to tell`, () => {
  const ids = Array.from({ length: COUNT }, (_, index) => `cp${index}`);
  let site: ChildSite;
  beforeAll(async () => {
    const passwordHashes = Object.fromEntries(ids.map((id) => [id, cheapHash(PASSWORD)]));
    site = await new ChildSite({ chargePoints: ids, passwordHashes }).start();
    await until(async () => (await site.live()).meter.quality === "good");
  });
  afterAll(() => site?.close());

  test("each gets its safe current and tells its session, which is booked once, and the guard looks often enough", async () => {
    const stations = ids.map((id) => new LoadStation({ port: site.ocppPort, id, password: PASSWORD }));
    const startMs = Date.now() - 3_600_000;
    const told = await Promise.all(
      stations.map(async (station) => {
        if (!(await station.opened)) return false;
        await station.boot();
        return station.tellQueued(startMs, SAMPLES);
      }),
    );
    expect(told.filter((done) => !done)).toEqual([]);
    await until(() => stations.every(({ called }) => called.includes("SetChargingProfile")));
    const booked = async (type: string) => (await site.events(type)).map(({ data }) => data as Record<string, unknown>);
    const ended = await booked("transaction-ended");
    expect(new Set((await booked("transaction-started")).map(({ evseId }) => evseId)).size).toBe(COUNT);
    expect(new Set(ended.map(({ transactionId }) => transactionId)).size).toBe(COUNT);
    expect(ended.map(({ meterStopWh }) => meterStopWh)).toEqual(ids.map(() => 1_000 + 50 * SAMPLES));
    expect(await site.metric("wattledger_longest_tick_gap_seconds")).toBeLessThan(STALE_S);
    for (const station of stations) station.socket.terminate();
  });
});

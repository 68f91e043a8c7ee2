/** Cars that are announced, over the real API of a site in virtual time. */
import { afterEach, describe, expect, test } from "vitest";
import type { PublicSession } from "../src/core/view/session-view.ts";
import type { PublicVisit } from "../src/core/view/visits.ts";
import { DriverRig, OWNER_TOKEN } from "./driver-rig.ts";

const HOUR_MS = 3_600_000;
const rigs: DriverRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

/** Two EVSEs, at which drivers take what they say; a car that nobody announced stands at the left one. It is 12:02, UTC. */
async function site(): Promise<DriverRig> {
  const rig = new DriverRig({ stalls: [{ id: "left" }, { id: "right" }], charging: { statements: "reliable" } });
  rigs.push(rig);
  return rig.start();
}

function put(at: DriverRig, visitId: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(at.url(`/api/v1/visits/${visitId}`), {
    method: "PUT",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

async function visits(at: DriverRig): Promise<readonly PublicVisit[]> {
  return ((await (await fetch(at.url("/api/v1/visits"))).json()) as { visits: PublicVisit[] }).visits;
}

/** Booking 17 comes to the right EVSE at two o'clock, for six hours. */
function booking({ rig }: DriverRig, part: object = {}) {
  const arrivalMs = rig.clock.wallMs() + 2 * HOUR_MS;
  return { evseId: "right", arrivalMs, departureMs: arrivalMs + 6 * HOUR_MS, energyWh: 12_000, ...part };
}

describe("a booking system", () => {
  test("announces a car, reads what becomes of it, says it again otherwise, and takes it back", async () => {
    const at = await site();
    const body = booking(at, { token: "CARD-4711", preference: "cheap" });
    expect((await put(at, "b-17", body)).status).toBe(200);
    const [first] = await visits(at);
    const said = { visitId: "b-17", ...body, token: "…4711", by: "api:local", becomes: "expected" };
    expect(first).toEqual({ ...said, expectedAt: "right", fromMs: body.arrivalMs });
    await at.rig.run(10);
    const [planned] = await visits(at);
    expect(planned).toMatchObject({ ...said, plannedWh: 12_000 });
    expect(planned!.readyMs).toBeGreaterThan(body.arrivalMs);
    expect(planned!.readyMs).toBeLessThanOrEqual(body.departureMs);
    const [left, right] = at.rig.controller.live().evses;
    expect(left!.expected).toBeUndefined();
    const { arrivalMs, departureMs, energyWh } = body;
    expect(right!.expected).toEqual({ visitId: "b-17", arrivalMs, departureMs, energyWh, becomes: "expected" });
    // What the last plan has is for what was said before.
    const sooner = { departureMs: arrivalMs + HOUR_MS, energyWh: 400_000 };
    await put(at, "b-17", { ...body, ...sooner });
    expect((await visits(at))[0]!.plannedWh).toBeUndefined();
    await at.rig.run(10);
    const [short] = await visits(at);
    expect(short!.shortfallWh).toBeGreaterThan(300_000);
    expect(at.rig.controller.live().evses[1]!.expected!.shortfallWh).toBe(short!.shortfallWh);
    // Not at the end of its last quarter-hour, which is after its departure.
    expect(short!.readyMs).toBe(sooner.departureMs);
    expect((await put(at, "b-17", {})).status).toBe(200);
    expect(await visits(at)).toEqual([]);
    expect(at.rig.controller.live().evses[1]!.expected).toBeUndefined();
    expect(at.rig.facts("visit-withdrawn").map(({ data }) => data)).toEqual([{ visitId: "b-17", by: "api:local" }]);
  });

  test("sends all that it has again and again: what is known is answered, and is no fact and no reason to plan", async () => {
    const at = await site();
    const body = booking(at);
    await put(at, "b-17", body);
    await at.rig.run(10);
    const counted = () => [at.rig.facts("visit-announced").length, at.rig.facts("plan-made").length];
    const before = counted();
    expect(before[0]).toBe(1);
    expect((await put(at, "b-17", body)).status).toBe(200);
    expect((await put(at, "b-18", {})).status).toBe(200);
    await at.rig.run(10);
    expect(counted()).toEqual(before);
    expect(at.rig.facts("visit-withdrawn")).toEqual([]);
    const { energyWh: _, ...less } = body;
    await put(at, "b-17", less);
    await put(at, "b-17", body);
    expect(at.rig.facts("visit-announced").map(({ data }) => data.energyWh)).toEqual([12_000, undefined, 12_000]);
  });

  test("finds the session of its car: what was announced is its driver's word, and the visit is not to come any more", async () => {
    const at = await site();
    const body = booking(at, { token: "CARD-4711", arrivalMs: at.rig.clock.wallMs() + HOUR_MS });
    await put(at, "b-17", body);
    await at.rig.plugIn("right", { token: "card-4711", override: false });
    await at.rig.run(10);
    expect(await visits(at)).toEqual([]);
    const { departureMs } = body;
    const right = at.rig.controller.live().evses[1]!;
    expect(right).toMatchObject({ departureMs, departureSaid: "driver", energySaid: "driver", askedWh: 12_000 });
    expect(right.expected).toBeUndefined();
    const { sessions } = (await (await fetch(at.url("/api/v1/sessions"))).json()) as { sessions: PublicSession[] };
    expect(sessions.map(({ evseId, visitId }) => [evseId, visitId])).toEqual([
      ["right", "b-17"],
      ["left", undefined],
    ]);
  });

  test("makes a booking longer whose car is there, and sends again what is known, hours after its time", async () => {
    const at = await site();
    const body = booking(at, { arrivalMs: at.rig.clock.wallMs() });
    await put(at, "b-17", body);
    await at.rig.plugIn("right", { override: false });
    await at.rig.run(2 * 3600);
    expect((await put(at, "b-17", body)).status).toBe(200);
    const planned = at.rig.facts("plan-made").length;
    const longer = { ...body, departureMs: body.departureMs + 3 * HOUR_MS, energyWh: 30_000 };
    expect((await put(at, "b-17", longer)).status).toBe(200);
    await at.rig.run(10);
    const right = at.rig.controller.live().evses[1]!;
    expect(right).toMatchObject({ departureMs: longer.departureMs, departureSaid: "driver", askedWh: 30_000 });
    expect(at.rig.facts("plan-made").length).toBe(planned + 1);
    // It is no word of a driver on record.
    expect(at.rig.facts("wish-stated")).toEqual([]);
    at.rig.restart();
    await at.rig.connectAll();
    expect(at.rig.controller.live().evses[1]).toMatchObject({ departureMs: longer.departureMs, askedWh: 30_000 });
  });

  test("is believed no more where the owner says that it is another car: it is waited for again", async () => {
    const at = await site();
    const another = async (evse: string) => {
      const init = { method: "PUT", headers: { "content-type": "application/json" }, body: "{}" };
      return (await fetch(at.url(`/api/v1/evses/${evse}/visit`), init)).status;
    };
    const body = booking(at, { arrivalMs: at.rig.clock.wallMs() + HOUR_MS });
    await put(at, "b-17", body);
    expect(await another("right")).toBe(422);
    await at.rig.plugIn("right", { override: false });
    await at.rig.run(10);
    const right = () => at.rig.controller.live().evses[1]!;
    expect(right()).toMatchObject({ departureSaid: "driver", visit: { visitId: "b-17", arrivalMs: body.arrivalMs } });
    expect([await another("left"), await another("attic"), await another("right")]).toEqual([422, 404, 200]);
    await at.rig.run(10);
    expect(right()).not.toHaveProperty("visit");
    expect(right()).not.toHaveProperty("departureSaid");
    expect((await visits(at)).map(({ visitId }) => visitId)).toEqual(["b-17"]);
    expect(at.rig.facts("visit-mistaken").map(({ data }) => [data.evseId, data.by])).toEqual([["right", "api:local"]]);
    expect(at.rig.facts("plan-made").at(-1)!.data.trigger).toBe("a visit was announced or withdrawn");
    expect(await (await fetch(at.url("/api/v1/sessions"))).text()).not.toContain("b-17");
  });

  test("sees who is not waited for any more, and who finds no place", async () => {
    const at = await site();
    const nowMs = at.rig.clock.wallMs();
    await put(at, "overdue", booking(at, { token: "CARD", arrivalMs: nowMs - 0.9 * HOUR_MS }));
    await put(
      at,
      "second",
      booking(at, { token: "CARD-2", arrivalMs: nowMs + HOUR_MS, departureMs: nowMs + 2 * HOUR_MS }),
    );
    const becomes = async () => Object.fromEntries((await visits(at)).map((visit) => [visit.visitId, visit.becomes]));
    const shown = () => at.rig.controller.live().evses[1]!.expected;
    expect(await becomes()).toEqual({ overdue: "expected", second: "no-place" });
    expect(shown()).toMatchObject({ visitId: "overdue", becomes: "expected" });
    await at.rig.run(600);
    expect(await becomes()).toEqual({ overdue: "late", second: "expected" });
    expect(shown()).toMatchObject({ visitId: "second", becomes: "expected" });
    // Nor does one of next week hide who comes soon and finds no place.
    const nextWeek = { arrivalMs: nowMs + 150 * HOUR_MS, departureMs: nowMs + 160 * HOUR_MS };
    await put(at, "next-week", booking(at, nextWeek));
    await at.rig.plugIn("right", { token: "GUEST", override: false });
    expect(await becomes()).toEqual({ overdue: "late", second: "no-place", "next-week": "expected" });
    expect(shown()).toMatchObject({ visitId: "second", becomes: "no-place" });
    await put(at, "next-week", {});
    // Who is not waited for is still shown where nobody else is expected: somebody may want to take it back.
    await put(at, "second", {});
    expect(shown()).toMatchObject({ visitId: "overdue", becomes: "late" });
  });

  test("is told what is wrong with what it announces, and nothing of that is recorded", async () => {
    const at = await site();
    const { arrivalMs, departureMs, evseId, energyWh } = booking(at);
    const refused = async (body: object, visitId = "b-17") => {
      const answer = await put(at, visitId, body);
      return [answer.status, ((await answer.json()) as { title: string }).title];
    };
    expect(await refused({ arrivalMs, departureMs })).toEqual([422, "Nothing tells whose car it will be"]);
    expect(await refused({ evseId: "attic", arrivalMs, departureMs })).toEqual([404, 'There is no EVSE "attic"']);
    const order = "The departure is not after the arrival";
    expect(await refused({ evseId, arrivalMs, departureMs: arrivalMs - 1 })).toEqual([422, order]);
    expect(await refused({ evseId, arrivalMs })).toEqual([422, order]);
    const past = { evseId, arrivalMs: arrivalMs - 4 * HOUR_MS, departureMs };
    expect(await refused(past)).toEqual([422, "The arrival is not in the future"]);
    const far = { evseId, arrivalMs: arrivalMs + 9000 * HOUR_MS, departureMs: departureMs + 9000 * HOUR_MS };
    expect(await refused(far)).toEqual([422, "The arrival is more than a year ahead"]);
    for (const bad of [{ energyWh: -1 }, { energyWh: "much" }, { arrivalMs: "soon" }, { token: "" }, { seat: 3 }])
      expect((await refused({ evseId, arrivalMs, departureMs, energyWh, ...bad }))[0]).toBe(400);
    expect((await refused(booking(at), "b%2F17"))[0]).toBe(400);
    expect((await refused(booking(at), "b".repeat(65)))[0]).toBe(400);
    expect(at.rig.facts("visit-announced")).toEqual([]);
  });

  test("needs the site's token from another machine; everybody may read, of a card only its end", async () => {
    const at = await site();
    const body = booking(at, { token: "CARD-4711" });
    const far = { "x-forwarded-for": "192.0.2.7" };
    expect((await put(at, "b-17", body, far)).status).toBe(401);
    expect((await put(at, "b-17", body, { origin: "http://elsewhere.example" })).status).toBe(401);
    expect((await put(at, "b-17", body, { ...far, authorization: "Bearer wrong" })).status).toBe(401);
    expect(at.rig.facts("visit-announced")).toEqual([]);
    expect((await put(at, "b-17", body, { ...far, authorization: `Bearer ${OWNER_TOKEN}` })).status).toBe(200);
    const seen = await Promise.all(
      ["/visits", "/site", "/events", "/plan"].map(async (path) => (await fetch(at.url(`/api/v1${path}`))).text()),
    );
    expect(seen[0]).toContain("…4711");
    expect(seen.join()).not.toContain("CARD-4711");
  });
});

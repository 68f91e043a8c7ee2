/** Profiles that count from the beginning of charging, and what becomes of profiles at charge points of all kinds. */
import { expect, test } from "vitest";
import { until } from "../../until.ts";
import { type Market, pushToken, story, tokenOf } from "../market.ts";
import type { OcppEnd, Payload } from "../ocpp-end.ts";
import { type Json, millis } from "../spec/check.ts";
import type { Version } from "../spec/types.ts";
import { type Active, activeOf, askProfile, limitsA, profileOf, resultOf, updateOf } from "./steering.ts";

const MINUTE_MS = 60_000;
/** Charge points and sockets are a little late. */
const ABOUT_S = 5;

/** The limit of a profile for a transaction; missing in other commands. */
function txLimitA(payload: Payload): number | undefined {
  interface Schedule {
    readonly chargingSchedulePeriod: readonly { readonly limit: number }[];
  }
  const profile = (payload.csChargingProfiles ?? payload.chargingProfile) as {
    chargingProfilePurpose: string;
    chargingSchedule: Schedule | readonly Schedule[];
  };
  if (profile.chargingProfilePurpose !== "TxProfile") return undefined;
  return [profile.chargingSchedule].flat()[0]!.chargingSchedulePeriod[0]!.limit;
}

export function stationStories(market: Market): void {
  /** A driver of the eMSP at a charge point; the id of his session. */
  async function begin(version: Version, name: string, start: (uid: string) => Promise<string>): Promise<string> {
    const emsp = market.emsp[version];
    const uid = `${name}-${version.replaceAll(".", "")}`.toUpperCase();
    await pushToken(emsp, tokenOf(emsp, uid));
    const since = emsp.heard.length;
    expect(await start(uid)).toBe("Accepted");
    const told = await emsp.next(
      ({ module, body }) => module === "sessions" && (body as Json).evse_uid === `evse-${name}-${version}`,
      since,
      "the session",
    );
    return told.path[2]!;
  }

  const limited = (chargePoint: OcppEnd, fits: (limitA: number) => boolean) =>
    chargePoint.next(({ action }) => action === "SetChargingProfile" && fits(chargePoint.limitA));
  /** Takes all limits but those that pause. */
  const refusesPauses = (refusal: Payload) => (payload: Payload) =>
    (txLimitA(payload) ?? 16) < 6 ? refusal : undefined;

  story("relative profiles", (version) => {
    const emsp = market.emsp[version];
    const chargePoint = () => market.site.chargePoint(`relative-${version}`);
    let id = "";
    let beganMs = 0;

    /** Seconds from the beginning of charging at which each limit of a profile begins. */
    function sinceBeginning({ start_date_time, charging_profile }: Active): number[] {
      const offsetS = (millis(start_date_time) - beganMs) / 1000;
      return charging_profile.charging_profile_period.map(({ start_period }) => start_period + offsetS);
    }

    test("a car has charged for ten minutes", async () => {
      // The clocks of charge points have whole seconds.
      beganMs = Math.floor(Date.now() / 1000) * 1000 - 10 * MINUTE_MS;
      id = await begin(version, "relative", (uid) => chargePoint().start(uid, beganMs));
      // It comes up from the safe current: what it reports is what its meter sees.
      await limited(chargePoint(), (limitA) => limitA < 16);
      await chargePoint().meter(500);
    });

    test("without a start the periods count from the beginning of charging", async () => {
      const charging_profile_period = [
        { start_period: 0, limit: 14 },
        { start_period: 300, limit: 6 },
        { start_period: 1_200, limit: 12 },
      ];
      const since = emsp.heard.length;
      const profile = { charging_rate_unit: "A", charging_profile_period };
      expect(await resultOf(emsp, version, id, profile)).toBe("ACCEPTED");
      await limited(chargePoint(), (limitA) => limitA <= 6);
      const rises = (limits: number[]) => limits[0]! <= 6 && limits.some((limitA) => limitA > 6);
      const told = (await updateOf(emsp, id, rises, since, "that it rises")).body as Active;
      const risesAtS = sinceBeginning(told)[limitsA(told).findIndex((limitA) => limitA > 6)]!;
      // The plan may let it rise later, at the next quarter-hour.
      expect(risesAtS).toBeGreaterThan(1_200 - ABOUT_S);
      expect(risesAtS).toBeLessThan(1_200 + 900 + ABOUT_S);
    });

    test("a duration counts from there too: what has ended holds no more", async () => {
      const since = emsp.heard.length;
      expect(await resultOf(emsp, version, id, profileOf(6, "A", { duration: 700 }))).toBe("ACCEPTED");
      await limited(chargePoint(), (limitA) => limitA <= 6);
      const rises = (limits: number[]) => limits[0]! <= 6 && limits.some((limitA) => limitA > 7.5);
      await updateOf(emsp, id, rises, since, "that it ends");
      expect(await resultOf(emsp, version, id, profileOf(7, "A", { duration: 300 }))).toBe("ACCEPTED");
      await limited(chargePoint(), (limitA) => limitA > 7.5);
      expect(limitsA(await activeOf(emsp, version, id)).every((limitA) => limitA >= 6)).toBe(true);
    });

    test("without a duration it goes on as long as the session", async () => {
      expect(await resultOf(emsp, version, id, profileOf(9))).toBe("ACCEPTED");
      await limited(chargePoint(), (limitA) => limitA >= 6 && limitA <= 9);
      const { charging_profile } = await activeOf(emsp, version, id);
      expect(charging_profile.charging_profile_period.every(({ limit }) => limit <= 9)).toBe(true);
      await chargePoint().stop();
    });
  });

  story("a charge point that refuses a profile", (version) => {
    const emsp = market.emsp[version];
    const chargePoint = () => market.site.chargePoint(`refusing-${version}`);
    let id = "";

    test("takes one of 12 A", async () => {
      id = await begin(version, "refusing", (uid) => chargePoint().start(uid));
      await chargePoint().meter(1);
      expect(await resultOf(emsp, version, id, profileOf(12))).toBe("ACCEPTED");
      await limited(chargePoint(), (limitA) => limitA >= 6 && limitA <= 12);
    });

    test("rejects a pause: its sender hears that, and the one before holds", async () => {
      chargePoint().answers.SetChargingProfile = refusesPauses({ status: "Rejected" });
      const since = emsp.heard.length;
      expect(await resultOf(emsp, version, id, profileOf(0))).toBe("REJECTED");
      const holdsAgain = (limits: number[]) =>
        limits.some((limitA) => limitA >= 6) && limits.every((limitA) => limitA <= 12.05);
      await updateOf(emsp, id, holdsAgain, since, "that the one before holds");
    });

    test("turns out to know no profiles: that is the result, and from then on the answer", async () => {
      chargePoint().answers.SetChargingProfile = { status: "NotSupported" };
      await until(async () =>
        (await market.site.child.events("limit-answered")).some(({ data }) => {
          const { evseId, answer } = data as { evseId: string; answer: string };
          return evseId === `evse-refusing-${version}` && answer === "not-supported";
        }),
      );
      expect((await askProfile(emsp, version, "GET", id)).said).toBe("NOT_SUPPORTED");
      const { said, callback } = await askProfile(emsp, version, "PUT", id, profileOf(9));
      expect(said).toBe("NOT_SUPPORTED");
      expect(callback.calls()).toBe(0);
      await chargePoint().stop();
    });
  });

  story("a charge point without smart charging", (version) => {
    const emsp = market.emsp[version];
    const chargePoint = () => market.site.chargePoint(`limitless-${version}`);

    test("says so itself: NOT_SUPPORTED, no result, no such capability", async () => {
      chargePoint().answers.SetChargingProfile = { status: "NotSupported" };
      chargePoint().answers.GetConfiguration = {
        configurationKey: [{ key: "SupportedFeatureProfiles", readonly: true, value: "Core" }],
      };
      await chargePoint().close();
      await chargePoint().connect();
      const id = await begin(version, "limitless", (uid) => chargePoint().start(uid));
      for (const method of ["PUT", "GET", "DELETE"] as const) {
        const { said, callback } = await askProfile(emsp, version, method, id, profileOf(8));
        expect(said, method).toBe("NOT_SUPPORTED");
        expect(callback.calls()).toBe(0);
      }
      const evse = await emsp.ask("GET", "locations", `/LOC-1/evse-limitless-${version}`);
      expect((evse.data as Json).capabilities).not.toContain("CHARGING_PROFILE_CAPABLE");
      await chargePoint().stop();
    });
  });

  story("a station of OCPP 2.0.1", (version) => {
    const emsp = market.emsp[version];
    const scsp = market.scsp[version];
    const station = () => market.site.station(`station-${version}`);
    let id = "";

    test("is given a profile for the transaction by the station's own id of it", async () => {
      id = await begin(version, "station", (uid) => station().start(uid));
      await station().meter(1);
      expect(await resultOf(scsp, version, id, profileOf(9))).toBe("ACCEPTED");
      await limited(station(), (limitA) => limitA >= 6 && limitA <= 9);
      const told = station().told.findLast(({ action }) => action === "SetChargingProfile")!;
      expect((told.payload.chargingProfile as Json).transactionId).toBe(station().transactionId);
      expect(limitsA(await activeOf(scsp, version, id))[0]).toBeLessThanOrEqual(9);
    });

    test("in W over three phases", async () => {
      expect(await resultOf(scsp, version, id, profileOf(5_520, "W"))).toBe("ACCEPTED");
      await limited(station(), (limitA) => limitA >= 6 && limitA <= 8);
    });

    test("another sender's below it changes what holds: the first is told", async () => {
      const since = scsp.heard.length;
      expect(await resultOf(emsp, version, id, profileOf(6))).toBe("ACCEPTED");
      await updateOf(scsp, id, (limits) => limits.every((limitA) => limitA <= 6.05), since);
      const { said, callback } = await askProfile(emsp, version, "DELETE", id);
      expect(said).toBe("ACCEPTED");
      expect(await callback.result()).toEqual({ result: "ACCEPTED" });
    });

    test("rejects a pause with a reason: its sender hears REJECTED, and the one before holds", async () => {
      const statusInfo = { reasonCode: "InvalidValue" };
      station().answers.SetChargingProfile = refusesPauses({ status: "Rejected", statusInfo });
      const since = scsp.heard.length;
      expect(await resultOf(scsp, version, id, profileOf(0))).toBe("REJECTED");
      const holdsAgain = (limits: number[]) =>
        limits.some((limitA) => limitA >= 6) && limits.every((limitA) => limitA <= 8.05);
      await updateOf(scsp, id, holdsAgain, since, "that the one before holds");
    });

    test("its session ends as others do, and its meter is in the record", async () => {
      await station().meter(2_345);
      const since = emsp.heard.length;
      await station().stop();
      const { said } = await askProfile(scsp, version, "PUT", id, profileOf(8));
      expect(said).toBe("UNKNOWN_SESSION");
      const record = await emsp.next(
        ({ module, method, body }) => module === "cdrs" && method === "POST" && (body as Json).session_id === id,
        since,
        "the record",
      );
      expect((record.body as Json).total_energy).toBe(2.346);
    });
  });
}

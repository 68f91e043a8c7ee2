/** A site with a partner whose drivers come, and what is said of them. */
import { onTestFinished } from "vitest";
import type { Handler } from "./partner.ts";
import { OcpiRig, type OcpiRigOptions } from "./rig.ts";

export const CONFIGURATION = { contracts: [{ may: ["commands"] }] };
/** Nobody charges whom nobody knows. */
export const CLOSED = { charging: { acceptUnknownTokens: false, tokens: [{ token: "OWNERS-CARD" }] } };

export async function site(options: OcpiRigOptions = {}): Promise<OcpiRig> {
  const rig = await OcpiRig.registered({ configuration: CONFIGURATION, ...CLOSED, ...options });
  onTestFinished(() => rig.close());
  await rig.partner.discover(rig.versionsUrl);
  await rig.site.connectAll();
  await rig.settled();
  return rig;
}

export const token = (uid: string, more: object = {}) => ({
  country_code: "NL",
  party_id: "EMS",
  uid,
  type: "RFID",
  contract_id: `NL-EMS-C${uid}`,
  visual_number: null,
  issuer: "Test",
  valid: true,
  whitelist: "ALLOWED",
  last_updated: "2026-06-01T00:00:00Z",
  ...more,
});

export const urlOf = (rig: OcpiRig, uid: string) => `${rig.partner.endpoint("tokens")}/NL/EMS/${uid}`;
export const put = (rig: OcpiRig, uid: string, more?: object) =>
  rig.partner.call("PUT", urlOf(rig, uid), { body: token(uid, more) });
export const shown = async (rig: OcpiRig, uid: string) =>
  (await rig.site.controller.handle({ type: "authorize", chargePointId: "cp-one", token: uid })).tokenStatus;
export const asked = (rig: OcpiRig) => rig.partner.received.filter(({ path }) => path.endsWith("/authorize"));
export const allows =
  (allowed: string, more: object = {}): Handler =>
  ({ path }) =>
    path.endsWith("/authorize") ? { data: { allowed, ...more } } : undefined;

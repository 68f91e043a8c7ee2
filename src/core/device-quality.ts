/** Says when a device's readings become stale or absent, and when they come back. */
import type { SiteDraft } from "./facts/index.ts";
import type { ProcessImage } from "./image.ts";
import { type Quality, qualityOfAge } from "./quantity.ts";
import type { DeviceConfiguration } from "./site/site.ts";
import type { SiteModel } from "./site/site-model.ts";
import type { SiteState } from "./state/state.ts";

/** A meter older than this allows no raise; older than {@link ABSENT_AFTER_MS}, safe currents. */
export const STALE_AFTER_MS = 5_000;
/** Leaves time to get safe currents to every EVSE within 15 s of the last reading. */
export const ABSENT_AFTER_MS = 10_000;

/** Whether a reading is younger than {@link STALE_AFTER_MS}. */
export function isFresh<R extends { readonly atMonoMs: number }>(
  reading: R | undefined,
  { monoMs }: Pick<ProcessImage, "monoMs">,
): reading is R {
  return reading !== undefined && monoMs - reading.atMonoMs <= STALE_AFTER_MS;
}

/** Time of the youngest reading of a device, monotonic ms. */
export function lastReadingMonoMs(device: DeviceConfiguration, image: ProcessImage): number | undefined {
  if (device.role === "meter") return image.meters.get(device.id)?.atMonoMs;
  if (device.role === "pv") return image.pvs.get(device.id)?.atMonoMs;
  return image.batteries.get(device.id)?.atMonoMs ?? image.pvs.get(device.id)?.atMonoMs;
}

/** Quality of a device now. */
export function deviceQuality(device: DeviceConfiguration, image: ProcessImage): Quality {
  return readingQuality(device, lastReadingMonoMs(device, image), image);
}

/** Quality of one reading of a device; slow pollers get three polls before they are stale. */
export function readingQuality(
  device: DeviceConfiguration,
  atMonoMs: number | undefined,
  image: ProcessImage,
): Quality {
  const ageMs = atMonoMs === undefined ? undefined : image.monoMs - atMonoMs;
  const slack = device.role === "meter" ? 0 : 3 * device.pollMs;
  return qualityOfAge(ageMs, STALE_AFTER_MS + slack, ABSENT_AFTER_MS + slack);
}

/** Facts about devices whose quality differs from what the state knows. `troubles` holds the shells' last words. */
export function deviceQualityDrafts(
  site: SiteModel,
  state: SiteState,
  image: ProcessImage,
  troubles: ReadonlyMap<string, string>,
): SiteDraft[] {
  const drafts: SiteDraft[] = [];
  for (const device of site.configuration.devices) {
    const quality = deviceQuality(device, image);
    if (state.site.devices[device.id]?.quality === quality) continue;
    const detail = quality === "good" ? "" : (troubles.get(device.id) ?? "no reading");
    drafts.push({
      type: "device-quality-changed",
      source: `device:${device.id}`,
      data: { deviceId: device.id, quality, detail },
    });
  }
  return drafts;
}

import type { ProcessImage } from "../../core/image.ts";
import { PHASE_INDEXES } from "../../core/quantity.ts";

function put(samples: Record<string, number>, name: string, value: number | undefined, scale: number): void {
  if (value !== undefined && Number.isFinite(value)) samples[name] = Math.round(value * scale);
}

/** One sample of everything measured, as integers: W, 0.1 A, Wh. What no longer answers is left out. */
export function tapeSamples(image: ProcessImage): Record<string, number> {
  const samples: Record<string, number> = {};
  const fresh = (atMonoMs: number) => image.monoMs - atMonoMs <= 5_000;
  for (const meter of image.meters.values()) {
    if (!fresh(meter.atMonoMs)) continue;
    put(samples, `${meter.deviceId}.w`, meter.powerW, 1);
    for (const phase of PHASE_INDEXES) put(samples, `${meter.deviceId}.l${phase + 1}`, meter.currentA?.[phase], 10);
  }
  for (const pv of image.pvs.values()) if (fresh(pv.atMonoMs)) put(samples, `${pv.deviceId}.pv.w`, pv.powerW, 1);
  for (const battery of image.batteries.values()) {
    if (!fresh(battery.atMonoMs)) continue;
    put(samples, `${battery.deviceId}.battery.w`, battery.powerW, 1);
    put(samples, `${battery.deviceId}.battery.soc`, battery.socPercent, 10);
  }
  for (const evse of image.evses.values()) {
    if (image.monoMs - evse.atMonoMs > 90_000) continue;
    put(samples, `${evse.evseId}.w`, evse.powerW, 1);
    for (const phase of PHASE_INDEXES) put(samples, `${evse.evseId}.l${phase + 1}`, evse.currentA?.[phase], 10);
    put(samples, `${evse.evseId}.wh`, evse.energyWh, 1);
  }
  return samples;
}

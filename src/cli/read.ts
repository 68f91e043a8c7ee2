/** `wattledger read --config site.yaml DEVICE`: reads a device until it has said everything once. */
import { parseArgs } from "node:util";
import { realClock } from "../app/clock.ts";
import { problemText, readConfiguration } from "../app/configuration/configuration.ts";
import { silentLog } from "../app/log.ts";
import type { DeviceSink } from "../core/ports.ts";
import { startModbusDevices } from "../modbus/devices.ts";

/** What `--help` prints. */
export const USAGE = "Usage: wattledger read [--config site.yaml] DEVICE   one reading of a device of site.yaml";

const PATIENCE_MS = 10_000;

/** Exit code 0 when it answered, 1 when not, 2 usage. */
export async function read(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: "string", short: "c", default: "site.yaml" } },
  });
  const result = readConfiguration(values.config);
  if (!result.ok) {
    for (const problem of result.problems) console.error(problemText(problem));
    return 1;
  }
  const device = result.configuration.devices.find((entry) => entry.id === positionals[0]);
  if (!device) {
    console.error(`${USAGE}\nDevices: ${result.configuration.devices.map((entry) => entry.id).join(", ")}`);
    return 2;
  }
  let trouble = "no answer";
  const wanted = device.role === "hybrid" ? 2 : 1;
  const readings: unknown[] = [];
  return new Promise((resolve) => {
    const finish = (code: number) => {
      clearTimeout(patience);
      void started.close().then(() => resolve(code));
    };
    const take = (reading: object) => {
      readings.push(reading);
      console.log(JSON.stringify(reading, null, 2));
      if (readings.length >= wanted) finish(0);
    };
    const sink: DeviceSink = {
      meter: take,
      pv: take,
      battery: take,
      trouble: (_, detail) => {
        trouble = detail;
      },
    };
    const patience = setTimeout(() => {
      console.error(`${device.id}: ${trouble}`);
      finish(1);
    }, PATIENCE_MS);
    const started = startModbusDevices({ devices: [device], sink, clock: realClock(), log: silentLog });
  });
}

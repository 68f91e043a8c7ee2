/** `wattledger discover HOST [HOST...]`: looks for SunSpec devices and Eastron meters at addresses; it only reads. */
import { parseArgs } from "node:util";
import { realClock } from "../app/clock.ts";
import { silentLog } from "../app/log.ts";
import type { DeviceConfiguration } from "../core/site/site.ts";
import { startModbusDevices } from "../modbus/devices.ts";

const PROBES: readonly {
  readonly profile: string;
  readonly role: DeviceConfiguration["role"];
  readonly port: number;
}[] = [
  { profile: "sunspec-meter", role: "meter", port: 502 },
  { profile: "sunspec-inverter", role: "pv", port: 502 },
  { profile: "sunspec-inverter", role: "pv", port: 1502 },
  { profile: "eastron-sdm630", role: "meter", port: 502 },
];
const MOST_HOSTS = 256;
const AT_ONCE = 16;
const PATIENCE_MS = 3_000;

function probe(
  host: string,
  { profile, role, port }: (typeof PROBES)[number],
  ownPort: number | undefined,
): Promise<string | undefined> {
  const device: DeviceConfiguration = {
    id: "probe",
    role,
    profile,
    unitId: 1,
    pollMs: 5_000,
    invert: false,
    connection: { tcp: { host, port: ownPort ?? port, framing: "tcp" } },
  };
  return new Promise((resolve) => {
    const finish = (found: boolean) => {
      clearTimeout(patience);
      void started
        .close()
        .then(() => resolve(found ? `${host}:${ownPort ?? port} answers as ${profile} (${role})` : undefined));
    };
    const found = () => finish(true);
    const patience = setTimeout(() => finish(false), PATIENCE_MS);
    const started = startModbusDevices({
      devices: [device],
      sink: { meter: found, pv: found, battery: found, trouble: () => {} },
      clock: realClock(),
      log: silentLog,
    });
  });
}

/** What `--help` prints. */
export const USAGE = `Usage: wattledger discover HOST [HOST...] [--port N]   (at most ${MOST_HOSTS} hosts; it only reads)`;

/** Exit code 0 when something answered, 1 when nothing did, 2 usage. */
export async function discover(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { port: { type: "string" } } });
  if (positionals.length === 0 || positionals.length > MOST_HOSTS) {
    console.error(USAGE);
    return 2;
  }
  const port = values.port === undefined ? undefined : Number(values.port);
  const jobs = positionals.flatMap((host) => PROBES.map((entry) => () => probe(host, entry, port)));
  const found = new Set<string>();
  for (let at = 0; at < jobs.length; at += AT_ONCE) {
    for (const line of await Promise.all(jobs.slice(at, at + AT_ONCE).map((job) => job()))) if (line) found.add(line);
  }
  for (const line of found) console.log(line);
  if (found.size === 0) console.log("Nothing answered. Check that Modbus TCP is switched on in the device.");
  return found.size > 0 ? 0 : 1;
}

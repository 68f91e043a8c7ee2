/** The site's time zone from the machine's own tables, where it has them: they are kept up to date with the machine. */
import { readFileSync } from "node:fs";
import { knowZone } from "../../core/time/calendar.ts";
import { zoneTable } from "../../core/time/zone-table.ts";

const DIRECTORY = "/usr/share/zoneinfo";
const NAME = /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/;

/** Without a table, or for a time after its end, Intl knows the zone too. */
export function useMachineZone(timeZone: string, directory = DIRECTORY): void {
  if (!NAME.test(timeZone)) return;
  try {
    const table = zoneTable(readFileSync(`${directory}/${timeZone}`));
    if (table) knowZone(timeZone, table);
  } catch {
    // No such zone, or no tables: a container may have none.
  }
}

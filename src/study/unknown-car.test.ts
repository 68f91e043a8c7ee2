import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseScenario } from "./scenario-file.ts";
import { simulate } from "./simulate.ts";

const directory = mkdtempSync(join(tmpdir(), "unknown-car-"));
afterAll(() => rmSync(directory, { recursive: true }));

const file = (name: string, lines: readonly string[]) => writeFileSync(join(directory, name), lines.join("\n"));

/** A morning at a post of 22 kW, the cheapest hours of which are the last before noon; energy that was delivered, kWh, and its cost. */
async function morning(car: string, askedKwh = 30) {
  file("sessions.csv", [
    "session_id,arrival_utc,departure_utc,energy_kwh,requested_kwh,est_departure_utc,max_kw,phases",
    `s,2024-06-03T02:00:00Z,2024-06-03T09:00:00Z,${askedKwh},${askedKwh},2024-06-03T09:00:00Z,${car}`,
  ]);
  const price = (hour: number) => (hour < 7 ? 0.3 : 0.1);
  const hours = Array.from({ length: 48 }, (_, hour) => {
    return `${new Date(Date.UTC(2024, 5, 3, hour - 2)).toISOString()},${price(hour)}`;
  });
  file("prices.csv", ["start_utc,eur_per_kwh", ...hours]);
  const read = parseScenario(
    [
      "name: a post",
      "period: { from: 2024-06-03, days: 1 }",
      "site: { timeZone: Europe/Berlin, country: NL, mainFuseA: 63, evses: [{ id: post, phases: [L1, L2, L3], maxCurrentA: 32 }] }",
      "charging: { defaultEnergyWh: 10000, defaultStayHours: 4, statements: reliable }",
      "tariff: { import: { kind: day-ahead } }",
      "data: { sessions: sessions.csv, prices: prices.csv }",
    ].join("\n"),
    join(directory, "post.yaml"),
  );
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const endMs = read.scenario.startMs + 12 * 3_600_000;
  const { energyDeliveredWh, costEur } = await simulate({ ...read.scenario, endMs });
  return { kwh: energyDeliveredWh / 1000, costEur };
}

describe("a car that nobody knows, at an EVSE of three phases, whose driver said what and until when", () => {
  it("has all of it when it leaves, although it charges on one phase and the cheapest hours are the last", async () => {
    const { kwh } = await morning("7.36,1");
    expect(kwh).toBeGreaterThan(29.8);
  });

  it("has it, too, where that phase takes no more than 16 A of the 32 that the EVSE has", async () => {
    const { kwh } = await morning("3.68,1", 23);
    expect(kwh).toBeGreaterThan(22.5);
  });

  it("and waits for them where it shows that it is quick enough", async () => {
    const { kwh, costEur } = await morning("22.08,3");
    expect(kwh).toBeGreaterThan(29.8);
    // A quarter-hour shows it; the rest is cheap.
    expect(costEur).toBeLessThan(30 * 0.1 + 6 * 0.2);
  });
});

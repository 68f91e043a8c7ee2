/** Sessions of a scenario as files have them. */
import { describe, expect, it } from "vitest";
import { DAY, file, SESSION_COLUMNS, SITE, scenarioOf } from "./scenario-file.test-kit.ts";

describe("dirty sessions", () => {
  const rows = [
    "s1,x,a,2025-10-26T08:00:00Z,2025-10-26T12:00:00Z,10,,,,7.4,1,",
    "s1,x,a,2025-10-26T08:00:00Z,2025-10-26T12:00:00Z,10,,,,7.4,1,",
    "s2,x,a,2025-10-26T09:00:00Z,2025-10-26T13:00:00Z,10,,,,7.4,1,",
    's3,x,,2025-10-26T09:00:00+02:00,2025-10-26T13:00:00Z,8,20,2025-10-26T20:00:00Z,,11,3,"a=1;user=U,7"',
    "s4,x,b,2025-10-26T15:00:00Z,,10,,,,7.4,1,",
    "s5,x,b,2025-10-26T15:00:00Z,2025-10-26T14:00:00Z,10,,,,7.4,1,",
    "s6,x,b,2025-10-26T15:00:00Z,2025-10-26T15:01:00Z,100,,,,7.4,1,",
    "s7,x,b,2025-10-26T15:00:00Z,2025-10-28T15:00:00Z,10,,,,7.4,1,",
    "s8,x,b,2025-10-26T15:00:00Z,2025-10-26T16:00:00Z,,,,,7.4,1,",
  ];

  it("are left out and counted by reason; the others keep what the driver said", () => {
    file("sessions.csv", [SESSION_COLUMNS, ...rows].join("\n"));
    const { scenario, notes } = scenarioOf([DAY, SITE, "data: { sessions: sessions.csv }"]);
    expect(scenario.sessions).toMatchObject([
      {
        id: "s3",
        evseId: "a",
        requestedWh: 20_000,
        statedDepartureMs: Date.UTC(2025, 9, 26, 20),
        phases: 3,
        token: "user-U7",
      },
    ]);
    const texts = notes.map(({ text }) => text);
    for (const why of [
      "session was there before",
      "no time of departure",
      "left before it came",
      "more energy than any charger can give in that time",
      "stays beyond the period",
      "no energy",
    ])
      expect(texts).toContain(`1 row left out: ${why}`);
    expect(texts).toContain("2 rows left out: its EVSE was taken");
  });
});

describe("what drivers said", () => {
  it("is not used where it cannot be meant, and counted; a power that is none is that of the file", () => {
    const rows = [
      "s1,x,a,2025-10-26T08:00:00Z,2025-10-26T12:00:00Z,10,lots,yesterday,,0,?,",
      "s2,x,b,2025-10-26T08:00:00Z,2025-10-26T12:00:00Z,10,-5,2025-10-26T07:00:00Z,,,,",
      "s3,x,a,2025-10-26T13:00:00Z,2025-10-26T14:00:00Z,x,,,,,,",
      "s4,x,a,2025-10-26T15:00:00Z,2025-10-26T16:00:00Z,5,,2099-01-01T00:00:00Z,,,,",
    ];
    file("said.csv", [SESSION_COLUMNS, ...rows].join("\n"));
    const { scenario, notes } = scenarioOf([
      DAY,
      SITE,
      "data: { sessions: { file: said.csv, maxKw: 7.36, phases: 1 } }",
    ]);
    expect(scenario.sessions.map(({ maxCurrentA, phases }) => [maxCurrentA, phases])).toEqual([
      [32, 1],
      [32, 1],
      [32, 1],
    ]);
    for (const session of scenario.sessions) {
      expect(session).not.toHaveProperty("requestedWh");
      expect(session).not.toHaveProperty("statedDepartureMs");
    }
    expect(notes.map(({ text }) => text)).toEqual([
      "1 row left out: energy is not a number",
      "2 statements not used: no possible energy",
      "2 statements not used: no departure after the arrival",
      "1 statement not used: departure more than a year ahead",
      "3 sessions used",
    ]);
  });
});

import { describe, expect, it } from "vitest";
import type { EvseSample } from "../charge-point-input.ts";
import { Books, homeConfiguration, NOON_MS } from "../site/site.test-kit.ts";
import { KINDS_AN_HOUR } from "./violations.ts";

const HOUR_MS = 3_600_000;

function types(facts: readonly { readonly type: string }[]): string[] {
  return facts.map((fact) => fact.type);
}

function charging(meterStartWh = 1_000_000): Books {
  const books = new Books();
  const start = { chargePointId: "garage", connector: 1, token: "CAFE", meterStartWh, atMs: NOON_MS, replayed: false };
  books.tell({ type: "transaction-started", ...start });
  books.nowMs += HOUR_MS;
  return books;
}

function metered(books: Books, ...samples: Omit<EvseSample, "atMs">[]) {
  const stamped = samples.map((sample) => ({ atMs: books.nowMs, ...sample }));
  return books.tell({ type: "metered", chargePointId: "garage", connector: 1, samples: stamped });
}

describe("what a charge point tells of itself", () => {
  it("is a fact when it connects, boots and goes, and not when it only says that it lives", () => {
    const books = new Books();
    books.tell({ type: "connected", chargePointId: "garage", protocol: "ocpp1.6", remote: "192.0.2.7" });
    books.tell({ type: "booted", chargePointId: "garage", vendor: "Acme", model: "One", firmware: "1.2" });
    for (let minute = 0; minute < 60; minute++) books.tell({ type: "heartbeat", chargePointId: "garage" });
    books.tell({ type: "disconnected", chargePointId: "garage", reason: "closed" });
    books.tell({ type: "disconnected", chargePointId: "garage", reason: "closed" });
    expect(types(books.facts)).toEqual(["charge-point-connected", "charge-point-booted", "charge-point-disconnected"]);
    expect(books.state.chargePoints.byId.garage).toMatchObject({ connected: false, model: "One", firmware: "1.2" });
  });

  it("is a status fact only when the status changes", () => {
    const books = new Books();
    const report = (status: "available" | "charging", errorCode?: string) =>
      books.tell({
        type: "status",
        chargePointId: "garage",
        connector: 1,
        status,
        ...(errorCode === undefined ? {} : { errorCode }),
      });
    report("available");
    report("available");
    report("charging");
    report("charging", "OverTemperature");
    report("charging", "OverTemperature");
    expect(types(books.facts)).toHaveLength(3);
    expect(books.state.chargePoints.evses["garage-evse"]).toMatchObject({ errorCode: "OverTemperature" });
  });

  it("is told once an hour when its status names a connector that nobody configured", () => {
    const books = new Books();
    const report = () => books.tell({ type: "status", chargePointId: "garage", connector: 2, status: "available" });
    expect(types(report().facts)).toEqual(["message-violated"]);
    expect(report().facts).toEqual([]);
    books.nowMs += HOUR_MS;
    expect(types(report().facts)).toEqual(["message-violated"]);
  });

  it("keeps what a probe found, and is silent when the next probe finds the same", () => {
    const books = new Books();
    const probe = () =>
      books.tell({ type: "probed", chargePointId: "garage", rateUnit: "W", maxStackLevel: 8, settings: {} });
    expect(types(probe().facts)).toEqual(["charge-point-probed"]);
    expect(probe().facts).toEqual([]);
    expect(books.state.chargePoints.byId.garage).toMatchObject({ rateUnit: "W", maxStackLevel: 8 });
  });

  it("keeps notifications, cut to their bound", () => {
    const books = new Books();
    const payload = "x".repeat(10_000);
    const { facts } = books.tell({
      type: "notified",
      chargePointId: "garage",
      kind: "security",
      action: "SecurityEventNotification",
      payload,
    });
    expect((facts[0]!.data as { payload: string }).payload).toHaveLength(4096);
  });

  it("counts refused connections", () => {
    const books = new Books();
    const refused = { identity: "stranger", remote: "192.0.2.99", reason: "unknown identity", count: 12 };
    expect(books.tell({ type: "refused", ...refused }).facts[0]!.data).toEqual(refused);
  });
});

describe("broken messages", () => {
  it("are one fact an hour for the same violation, with the payload cut", () => {
    const books = new Books();
    const violate = (problem: string) =>
      books.tell({
        type: "violated",
        chargePointId: "garage",
        action: "MeterValues",
        problem,
        payload: "y".repeat(9000),
      });
    expect((violate("no time zone").facts[0]!.data as { payload: string }).payload).toHaveLength(1024);
    for (let message = 0; message < 100; message++) expect(violate("no time zone").facts).toEqual([]);
    expect(violate("no number").facts).toHaveLength(1);
    books.nowMs += HOUR_MS;
    expect(violate("no time zone").facts).toHaveLength(1);
  });

  it("stay bounded when every one is broken in a new way", () => {
    const books = new Books();
    for (let message = 0; message < 2000; message++) {
      const problem = `key ${message} is unknown`;
      books.tell({ type: "violated", chargePointId: "garage", action: `Do${message}`, problem, payload: "{}" });
    }
    expect(books.facts.length).toBeGreaterThan(KINDS_AN_HOUR / 2);
    expect(books.facts.length).toBeLessThanOrEqual(KINDS_AN_HOUR);
  });
});

describe("tokens", () => {
  const tokens = [{ token: "Cafe0001", name: "Anna" }];
  const closed = {
    defaultEnergyWh: 20_000,
    defaultStayHours: 8,
    missedEurPerKwh: 0.5,
    statements: "learned" as const,
    acceptUnknownTokens: false,
    tokens,
  };

  it("are compared without case, and unknown ones are refused where the owner wants that", () => {
    const books = new Books(homeConfiguration({ charging: closed }));
    const ask = (token: string) => books.tell({ type: "authorize", chargePointId: "garage", token });
    expect(ask("CAFE0001").answer).toEqual({ tokenStatus: "accepted" });
    expect(ask("DEAD0001").answer).toEqual({ tokenStatus: "unknown" });
    expect(ask("DEAD0001").facts).toEqual([]);
    expect(types(books.facts)).toEqual(["token-checked", "token-checked"]);
  });

  it("that come with each word of a transaction which they began are answered, and are no facts", () => {
    const books = new Books(homeConfiguration({ charging: closed }));
    const start = { chargePointId: "garage", connector: 1, token: "CAFE0001", atMs: NOON_MS, replayed: false };
    books.tell({ type: "transaction-started", ...start });
    const ask = (token: string) => books.tell({ type: "authorize", chargePointId: "garage", token });
    expect(ask("CAFE0001")).toMatchObject({ answer: { tokenStatus: "accepted" }, facts: [] });
    expect(types(ask("DEAD0001").facts)).toEqual(["token-checked"]);
  });

  it("are all welcome where the owner lets anyone charge", () => {
    const books = new Books();
    const { answer } = books.tell({ type: "authorize", chargePointId: "garage", token: "whoever" });
    expect(answer.tokenStatus).toBe("accepted");
  });

  it("do not keep a transaction out of the books when they are refused", () => {
    const books = new Books(homeConfiguration({ charging: closed }));
    const start = { chargePointId: "garage", connector: 1, token: "DEAD", atMs: NOON_MS, replayed: false };
    expect(books.tell({ type: "transaction-started", ...start }).answer).toEqual({
      transactionId: 1,
      tokenStatus: "unknown",
    });
    expect(types(books.facts)).toEqual(["transaction-started"]);
  });
});

describe("meter values", () => {
  it("become readings and no facts", () => {
    const books = charging();
    const values = { currentA: [16, 16, 16] as const, powerW: 11_000, energyWh: 1_011_000, socPercent: 55 };
    const { readings, facts } = metered(books, values);
    expect(readings).toEqual([{ evseId: "garage-evse", ...values }]);
    expect(facts).toEqual([]);
  });

  it("that were queued while the charge point was offline are history, not a reading of now", () => {
    const books = charging();
    const samples = [{ atMs: books.nowMs - HOUR_MS, powerW: 11_000 }];
    expect(books.tell({ type: "metered", chargePointId: "garage", connector: 1, samples }).readings).toEqual([]);
  });

  it.each([
    ["a negative register", { energyWh: -1 }],
    ["a register in kWh", { energyWh: 1_011 }],
    ["a register that fell", { energyWh: 999_000 }],
    ["a register that jumped", { energyWh: 2_000_000 }],
  ])("with %s still tell the current, and the register is noted and left out", (_, wrong) => {
    const books = charging();
    const { readings, facts } = metered(books, { currentA: [10, 10, 10], ...wrong });
    expect(readings).toEqual([{ evseId: "garage-evse", currentA: [10, 10, 10] }]);
    expect(types(facts)).toEqual(["message-violated"]);
  });

  it.each([
    ["current", { currentA: [16_000, 0, 0] as const }],
    ["current", { currentA: [Number.NaN, 0, 0] as const }],
    ["power", { powerW: 11_000_000 }],
    ["state of charge", { socPercent: 850 }],
  ])("with an impossible %s are not used at all", (what, wrong) => {
    const books = charging();
    const { readings, facts } = metered(books, wrong);
    expect(readings).toEqual([]);
    expect((facts[0]!.data as { problem: string }).problem).toContain(what);
  });

  it("of a batch are noted once when all are wrong in the same way", () => {
    const books = charging();
    expect(metered(books, { energyWh: -1 }, { energyWh: -2 }, { energyWh: -3 }).facts).toHaveLength(1);
  });

  it("of the charge point's own main meter concern nobody", () => {
    const books = charging();
    const samples = [{ atMs: books.nowMs, powerW: 11_000 }];
    const told = books.tell({ type: "metered", chargePointId: "garage", connector: 0, samples });
    expect([told.readings, told.facts]).toEqual([[], []]);
  });
});

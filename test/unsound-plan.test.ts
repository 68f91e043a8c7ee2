/** Numbers that are none, on their way into a plan or out of it: the site goes on without them. */
import { expect, test } from "vitest";
import type { PlanInput, PlanResult } from "../src/core/facts/plan-facts.ts";
import type { Log, Solver } from "../src/core/ports.ts";
import { firstUnsoundInput } from "../src/planner/input/limits.ts";
import { ruleBasedPlan } from "../src/planner/rules/rules.ts";
import { SiteRig } from "./site-rig.ts";

const STALLS = [{ id: "a" }, { id: "b" }];
const NOWHERE = { tcp: { host: "127.0.0.1", port: 1 } };
const DEVICES = [
  { id: "roof", role: "pv", profile: "sunspec-inverter", connection: NOWHERE, pv: { peakW: 8000 } },
  {
    id: "store",
    role: "battery",
    profile: "sunspec-inverter",
    connection: NOWHERE,
    battery: { capacityWh: 10_000, maxChargeW: 3000, maxDischargeW: 3000, control: true },
  },
];

const plansOf = (rig: SiteRig) => rig.facts("plan-made").map(({ data }) => data);

test.each([
  Number.NaN,
  Number.POSITIVE_INFINITY,
])("an inverter and a battery that say %s are devices that do not answer: plans go on without them", async (none) => {
  const rig = new SiteRig({ stalls: STALLS, devices: DEVICES });
  await rig.connectAll();
  const say = (powerW: number, socPercent: number) => () => {
    const atMonoMs = rig.clock.monoMs();
    rig.controller.sink.pv({ deviceId: "roof", atMonoMs, powerW });
    rig.controller.sink.battery({ deviceId: "store", atMonoMs, powerW, socPercent });
  };
  await rig.run(20, say(1000, 50));
  await rig.plugIn("a", { override: false });
  await rig.run(120, say(1000, 50));
  const before = plansOf(rig).length;
  expect(plansOf(rig).at(-1)!.input.batteries).toHaveLength(1);
  await rig.run(60, say(none, none));
  await rig.plugIn("b", { override: false });
  await rig.run(900, say(none, none));
  expect(plansOf(rig).length).toBeGreaterThan(before);
  expect(plansOf(rig).flatMap((plan) => firstUnsoundInput(plan) ?? [])).toEqual([]);
  expect(plansOf(rig).at(-1)!.input.batteries).toEqual([]);
  const said = rig.facts("device-quality-changed").map(({ data }) => `${data.deviceId}: ${data.detail}`);
  for (const name of ["roof: It says", "store: It says"]) expect(said.join("\n")).toContain(name);
  expect([rig.limitA("a"), rig.limitA("b")]).toEqual([16, 16]);
  expect(rig.facts("ledger-resumed")).toEqual([]);
  await rig.run(60, say(1000, 50));
  await rig.unplug("b");
  await rig.run(60, say(1000, 50));
  expect(plansOf(rig).at(-1)!.input.batteries).toHaveLength(1);
});

test("a plan with a number that is none is not followed and not recorded, said once, and the last plan goes on", async () => {
  const errors: string[] = [];
  const log: Log = { debug() {}, info() {}, warn() {}, error: (message) => void errors.push(message) };
  let broken = false;
  const spoilt = (input: PlanInput): PlanResult => {
    const plan = ruleBasedPlan(input, "rig");
    return { ...plan, evses: plan.evses.map((evse) => ({ ...evse, powerW: evse.powerW.map(() => Number.NaN) })) };
  };
  const solver: Solver = {
    solve: async (input) => (broken ? spoilt(input) : ruleBasedPlan(input, "rig")),
    close: async () => {},
  };
  const rig = new SiteRig({ stalls: STALLS, solver, log });
  await rig.connectAll();
  await rig.plugIn("a", { override: false });
  await rig.run(120);
  const made = plansOf(rig).length;
  broken = true;
  await rig.plugIn("b", { override: false });
  await rig.run(300);
  expect(plansOf(rig)).toHaveLength(made);
  expect(errors).toEqual([expect.stringContaining("is not followed")]);
  expect(rig.facts("ledger-resumed")).toEqual([]);
  expect([rig.limitA("a"), rig.limitA("b")]).toEqual([16, 16]);
  const { planTrouble } = rig.controller.live();
  expect(planTrouble?.text).toMatch(
    /^No plan is made since .*charging goes on, by the last plan .* Restart wattledger/,
  );
  expect(planTrouble?.sinceMs).toBeLessThan(rig.clock.wallMs() - 200_000);
  broken = false;
  await rig.run(30);
  expect(rig.controller.live()).not.toHaveProperty("planTrouble");
  expect(plansOf(rig).at(-1)!.input.evses).toHaveLength(2);
});

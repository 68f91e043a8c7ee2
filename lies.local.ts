import { drawWorld } from "./test/world/plan.ts";
import { World } from "./test/world/world.ts";
const [from, n, step, off] = process.argv.slice(2).map(Number);
for (let s = from! + (off ?? 0); s < from! + n!; s += step ?? 1) {
  const plan = drawWorld(s, { disk: "memory", only: ["meter-lie"] });
  const j = await new World(plan).live();
  const { longestOverInTroubleS: t, longestOverS: o, hottest: h } = j.currents;
  if (t > 16 || h > 0.6 || j.violations.length) console.log(s, plan.faults[0]!.kind, plan.faults[0]!.pick >= 0.5 && plan.garage?.metered ? "garage" : "grid", plan.protection, t, o, h.toFixed(2), j.violations.map((v) => v.text).join("; ").slice(0, 150));
}
process.exit(0);

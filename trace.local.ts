import { drawWorld } from "./test/world/plan.ts";
import { World } from "./test/world/world.ts";
const [seed, from, to, every] = process.argv.slice(2).map(Number) as [number, number, number, number];
const also = process.argv[6] ? { also: process.argv[6].split(",") } : {};
const world: any = new World(drawWorld(seed, { disk: "memory", ...also } as any), {});
let last: any = {};
const orig = world.judge.look.bind(world.judge);
world.judge.look = async () => { if (world.second >= from && world.second <= to) {
  const state = world.process?.recorder.state(); const L = state?.limits.byEvse ?? {};
  const M = world.process?.controller?.memory?.evses; for (const [id, v] of Object.entries<any>(L)) { const s = JSON.stringify({ a: v.currentA, one: v.onePhase, r: v.reason }); if (s !== last[id]) { console.log(world.second, id, s); last[id] = s; } }
  (globalThis as any).TRACE = world.second >= from && world.second <= to; if (world.second % every === 0) console.log(world.second, world.plan.stalls.map((s: any) => { const cp = world.chargePoint(s.id); return s.id + ":" + Number(cp.offeredA()).toFixed(1) + "/" + JSON.stringify(world.site.wired.drawnA?.(s.id) ?? "") + (world.visitAt(s.id) ? "*" : ""); }).join(" "));
 } return orig(); };
await world.live();

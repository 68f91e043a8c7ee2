/** What happens next: uses stacked over the horizon, the sun as a line, the price as steps, the limit as a rule. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { rampOver } from "../../core/view/ramp-over.ts";
import type { LiveSite } from "../../core/view/view.ts";
import { planRamp } from "../../core/words/en-plan.ts";
import { clockTime, fixed, kw, timeZone } from "./format.ts";
import { type ChartSlot, chartSlots, limitW } from "./plan-data.ts";
import { SlotReasons } from "./plan-reasons.tsx";
import { evseNames, history, live, type Plan, plan, sessions } from "./store.ts";
import { words } from "./words/en.ts";

const MINUTE_MS = 60_000;
const CAR_COLOURS = ["#1F5FA8", "#3B82C4", "#6BA6DC", "#1B4B7A", "#8FB8E8", "#2E6E9E", "#4F93CE", "#A9CBEF"];

interface Layer {
  readonly label: string;
  readonly colour: string;
  valueW(slot: ChartSlot): number;
}

function layersOf(site: LiveSite, slots: readonly ChartSlot[]): Layer[] {
  const used = new Set(slots.flatMap((slot) => Object.keys(slot.carsW).filter((id) => slot.carsW[id]! > 0)));
  const cars = site.evses.map((evse, index) => ({ evse, index })).filter(({ evse }) => used.has(evse.id));
  return [
    { label: words.building, colour: "#A79B8E", valueW: (slot) => slot.buildingW },
    ...cars.map(({ evse, index }) => ({
      label: evseNames.value.get(evse.id) ?? evse.id,
      colour: CAR_COLOURS[index % 8]!,
      valueW: (slot: ChartSlot) => slot.carsW[evse.id] ?? 0,
    })),
    { label: words.battery, colour: "#5A9E6F", valueW: (slot) => slot.batteryW },
  ];
}

/** Cumulative sums, so that each layer is drawn from zero and the lower ones over it. */
function stacked(slots: readonly ChartSlot[], layers: readonly Layer[]): number[][] {
  const sums = slots.map(() => 0);
  return layers.map((layer) =>
    slots.map((slot, index) => {
      sums[index] = sums[index]! + layer.valueW(slot) / 1000;
      return sums[index]!;
    }),
  );
}

function nowLine(nowS: () => number, limitKw: number | undefined): uPlot.Plugin {
  return {
    hooks: {
      draw: (chart) => {
        const { ctx, bbox } = chart;
        const style = getComputedStyle(chart.root);
        ctx.save();
        ctx.lineWidth = 2 * devicePixelRatio;
        const x = chart.valToPos(nowS(), "x", true);
        ctx.strokeStyle = style.getPropertyValue("--ink");
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
        ctx.fillStyle = style.getPropertyValue("--ink");
        ctx.font = `${11 * devicePixelRatio}px sans-serif`;
        ctx.fillText(words.now, x + 4 * devicePixelRatio, bbox.top + 12 * devicePixelRatio);
        if (limitKw !== undefined && limitKw <= (chart.scales.kw?.max ?? 0)) {
          const y = chart.valToPos(limitKw, "kw", true);
          ctx.strokeStyle = style.getPropertyValue("--limit");
          ctx.setLineDash([8 * devicePixelRatio, 4 * devicePixelRatio]);
          ctx.beginPath();
          ctx.moveTo(bbox.left, y);
          ctx.lineTo(bbox.left + bbox.width, y);
          ctx.stroke();
        }
        ctx.restore();
      },
    },
  };
}

/** Prices are steps of their own scale; those that nobody has told yet are paler. */
function priceSeries(look: Pick<uPlot.Series, "label" | "stroke" | "dash">): uPlot.Series {
  return { ...look, scale: "price", width: 1.5, paths: steps(), points: { show: false } };
}

const steps = () => uPlot.paths.stepped!({ align: 1 });

function optionsFor(
  element: HTMLElement,
  layers: readonly Layer[],
  made: Plan,
  onSlot: (index: number | undefined) => void,
): uPlot.Options {
  const colour = (name: string) => getComputedStyle(element).getPropertyValue(name).trim();
  const [ink, price] = [colour("--quiet"), colour("--price")];
  const grid = { stroke: colour("--line"), width: 1 };
  const mostW = limitW(made.input);
  const limitKw = mostW === undefined ? undefined : mostW / 1000;
  const zone = timeZone.value;
  return {
    width: element.clientWidth,
    height: 260,
    cursor: { y: false, points: { show: false } },
    legend: { show: false },
    ...(zone ? { tzDate: (seconds: number) => uPlot.tzDate(new Date(seconds * 1000), zone) } : {}),
    scales: {
      x: { time: true },
      kw: { range: (_, __, max) => [0, Math.max(5, max * 1.1)] },
      price: { range: (_, min, max) => [Math.min(0, min), Math.max(max * 1.1, 10)] },
    },
    axes: [
      { stroke: ink, grid, values: (_, ticks) => ticks.map((seconds) => clockTime(seconds * 1000, seconds * 1000)) },
      { scale: "kw", stroke: ink, grid, size: 44, label: "kW", labelSize: 14 },
      { scale: "price", side: 1, stroke: ink, grid: { show: false }, size: 44, label: words.perKwh, labelSize: 14 },
    ],
    series: [
      {},
      ...layers.toReversed().map((layer) => ({
        label: layer.label,
        scale: "kw",
        stroke: layer.colour,
        fill: layer.colour,
        width: 0,
        paths: steps(),
        points: { show: false },
      })),
      { label: words.sun, scale: "kw", stroke: "#E8A33D", width: 2, paths: steps(), points: { show: false } },
      priceSeries({ label: words.price, stroke: price, dash: [3, 3] }),
      priceSeries({ label: words.priceExpected, stroke: `${price}80`, dash: [1, 4] }),
    ],
    plugins: [nowLine(() => (live.value?.nowMs ?? Date.now()) / 1000, limitKw)],
    hooks: { setCursor: [(chart) => onSlot(chart.cursor.idx ?? undefined)] },
  };
}

function Readout({ slot, layers }: { slot: ChartSlot; layers: readonly Layer[] }) {
  const entries = layers.filter((layer) => layer.valueW(slot) >= 10);
  return (
    <p class="readout">
      <b>{clockTime(slot.startMs)}</b> {slot.measured ? words.measured : words.planned}:{" "}
      {entries.map((layer) => `${layer.label} ${kw(layer.valueW(slot))}`).join(", ")}
      {slot.sunW >= 10 ? `; ${words.sun} ${kw(slot.sunW)}` : ""}
      {slot.eurPerKwh === undefined ? "" : `; ${fixed(slot.eurPerKwh * 100, 1)} ${words.perKwh}`}
      {slot.expected ? ` (${words.expected})` : ""}
    </p>
  );
}

function Legend({ layers, hasExpected }: { layers: readonly Layer[]; hasExpected: boolean }) {
  return (
    <ul class="legend">
      {layers.map((layer) => (
        <li key={layer.label}>
          <span
            class="box"
            ref={(element) => {
              if (element) element.style.background = layer.colour;
            }}
          />
          {layer.label}
        </li>
      ))}
      <li>
        <span class="box line sun" />
        {words.sun}
      </li>
      <li>
        <span class="box line price" />
        {words.price}
      </li>
      {hasExpected ? (
        <li>
          <span class="box line price expected" />
          {words.priceExpected}
        </li>
      ) : null}
      <li>
        <span class="box line limit" />
        {words.limit}
      </li>
    </ul>
  );
}

function Chart({ site, made }: { site: LiveSite; made: Plan }) {
  const holder = useRef<HTMLDivElement>(null);
  const drawn = useRef<uPlot>(null);
  const chosen = useSignal<number | undefined>(undefined);
  const slots = chartSlots(made, history.value, sessions.value);
  const layers = layersOf(site, slots);
  const key = `${made.seq}/${history.value.length}/${layers.length}`;
  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    const sums = stacked(slots, layers).toReversed();
    const price = (expected: boolean) =>
      slots.map((slot) => (slot.eurPerKwh === undefined || slot.expected !== expected ? null : slot.eurPerKwh * 100));
    const data = [
      slots.map((slot) => slot.startMs / 1000),
      ...sums,
      slots.map((slot) => slot.sunW / 1000),
      price(false),
      price(true),
    ] as uPlot.AlignedData;
    const chart = new uPlot(
      optionsFor(element, layers, made, (index) => {
        chosen.value = index;
      }),
      data,
      element,
    );
    drawn.current = chart;
    const resized = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: 260 }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      chart.destroy();
    };
  }, [key]);
  const minute = Math.floor(site.nowMs / MINUTE_MS);
  // The line of now goes on between two plans.
  useEffect(() => drawn.current?.redraw(false), [minute]);
  const nowSlot = slots.findIndex((slot) => !slot.measured);
  const at = chosen.value ?? nowSlot;
  const slot = slots[at];
  const go = (step: number) => {
    const wanted = Math.min(slots.length - 1, Math.max(0, at + step));
    const left = drawn.current?.valToPos(slots[wanted]!.startMs / 1000, "x") ?? 0;
    drawn.current?.setCursor({ left, top: 0 });
  };
  return (
    <>
      <div
        ref={holder}
        class="chart"
        role="slider"
        tabIndex={0}
        aria-label={words.plan}
        aria-valuemin={0}
        aria-valuemax={slots.length - 1}
        aria-valuenow={at}
        aria-valuetext={slot ? clockTime(slot.startMs) : ""}
        onKeyDown={({ key: pressed }) => {
          if (pressed === "ArrowRight") go(1);
          if (pressed === "ArrowLeft") go(-1);
        }}
      />
      <Legend layers={layers} hasExpected={slots.some(({ expected }) => expected)} />
      {slot ? <Readout slot={slot} layers={layers} /> : null}
      {slot && !slot.measured ? <SlotReasons startMs={slot.startMs} plan={made.seq} /> : null}
    </>
  );
}

export function PlanPanel({ site }: { site: LiveSite }) {
  const made = plan.value;
  const over = made && rampOver(made.input, made.result);
  return (
    <section class="panel">
      <h2>
        {words.plan}{" "}
        {made ? <small>{words.planMade(clockTime(made.madeMs), words.planStatus(made.result))}</small> : null}
      </h2>
      {made?.result.status === "rule-based" ? <p class="quiet">{words.planByRules(made.result.detail)}</p> : null}
      {over ? <p class="quiet">{planRamp({ ...over, at: clockTime(over.worstMs) })}</p> : null}
      {site.planTrouble ? <p class="age old">{site.planTrouble.text}</p> : null}
      {made ? <Chart site={site} made={made} /> : <p class="quiet">{words.planMissing}</p>}
    </section>
  );
}

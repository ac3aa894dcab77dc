// The chain-rule ledger: what each layer's slope and weights add to or take from the gradient, as a waterfall.
import * as Plot from "@observablehq/plot";
import { finite, type Run } from "../data";
import type { Picture } from "../picture";
import { BLUE, ORANGE, plot } from "./common";

interface Bar {
  at: number;
  layer: string;
  factor: "activation's slope" | "weights' gain";
  from: number;
  to: number;
}

export function ledgerChart(run: Run): Picture | null {
  const probe = run.start;
  if (probe === null) return null;
  const layers = new Map(probe.layers.map((layer) => [layer.name, layer]));
  const bars: Bar[] = [];
  let level = 0;
  for (const name of [...probe.flow.path].reverse()) {
    const layer = layers.get(name);
    if (layer === undefined) continue;
    const add = (factor: Bar["factor"], value: number | null) => {
      if (value === null) return;
      bars.push({ at: bars.length, layer: name, factor, from: level, to: level + value });
      level += value;
    };
    add("activation's slope", finite(layer.slope_decades));
    add("weights' gain", finite(layer.weight_decades));
  }
  if (bars.length < 3) return null;
  const every = Math.ceil(bars.length / 20);
  return {
    key: "ledger",
    title: "The chain-rule ledger",
    caption: "On the way back from the output (left) to the input (right): decades that each factor adds or takes.",
    columns: ["layer", "factor", "decades", "sum so far"],
    rows: () => bars.map((bar) => [bar.layer, bar.factor, bar.to - bar.from, bar.to]),
    draw: (width) =>
      plot(width, {
        marginBottom: 70,
        x: {
          label: null,
          type: "band",
          ticks: bars.filter((_, i) => i % every === 0).map((bar) => bar.at),
          tickFormat: (at: number) => bars[at]?.layer ?? "",
          tickRotate: -35,
        },
        y: { label: "decades since the output", grid: true },
        color: { domain: ["activation's slope", "weights' gain"], range: [ORANGE, BLUE], legend: true },
        marks: [
          Plot.ruleY([0]),
          Plot.barY(bars, {
            x: "at",
            y1: "from",
            y2: "to",
            fill: "factor",
            title: (bar: Bar) => `${bar.layer}: ${bar.factor} ${(bar.to - bar.from).toFixed(2)} decades`,
          }),
        ],
      }),
    wide: true,
  };
}

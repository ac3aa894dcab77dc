// Weight variance of each layer against the critical one of its activation (mean-field theory): left of the line
// gradients vanish with depth, right of it they explode.
import * as Plot from "@observablehq/plot";
import { finite, type Run } from "../data";
import type { Picture } from "../picture";
import { BLUE, plot } from "./common";

// sigma_w^2 at which the gradient keeps its size, zero bias (Poole et al. 2016; Schoenholz et al. 2017; He et al. 2015).
const CRITICAL: Record<string, number> = { linear: 1, relu: 2, tanh: 1 };

export function phaseChart(run: Run): Picture | null {
  const rows = (run.start?.layers ?? []).flatMap((layer, depth) => {
    const gain = finite(layer.weight_gain);
    const activation = layer.activation ?? "linear";
    return gain === null || !(activation in CRITICAL) ? [] : [{ depth, layer: layer.name, gain, activation, critical: CRITICAL[activation]! }];
  });
  if (rows.length < 2) return null;
  return {
    key: "phase",
    title: "Weights against the critical line",
    caption: "Fan-in times the mean square of a weight, over the value at which the gradient keeps its size. Line: critical.",
    columns: ["layer", "activation", "fan-in times mean square", "critical"],
    rows: () => rows.map((row) => [row.layer, row.activation, row.gain, row.critical]),
    draw: (width) =>
      plot(width, {
        x: { label: "layer, input first", tickFormat: (at: number) => (Number.isInteger(at) ? String(at) : "") },
        y: { label: "over the critical value", grid: true, type: "log" },
        marks: [
          Plot.ruleY([1]),
          Plot.dot(rows, {
            x: "depth",
            y: (row) => row.gain / row.critical,
            fill: BLUE,
            title: (row) => `${row.layer} (${row.activation}): ${row.gain.toPrecision(3)}`,
          }),
        ],
      }),
  };
}

// Update ratio per layer: the size of a step against the size of the weights.
import * as Plot from "@observablehq/plot";
import { finite, type Run } from "../data";
import type { Picture } from "../picture";
import { BLUE, GREEN, hover, kernels, ORANGE, plot, power } from "./common";

export function updateChart(run: Run): Picture | null {
  const last = run.steps.iteration.length - 1;
  const rows = kernels(run).flatMap((kernel, depth) =>
    [0, Math.floor(last / 2), last].flatMap((step, i) => {
      const value = finite(kernel.log10_update_ratio[step]);
      return value === null ? [] : [{ depth, layer: kernel.layer, value, when: ["first step", "middle", "last step"][i]! }];
    }),
  );
  if (rows.length < 2) return null;
  return {
    key: "update-ratio",
    title: "Update ratio by layer",
    caption: "Norm of the update over norm of the weights. About 1/1000 is usual; the lines are at 10⁻⁴ and 10⁻².",
    columns: ["layer", "when", "log10 ratio"],
    rows: () => rows.map((row) => [row.layer, row.when, row.value]),
    draw: (width) =>
      plot(width, {
        x: { label: "layer, input first", tickFormat: (at: number) => (Number.isInteger(at) ? String(at + 1) : "") },
        y: { label: "update ratio", grid: true, tickFormat: power },
        color: { domain: ["first step", "middle", "last step"], range: [GREEN, ORANGE, BLUE], legend: true },
        marks: [
          Plot.ruleY([-4, -2], { strokeDasharray: "4 3", strokeOpacity: 0.5 }),
          Plot.lineY(rows, { x: "depth", y: "value", stroke: "when", marker: "dot" }),
          hover(rows, "depth", "value", (row) => `${row.layer}, ${row.when}\n${power(Math.round(row.value * 100) / 100)}`),
        ],
      }),
  };
}

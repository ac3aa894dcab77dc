// Update ratio per layer: the size of a step against the size of the weights.
import * as Plot from "@observablehq/plot";
import { finite, type Run } from "../data";
import { figure } from "../dom";
import { BLUE, GREEN, ORANGE, plot, power } from "./common";

export function updateChart(run: Run): HTMLElement | null {
  const kernels = run.parameters.filter((parameter) => parameter.name.endsWith("kernel"));
  const last = run.steps.iteration.length - 1;
  const rows = kernels.flatMap((kernel, depth) =>
    [0, Math.floor(last / 2), last].flatMap((step, i) => {
      const value = finite(kernel.log10_update_ratio[step]);
      return value === null ? [] : [{ depth, layer: kernel.layer, value, when: ["first step", "middle", "last step"][i]! }];
    }),
  );
  if (rows.length < 2) return null;
  return figure(
    "Update ratio by layer",
    "Norm of the update over norm of the weights. About 1e-3 is usual (lines: 1e-4 and 1e-2).",
    plot({
      x: { label: "layer, input first", tickFormat: (at: number) => (Number.isInteger(at) ? String(at + 1) : "") },
      y: { label: "update ratio", grid: true, tickFormat: power },
      color: { domain: ["first step", "middle", "last step"], range: [GREEN, ORANGE, BLUE], legend: true },
      marks: [
        Plot.ruleY([-4, -2], { strokeDasharray: "4 3", strokeOpacity: 0.5 }),
        Plot.lineY(rows, { x: "depth", y: "value", stroke: "when", marker: "dot" }),
      ],
    }),
    ["layer", "when", "log10 ratio"],
    rows.map((row) => [row.layer, row.when, row.value]),
  );
}

// Several runs in one picture: loss, global gradient norm, and the gradient through depth at the last record.
import * as Plot from "@observablehq/plot";
import { finite, type Numeric, type Run } from "../data";
import { format } from "../dom";
import type { Picture } from "../picture";
import { hover, kernels, plot, points, power, SERIES } from "./common";

function colors(runs: Run[]) {
  return { domain: runs.map((run) => run.name), range: SERIES, legend: true };
}

function overlay(runs: Run[], key: string, title: string, caption: string, series: (run: Run) => Numeric[], log: boolean): Picture | null {
  const rows = runs.flatMap((run) => points(run.steps.iteration, series(run), log).map((point) => ({ ...point, run: run.name })));
  if (rows.length < 2) return null;
  return {
    key,
    title,
    caption,
    columns: ["run", "step", log ? `log10 ${title.toLowerCase()}` : title.toLowerCase()],
    rows: () => rows.map((row) => [row.run, row.step, row.value]),
    draw: (width) =>
      plot(width, {
        x: { label: "step" },
        y: { label: title.toLowerCase(), grid: true, ...(log ? { tickFormat: power } : {}) },
        color: colors(runs),
        marks: [
          Plot.lineY(rows, { x: "step", y: "value", stroke: "run" }),
          hover(rows, "step", "value", (row) => `${row.run}\nstep ${row.step}: ${format(log ? 10 ** row.value : row.value, 4)}`),
        ],
      }),
  };
}

// The last number of a series, where -Infinity (no gradient at all) cannot be drawn.
function newest(series: Numeric[]): number | null {
  return finite(series.filter((value) => value !== null).at(-1));
}

function throughDepth(runs: Run[]): Picture | null {
  const rows = runs.flatMap((run) => {
    const layers = kernels(run);
    return layers.flatMap((kernel, depth) => {
      const value = newest(kernel.log10_gradient_norm);
      return value === null ? [] : [{ run: run.name, layer: kernel.layer, depth: depth + 1, value }];
    });
  });
  if (rows.length < 2) return null;
  return {
    key: "compare-depth",
    title: "Gradient through depth",
    caption: "Gradient norm of each layer's weights at the last record, input on the left.",
    columns: ["run", "layer", "log10 norm"],
    rows: () => rows.map((row) => [row.run, row.layer, row.value]),
    draw: (width) =>
      plot(width, {
        x: { label: "layer, input first", tickFormat: (at: number) => (Number.isInteger(at) ? String(at) : "") },
        y: { label: "norm", grid: true, tickFormat: power },
        color: colors(runs),
        marks: [
          Plot.lineY(rows, { x: "depth", y: "value", stroke: "run", marker: "dot" }),
          hover(rows, "depth", "value", (row) => `${row.run}\n${row.layer}: 1e${row.value.toFixed(2)}`),
        ],
      }),
    wide: true,
  };
}

export function overlays(runs: Run[]): Picture[] {
  return [
    overlay(runs, "compare-loss", "Loss", "Of each recorded batch.", (run) => run.steps.loss, false),
    overlay(runs, "compare-norm", "Global gradient norm", "Root of the sum of squares of all raw gradients.", (run) => run.steps.global_norm, true),
    throughDepth(runs),
  ].filter((picture): picture is Picture => picture !== null);
}

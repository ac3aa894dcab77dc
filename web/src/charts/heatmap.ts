// Layer by step: where the gradient is, and where each finding begins.
import * as Plot from "@observablehq/plot";
import { finite, type Numeric, type ParameterSeries, type Run } from "../data";
import { format, h } from "../dom";
import type { Picture } from "../picture";
import { kernels, plot } from "./common";

const MOST_COLUMNS = 800;

// For columns at equal distances of steps: the last record at or before each. Records need not be equally far apart.
function evenColumns(steps: number[]): number[] {
  const first = steps[0]!;
  const count = Math.min(steps.length, MOST_COLUMNS);
  const width = (steps[steps.length - 1]! - first) / (count - 1);
  let at = 0;
  return Array.from({ length: count }, (_, column) => {
    while (at + 1 < steps.length && steps[at + 1]! <= first + column * width + 1e-9) ++at;
    return at;
  });
}

// Exactly no gradient is the least there is, and no missing number.
function shade(value: Numeric | undefined, least: number): number {
  return value === "-Infinity" ? least : (finite(value) ?? NaN);
}

export function heatMap(run: Run): Picture | null {
  const rows = kernels(run);
  const steps = run.steps.iteration;
  if (rows.length === 0 || steps.length < 2) return null;
  return {
    key: "heat-map",
    title: "Gradient by layer and step",
    caption: "Each row is a layer, input at the top; dark is small. Orange: no finite number. White lines: findings.",
    columns: ["kernel", "step", "log10 norm"],
    rows: () => rows.flatMap((kernel) => steps.map((step, i) => [kernel.name, step, kernel.log10_gradient_norm[i] ?? null])),
    draw: (width) => drawn(run, rows, width),
    wide: true,
  };
}

// The findings' names, on that side of their lines where there is room.
function labels(marks: { step: number; rule: string }[], chosen: (step: number) => boolean, textAnchor: "start" | "end", dx: number) {
  const placed = marks.map((mark, i) => ({ ...mark, y: 0.7 + 1.2 * i })).filter((mark) => chosen(mark.step));
  return Plot.text(placed, { x: "step", y: "y", text: "rule", dx, textAnchor, fill: "#fff", stroke: "#000" });
}

function drawn(run: Run, rows: ParameterSeries[], width: number): HTMLElement {
  const steps = run.steps.iteration;
  const columns = evenColumns(steps);
  const numbers = rows.flatMap((row) => row.log10_gradient_norm.flatMap((value) => finite(value) ?? []));
  const least = numbers.reduce((low, value) => Math.min(low, value), Infinity);
  const values = rows.flatMap((row) => columns.map((column) => shade(row.log10_gradient_norm[column], least)));
  const [first, last] = [steps[0]!, steps[steps.length - 1]!];
  const every = Math.ceil(rows.length / 24);
  const marks = run.findings.flatMap((finding) =>
    finding.onset === null ? [] : [{ step: Math.max(first, finding.onset.step), rule: finding.rule }],
  );
  const picture = plot(width, {
    height: Math.max(180, Math.min(520, 60 + rows.length * 14)),
    marginLeft: Math.min(120, 20 + 7 * Math.max(...rows.map((row) => row.layer.length))),
    x: { label: "step", domain: [first, last] },
    y: {
      label: null,
      domain: [rows.length, 0],
      ticks: rows.map((_, i) => i + 0.5).filter((_, i) => i % every === 0),
      tickSize: 0,
      tickFormat: (at: number) => rows[Math.floor(at)]?.layer ?? "",
    },
    color: { scheme: "cividis", legend: true, label: "gradient norm of the weights (log10)", unknown: "#d55e00" },
    marks: [
      Plot.raster(values, {
        width: columns.length,
        height: rows.length,
        x1: first,
        x2: last,
        y1: 0,
        y2: rows.length,
        imageRendering: "pixelated",
      }),
      Plot.ruleX(marks, { x: "step", stroke: "#fff", strokeWidth: 2 }),
      labels(marks, (step) => (step - first) / (last - first) <= 0.6, "start", 6),
      labels(marks, (step) => (step - first) / (last - first) > 0.6, "end", -6),
    ],
  });
  const readout = h("div", { class: "readout" });
  const image = picture.querySelector("image");
  picture.addEventListener("pointermove", (event) => {
    const box = image?.getBoundingClientRect();
    if (box === undefined) return;
    const { clientX, clientY } = event as PointerEvent;
    const column = columns[Math.floor(((clientX - box.left) / box.width) * columns.length)];
    const row = rows[Math.floor(((clientY - box.top) / box.height) * rows.length)];
    if (row === undefined || column === undefined) return;
    const value = row.log10_gradient_norm[column];
    const norm = typeof value === "number" ? format(10 ** value) : value === "-Infinity" ? "0" : (value ?? "not measured");
    readout.textContent = `${row.name}, step ${steps[column]}: ${norm}`;
  });
  return h("div", {}, picture, readout);
}

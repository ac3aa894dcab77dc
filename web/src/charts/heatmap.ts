// Layer by step: where the gradient is, and where each finding begins.
import * as Plot from "@observablehq/plot";
import { finite, type Run } from "../data";
import { figure, format, h } from "../dom";
import { plot, WIDE } from "./common";

export function heatMap(run: Run): HTMLElement | null {
  const kernels = run.parameters.filter((parameter) => /(^|\/)(kernel|embeddings|recurrent_kernel)$/.test(parameter.name));
  const steps = run.steps.iteration;
  if (kernels.length === 0 || steps.length < 2) return null;
  const values = kernels.flatMap((kernel) => kernel.log10_gradient_norm.map((value) => finite(value) ?? NaN));
  const first = steps[0]!;
  const last = steps[steps.length - 1]!;
  const marks = run.findings
    .filter((finding) => finding.onset !== null)
    .map((finding) => ({ step: finding.onset!.step, rule: finding.rule }));
  const labels = kernels.map((kernel) => kernel.layer);
  const every = Math.ceil(kernels.length / 24);
  const picture = plot({
    width: WIDE,
    height: Math.max(160, Math.min(560, 60 + kernels.length * 14)),
    marginLeft: 120,
    x: { label: "step", domain: [first, last] },
    y: {
      label: null,
      domain: [kernels.length, 0],
      ticks: labels.map((_, i) => i + 0.5).filter((_, i) => i % every === 0),
      tickFormat: (at: number) => labels[Math.floor(at)] ?? "",
    },
    color: { scheme: "cividis", legend: true, label: "gradient norm of the weights (log10)", unknown: "#d55e00" },
    marks: [
      Plot.raster(values, {
        width: steps.length,
        height: kernels.length,
        x1: first,
        x2: last,
        y1: 0,
        y2: kernels.length,
        imageRendering: "pixelated",
      }),
      Plot.ruleX(marks, { x: "step", stroke: "#fff", strokeWidth: 2 }),
      Plot.text(marks, { x: "step", y: 0.5, text: "rule", dx: 4, textAnchor: "start", fill: "#fff", stroke: "#000" }),
    ],
  });
  const readout = h("div", { class: "readout", "aria-live": "off" });
  const svg = picture.querySelector("image");
  picture.addEventListener("mousemove", (event) => {
    const box = svg?.getBoundingClientRect();
    if (box === undefined) return;
    const { clientX, clientY } = event as MouseEvent;
    const column = Math.floor(((clientX - box.left) / box.width) * steps.length);
    const row = Math.floor(((clientY - box.top) / box.height) * kernels.length);
    const kernel = kernels[row];
    const value = kernel?.log10_gradient_norm[column];
    readout.textContent =
      kernel === undefined || value === undefined
        ? ""
        : `${kernel.name}, step ${steps[column]}: ${typeof value === "number" ? format(10 ** value) : value ?? "0"}`;
  });
  const rows = kernels.map((kernel) => [
    kernel.name,
    finite(kernel.log10_gradient_norm[0]),
    finite(kernel.log10_gradient_norm[steps.length - 1]),
  ]);
  const result = figure(
    "Gradient by layer and step",
    "Each row is a layer's kernel, input at the top; dark is small. Orange: no finite number. White lines: findings.",
    h("div", {}, picture, readout),
    ["kernel", "log10 norm, first step", "last step"],
    rows,
  );
  result.classList.add("wide");
  return result;
}

// What people look at first: loss, metrics, global norm with the clipping threshold, learning rate.
import * as Plot from "@observablehq/plot";
import { finite, type Run } from "../data";
import { format } from "../dom";
import type { Picture } from "../picture";
import { BLUE, hover, ORANGE, plot, points, power } from "./common";

export function curves(run: Run): (Picture | null)[] {
  return [lossCurve(run), normCurve(run), rateCurve(run), ...metricCurves(run)];
}

export function lossCurve(run: Run): Picture | null {
  const loss = points(run.steps.iteration, run.steps.loss);
  if (loss.length < 2) return null;
  const broken = run.steps.iteration.filter((_, i) => finite(run.steps.loss[i]) === null);
  return {
    key: "loss",
    title: "Loss",
    caption: broken.length > 0 ? `The loss is not finite from step ${broken[0]} on.` : "Of each recorded batch.",
    columns: ["step", "loss"],
    rows: () => loss.map((point) => [point.step, point.value]),
    draw: (width) =>
      plot(width, {
        x: { label: "step" },
        y: { label: "loss", grid: true },
        marks: [
          Plot.lineY(loss, { x: "step", y: "value", stroke: BLUE }),
          Plot.ruleX(broken.slice(0, 1), { stroke: ORANGE }),
          hover(loss, "step", "value", (point) => `step ${point.step}\nloss ${format(point.value, 4)}`),
        ],
      }),
  };
}

function normCurve(run: Run): Picture | null {
  const norms = points(run.steps.iteration, run.steps.global_norm, true);
  if (norms.length < 2) return null;
  const clipped = run.steps.iteration.flatMap((step, i) => {
    const factor = finite(run.steps.clip_factor[i]);
    const norm = finite(run.steps.global_norm[i]);
    return factor !== null && factor < 1 && norm !== null && norm > 0 ? [{ step, value: Math.log10(norm) }] : [];
  });
  const threshold = run.clipping.kind === "global_norm" && run.clipping.threshold > 0 ? [Math.log10(run.clipping.threshold)] : [];
  const share = Math.round((100 * clipped.length) / run.steps.iteration.length);
  const caption =
    run.clipping.kind === ""
      ? "Root of the sum of squares of all raw gradients. Nothing is clipped."
      : threshold.length > 0
        ? `Raw gradients. Line: the clipping threshold; orange: steps where it acted (${share} %).`
        : `Raw gradients; clipping by ${run.clipping.kind} at ${run.clipping.threshold}.`;
  return {
    key: "global-norm",
    title: "Global gradient norm",
    caption,
    columns: ["step", "log10 norm"],
    rows: () => norms.map((point) => [point.step, point.value]),
    draw: (width) =>
      plot(width, {
        x: { label: "step" },
        y: { label: "norm", grid: true, tickFormat: power },
        marks: [
          Plot.lineY(norms, { x: "step", y: "value", stroke: BLUE }),
          Plot.dot(clipped, { x: "step", y: "value", fill: ORANGE, r: 2 }),
          Plot.ruleY(threshold, { stroke: ORANGE, strokeDasharray: "4 3" }),
          hover(norms, "step", "value", (point) => `step ${point.step}\nnorm ${format(10 ** point.value)}`),
        ],
      }),
  };
}

function rateCurve(run: Run): Picture | null {
  const rates = points(run.steps.iteration, run.steps.learning_rate);
  if (rates.length < 2 || rates.every((point) => point.value === rates[0]!.value)) return null;
  return {
    key: "learning-rate",
    title: "Learning rate",
    caption: "As the schedule and the callbacks set it.",
    columns: ["step", "learning rate"],
    rows: () => rates.map((point) => [point.step, point.value]),
    draw: (width) =>
      plot(width, {
        height: 200,
        x: { label: "step" },
        y: { label: "learning rate", grid: true },
        marks: [Plot.lineY(rates, { x: "step", y: "value", stroke: BLUE, curve: "step-after" })],
      }),
  };
}

// One picture per metric, training and validation together.
function metricCurves(run: Run): Picture[] {
  const names = new Set(run.epochs.flatMap((epoch) => Object.keys(epoch.logs).map((name) => name.replace(/^val_/, ""))));
  return [...names].flatMap((name): Picture[] => {
    const rows = run.epochs.flatMap((epoch) =>
      [name, `val_${name}`].flatMap((key) => {
        const value = finite(epoch.logs[key]);
        return value === null ? [] : [{ epoch: epoch.epoch + 1, value, kind: key === name ? "training" : "validation" }];
      }),
    );
    if (rows.length < 2) return [];
    const validated = rows.some((row) => row.kind === "validation");
    return [
      {
        key: `epochs-${name}`,
        title: `Epochs: ${name}`,
        caption: "Means over each epoch.",
        columns: ["epoch", "part", name],
        rows: () => rows.map((row) => [row.epoch, row.kind, row.value]),
        draw: (width) =>
          plot(width, {
            height: 220,
            x: { label: "epoch", tickFormat: (at: number) => (Number.isInteger(at) ? String(at) : "") },
            y: { label: name, grid: true },
            color: { domain: ["training", "validation"], range: [BLUE, ORANGE], legend: validated },
            marks: [
              Plot.lineY(rows, { x: "epoch", y: "value", stroke: "kind", marker: rows.length > 60 ? "none" : "dot" }),
              hover(rows, "epoch", "value", (row) => `epoch ${row.epoch}, ${row.kind}\n${name} ${format(row.value, 4)}`),
            ],
          }),
      },
    ];
  });
}

// What people look at first: loss, metrics, global norm with the clipping threshold, learning rate.
import * as Plot from "@observablehq/plot";
import { finite, type Numeric, type Run } from "../data";
import { figure } from "../dom";
import { BLUE, ORANGE, plot, power } from "./common";

interface Point {
  step: number;
  value: number;
}

function points(steps: number[], values: Numeric[], log = false): Point[] {
  return steps.flatMap((step, i) => {
    const value = finite(values[i]);
    if (value === null || (log && value <= 0)) return [];
    return [{ step, value: log ? Math.log10(value) : value }];
  });
}

export function curves(run: Run): HTMLElement[] {
  return [lossCurve(run), normCurve(run), rateCurve(run), ...metricCurves(run)].filter(
    (one): one is HTMLElement => one !== null,
  );
}

function lossCurve(run: Run): HTMLElement | null {
  const loss = points(run.steps.iteration, run.steps.loss);
  if (loss.length < 2) return null;
  const broken = run.steps.iteration.filter((_, i) => finite(run.steps.loss[i]) === null);
  return figure(
    "Loss",
    broken.length > 0 ? `The loss is not finite from step ${broken[0]} on.` : "Of each recorded batch.",
    plot({
      x: { label: "step" },
      y: { label: "loss", grid: true },
      marks: [Plot.lineY(loss, { x: "step", y: "value", stroke: BLUE }), Plot.ruleX(broken.slice(0, 1), { stroke: ORANGE })],
    }),
    ["step", "loss"],
    loss.map((point) => [point.step, point.value]),
  );
}

function normCurve(run: Run): HTMLElement | null {
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
  return figure(
    "Global gradient norm",
    caption,
    plot({
      x: { label: "step" },
      y: { label: "norm", grid: true, tickFormat: power },
      marks: [
        Plot.lineY(norms, { x: "step", y: "value", stroke: BLUE }),
        Plot.dot(clipped, { x: "step", y: "value", fill: ORANGE, r: 2 }),
        Plot.ruleY(threshold, { stroke: ORANGE, strokeDasharray: "4 3" }),
      ],
    }),
    ["step", "log10 norm"],
    norms.map((point) => [point.step, point.value]),
  );
}

function rateCurve(run: Run): HTMLElement | null {
  const rates = points(run.steps.iteration, run.steps.learning_rate);
  if (rates.length < 2 || rates.every((point) => point.value === rates[0]!.value)) return null;
  return figure(
    "Learning rate",
    "As the schedule and the callbacks set it.",
    plot({
      height: 200,
      x: { label: "step" },
      y: { label: "learning rate", grid: true },
      marks: [Plot.lineY(rates, { x: "step", y: "value", stroke: BLUE, curve: "step-after" })],
    }),
    ["step", "learning rate"],
    rates.map((point) => [point.step, point.value]),
  );
}

// One picture per metric, training and validation together.
function metricCurves(run: Run): HTMLElement[] {
  const names = new Set(run.epochs.flatMap((epoch) => Object.keys(epoch.logs).map((name) => name.replace(/^val_/, ""))));
  return [...names].flatMap((name) => {
    const rows = run.epochs.flatMap((epoch) =>
      [name, `val_${name}`].flatMap((key) => {
        const value = finite(epoch.logs[key]);
        return value === null ? [] : [{ epoch: epoch.epoch + 1, value, kind: key === name ? "training" : "validation" }];
      }),
    );
    if (rows.length < 2) return [];
    return [
      figure(
        `Epochs: ${name}`,
        "Means over each epoch.",
        plot({
          height: 220,
          x: { label: "epoch" },
          y: { label: name, grid: true },
          color: { domain: ["training", "validation"], range: [BLUE, ORANGE], legend: true },
          marks: [Plot.lineY(rows, { x: "epoch", y: "value", stroke: "kind", marker: "dot" })],
        }),
        ["epoch", "part", name],
        rows.map((row) => [row.epoch, row.kind, row.value]),
      ),
    ];
  });
}

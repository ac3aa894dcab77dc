// The gradient through depth before training: measured by a probe, predicted without running. Relative to the last
// layer's, so that pictures of different networks compare.
import * as Plot from "@observablehq/plot";
import type { Check } from "../api";
import { along } from "../charts/depth";
import { BLUE, GREEN, hover, ORANGE, plot, power } from "../charts/common";
import { finite } from "../data";
import type { Picture } from "../picture";

export interface FlowPoint {
  layer: string;
  depth: number; // 1 is the first layer
  measured: number | null; // log10, relative to the last layer
  predicted: number | null;
  low: number;
  high: number;
}

export function flowPoints(check: Check): FlowPoint[] {
  const layers = along(check);
  const end = finite(layers[layers.length - 1]?.log10_pre_activation_norm);
  return layers.map((layer, i) => {
    const norm = finite(layer.log10_pre_activation_norm);
    const predicted = finite(layer.predicted_decades);
    const deviation = 2 * (finite(layer.predicted_deviation) ?? 0);
    return {
      layer: layer.name,
      depth: i + 1,
      measured: norm === null || end === null ? null : norm - end,
      predicted,
      low: (predicted ?? 0) - deviation,
      high: (predicted ?? 0) + deviation,
    };
  });
}

// Grows in large steps only, so that the curve moves under the sliders and not the axis.
function bounds(points: FlowPoint[]): [number, number] {
  const values = points.flatMap((point) => [point.measured ?? 0, point.predicted === null ? 0 : point.low, point.predicted === null ? 0 : point.high]);
  return [Math.min(-4, 4 * Math.floor(Math.min(...values) / 4)), Math.max(4, 4 * Math.ceil(Math.max(...values) / 4))];
}

export function flowPicture(check: Check, title: string): Picture {
  const points = flowPoints(check);
  const theory = points.filter((point) => point.predicted !== null);
  const measured = points.flatMap((point) => (point.measured === null ? [] : [{ ...point, measured: point.measured }]));
  const [low, high] = bounds(points);
  const narrow = points.length <= 1;
  return {
    key: "lab-flow",
    title,
    caption: "Relative to the last layer; the gradient flows from right to left. Blue: measured. Orange: theory, without running, and two standard deviations. Green: even.",
    columns: ["layer", "measured log10", "predicted log10", "low", "high"],
    rows: () => points.map((point) => [point.layer, point.measured, point.predicted, point.low, point.high]),
    draw: (width) =>
      plot(width, {
        height: 270,
        x: {
          label: "layer",
          domain: narrow ? [0, 2] : [1, points.length],
          inset: 8,
          ticks: Math.min(points.length, Math.floor(width / 50)),
          tickFormat: (at: number) => (Number.isInteger(at) ? String(at) : ""),
        },
        y: { label: "gradient", domain: [low, high], grid: true, ticks: 5, tickFormat: power },
        marks: [
          Plot.rect([0], { y1: -1, y2: 1, fill: GREEN, fillOpacity: 0.13 }),
          Plot.ruleY([0], { stroke: GREEN, strokeOpacity: 0.5 }),
          Plot.areaY(theory, { x: "depth", y1: "low", y2: "high", fill: ORANGE, fillOpacity: 0.16 }),
          Plot.lineY(theory, { x: "depth", y: "predicted", stroke: ORANGE, strokeDasharray: "5 4" }),
          Plot.lineY(measured, { x: "depth", y: "measured", stroke: BLUE, strokeWidth: 2 }),
          Plot.dot(measured, { x: "depth", y: "measured", fill: BLUE, r: points.length > 40 ? 2 : 3 }),
          hover(measured, "depth", "measured", (d) => `${d.layer}\nmeasured 1e${d.measured.toFixed(2)}${d.predicted === null ? "" : `\npredicted 1e${d.predicted.toFixed(2)}`}`),
        ],
      }),
  };
}

// The signal on its way: forward second moment and backward norm per layer, measured against predicted, at the start
// and at the end.
import * as Plot from "@observablehq/plot";
import { finite, type Probe, type ProbeLayer, type Run } from "../data";
import type { Picture } from "../picture";
import { BLUE, GREEN, hover, ORANGE, plot, power } from "./common";

interface Point {
  depth: number;
  layer: string;
  value: number;
  kind: string;
}

// The layers that the gradient passes, input first.
export function along(probe: Probe): ProbeLayer[] {
  const layers = new Map(probe.layers.map((layer) => [layer.name, layer]));
  return probe.flow.path.flatMap((name) => layers.get(name) ?? []);
}

function measured(probe: Probe, when: string): Point[] {
  return along(probe).flatMap((layer, depth) => {
    const backward = finite(layer.log10_pre_activation_norm);
    const moment = finite(layer.second_moment);
    const points: Point[] = [];
    if (backward !== null) points.push({ depth, layer: layer.name, value: backward, kind: `gradient, ${when}` });
    if (moment !== null && moment > 0) {
      points.push({ depth, layer: layer.name, value: Math.log10(moment), kind: `signal, ${when}` });
    }
    return points;
  });
}

// Theory speaks of the gradient relative to the last layer's.
export function predicted(probe: Probe) {
  const layers = along(probe);
  const end = finite(layers[layers.length - 1]?.log10_pre_activation_norm);
  if (end === null) return [];
  return layers.flatMap((layer, depth) => {
    const decades = finite(layer.predicted_decades);
    const deviation = finite(layer.predicted_deviation) ?? 0;
    return decades === null
      ? []
      : [{ depth, value: end + decades, low: end + decades - 2 * deviation, high: end + decades + 2 * deviation }];
  });
}

export function depthChart(run: Run): Picture | null {
  const start = run.start;
  if (start === null) return null;
  const points = [...measured(start, "start"), ...(run.end === null ? [] : measured(run.end, "end"))];
  if (points.length < 4) return null;
  const theory = predicted(start);
  return {
    key: "depth",
    title: "Signal and gradient through depth",
    caption:
      "Each step of the axis is a factor of ten. Signal: second moment of the layer's output. Gradient: norm with respect " +
      "to the pre-activation. Band: predicted without running, two standard deviations.",
    columns: ["layer", "what", "log10"],
    rows: () => points.map((point) => [point.layer, point.kind, point.value]),
    draw: (width) =>
      plot(width, {
        height: 340,
        x: { label: "layer with a kernel, input first", tickFormat: (at: number) => (Number.isInteger(at) ? String(at + 1) : "") },
        y: { label: "size", grid: true, tickFormat: power },
        color: {
          domain: ["signal, start", "signal, end", "gradient, start", "gradient, end"],
          range: [GREEN, "var(--gold)", BLUE, ORANGE],
          legend: true,
        },
        marks: [
          Plot.areaY(theory, { x: "depth", y1: "low", y2: "high", fill: BLUE, fillOpacity: 0.15 }),
          Plot.lineY(theory, { x: "depth", y: "value", stroke: BLUE, strokeDasharray: "4 3" }),
          Plot.lineY(points, { x: "depth", y: "value", stroke: "kind", marker: "dot" }),
          hover(points, "depth", "value", (d) => `${d.layer}\n${d.kind}: 1e${d.value.toFixed(2)}`),
        ],
      }),
    wide: true,
  };
}

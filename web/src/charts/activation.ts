// Saturated outputs and dead units per layer, with what is to be expected of a fresh network.
import * as Plot from "@observablehq/plot";
import { finite, type Numeric, type Run } from "../data";
import type { Picture } from "../picture";
import { BLUE, plot } from "./common";

interface Kind {
  key: string;
  title: string;
  caption: string;
  value: "saturated" | "dead";
  expected: "expected_saturated" | "expected_dead";
}

const KINDS: Kind[] = [
  {
    key: "saturated",
    title: "Saturated outputs",
    caption: "Share of outputs where the activation is flat. Mark: expected of a fresh network.",
    value: "saturated",
    expected: "expected_saturated",
  },
  {
    key: "dead",
    title: "Dead units",
    caption: "Share of units that pass no gradient for any sample. Mark: expected of a fresh network.",
    value: "dead",
    expected: "expected_dead",
  },
];

// Layers are not measured at every step: the last number counts.
function latest(series: Numeric[]): number | null {
  for (let i = series.length - 1; i >= 0; --i) if (series[i] != null) return finite(series[i]);
  return null;
}

function shares(run: Run, { key, title, caption, value, expected }: Kind): Picture | null {
  const probes = new Map((run.end ?? run.start)?.layers.map((layer) => [layer.name, layer]) ?? []);
  const rows = (run.layers.length > 0 ? run.layers.map((layer) => layer.name) : [...probes.keys()]).flatMap((name) => {
    const recorded = run.layers.find((layer) => layer.name === name);
    const share = (recorded === undefined ? null : latest(recorded[value])) ?? finite(probes.get(name)?.[value]);
    return share === null ? [] : [{ layer: name, share, expected: finite(probes.get(name)?.[expected]) }];
  });
  if (rows.length === 0 || rows.every((row) => row.share === 0)) return null;
  return {
    key,
    title,
    caption,
    columns: ["layer", "share", "expected"],
    rows: () => rows.map((row) => [row.layer, row.share, row.expected]),
    draw: (width) =>
      plot(width, {
        height: 60 + 18 * rows.length,
        marginLeft: Math.min(140, 20 + 7 * Math.max(...rows.map((row) => row.layer.length))),
        x: { label: "share", domain: [0, 1], grid: true, tickFormat: "%" },
        y: { label: null, domain: rows.map((row) => row.layer), tickSize: 0 },
        marks: [
          Plot.barX(rows, { x: "share", y: "layer", fill: BLUE, rx2: 2 }),
          Plot.tickX(
            rows.filter((row) => row.expected !== null),
            { x: "expected", y: "layer", strokeWidth: 2 },
          ),
        ],
      }),
  };
}

export function activationCharts(run: Run): (Picture | null)[] {
  return KINDS.map((kind) => shares(run, kind));
}

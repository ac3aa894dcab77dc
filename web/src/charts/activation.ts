// Saturated outputs and dead units per layer, with what is to be expected of a fresh network.
import * as Plot from "@observablehq/plot";
import { finite, type Numeric, type Run } from "../data";
import { figure } from "../dom";
import { BLUE, plot } from "./common";

function shares(
  run: Run,
  title: string,
  caption: string,
  value: "saturated" | "dead",
  expected: "expected_saturated" | "expected_dead",
): HTMLElement | null {
  const probes = new Map((run.end ?? run.start)?.layers.map((layer) => [layer.name, layer]) ?? []);
  const last = (series: Numeric[]) => finite(series[series.length - 1]);
  const rows = (run.layers.length > 0 ? run.layers.map((layer) => layer.name) : [...probes.keys()]).flatMap((name) => {
    const recorded = run.layers.find((layer) => layer.name === name);
    const share = (recorded === undefined ? null : last(recorded[value])) ?? finite(probes.get(name)?.[value]);
    return share === null ? [] : [{ layer: name, share, expected: finite(probes.get(name)?.[expected]) }];
  });
  if (rows.length === 0 || rows.every((row) => row.share === 0)) return null;
  return figure(
    title,
    caption,
    plot({
      height: 40 + 18 * rows.length,
      marginLeft: 130,
      x: { label: "share", domain: [0, 1], grid: true },
      y: { label: null, domain: rows.map((row) => row.layer) },
      marks: [
        Plot.barX(rows, { x: "share", y: "layer", fill: BLUE }),
        Plot.tickX(rows.filter((row) => row.expected !== null), { x: "expected", y: "layer", strokeWidth: 2 }),
      ],
    }),
    ["layer", "share", "expected"],
    rows.map((row) => [row.layer, row.share, row.expected]),
  );
}

export function activationCharts(run: Run): HTMLElement[] {
  return [
    shares(run, "Saturated outputs", "Share of outputs where the activation is flat. Mark: expected of a fresh network.", "saturated", "expected_saturated"),
    shares(run, "Dead units", "Share of units that pass no gradient for any sample. Mark: expected of a fresh network.", "dead", "expected_dead"),
  ].filter((one): one is HTMLElement => one !== null);
}

// Recurrent layers: the gradient with respect to the state, from the last time step back to the first.
import * as Plot from "@observablehq/plot";
import { finite, type Run } from "../data";
import { figure } from "../dom";
import { BLUE, GREEN, plot, power } from "./common";

export function throughTime(run: Run): HTMLElement[] {
  return run.layers.flatMap((layer) => {
    const rows = layer.time.flatMap((record, i) =>
      record.log10_norms.flatMap((value, time) => {
        const number = finite(value);
        return number === null ? [] : [{ time, value: number, when: i === 0 ? "start" : "end" }];
      }),
    );
    if (rows.length < 2) return [];
    return [
      figure(
        `Gradient through time: ${layer.name}`,
        "Norm of the gradient with respect to the state at each time step; it flows from right to left.",
        plot({
          x: { label: "time step" },
          y: { label: "norm", grid: true, tickFormat: power },
          color: { domain: ["start", "end"], range: [GREEN, BLUE], legend: true },
          marks: [Plot.lineY(rows, { x: "time", y: "value", stroke: "when" })],
        }),
        ["time step", "record", "log10 norm"],
        rows.map((row) => [row.time, row.when, row.value]),
      ),
    ];
  });
}

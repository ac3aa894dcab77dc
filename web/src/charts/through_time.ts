// Recurrent layers: the gradient with respect to the state, from the last time step back to the first.
import * as Plot from "@observablehq/plot";
import { finite, type Run } from "../data";
import type { Picture } from "../picture";
import { BLUE, GREEN, hover, plot, power } from "./common";

export function throughTime(run: Run): Picture[] {
  return run.layers.flatMap((layer): Picture[] => {
    const rows = layer.time.flatMap((record, i) =>
      record.log10_norms.flatMap((value, time) => {
        const number = finite(value);
        return number === null ? [] : [{ time, value: number, when: i === 0 ? "start" : "end" }];
      }),
    );
    if (rows.length < 2) return [];
    return [
      {
        key: `through-time-${layer.name}`,
        title: `Gradient through time: ${layer.name}`,
        caption: "Norm of the gradient with respect to the state at each time step; it flows from right to left.",
        columns: ["time step", "record", "log10 norm"],
        rows: () => rows.map((row) => [row.time, row.when, row.value]),
        draw: (width) =>
          plot(width, {
            x: { label: "time step" },
            y: { label: "norm", grid: true, tickFormat: power },
            color: { domain: ["start", "end"], range: [GREEN, BLUE], legend: true },
            marks: [
              Plot.lineY(rows, { x: "time", y: "value", stroke: "when" }),
              hover(rows, "time", "value", (row) => `time step ${row.time}, ${row.when}\n1e${row.value.toFixed(2)}`),
            ],
          }),
      },
    ];
  });
}

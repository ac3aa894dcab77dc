// Histogram of the gradients' binary exponents, with the ranges of the number formats people train in.
import * as Plot from "@observablehq/plot";
import type { Run } from "../data";
import type { Picture } from "../picture";
import { BLUE, plot } from "./common";

// Smallest subnormal and largest finite number as powers of two (IEEE 754; OCP 8-bit floating point, 2023).
const FORMATS = [
  { name: "float32", low: -149, high: 128 },
  { name: "bfloat16", low: -133, high: 128 },
  { name: "float16", low: -24, high: 16 },
  { name: "float8 e5m2", low: -16, high: 16 },
  { name: "float8 e4m3", low: -9, high: 9 },
];

export function exponentChart(run: Run): Picture | null {
  const sums = new Map<number, number>();
  for (const parameter of run.parameters) {
    parameter.exponents?.counts.forEach((count, i) => {
      const exponent = parameter.exponents!.first + i;
      if (count > 0) sums.set(exponent, (sums.get(exponent) ?? 0) + count);
    });
  }
  const rows = [...sums].map(([exponent, count]) => ({ exponent, count })).sort((a, b) => a.exponent - b.exponent);
  if (rows.length === 0) return null;
  const total = rows.reduce((sum, row) => sum + row.count, 0);
  const low = Math.min(-30, rows[0]!.exponent - 2);
  const high = Math.max(20, rows[rows.length - 1]!.exponent + 2);
  const tallest = Math.max(...rows.map((row) => row.count)) / total;
  const ranges = FORMATS.map((format, i) => ({ ...format, y: -tallest * (0.14 + 0.16 * i), low: Math.max(format.low, low), high: Math.min(format.high, high) }));
  return {
    key: "exponents",
    title: "Exponents of the gradients",
    caption: "How many gradient elements have which power of two, last recorded step. Bars below: what each format can hold.",
    columns: ["power of two", "elements"],
    rows: () => rows.map((row) => [row.exponent, row.count]),
    draw: (width) =>
      plot(width, {
        x: { label: "power of two", domain: [low, high] },
        y: { label: "share", grid: true, ticks: [0, tallest / 2, tallest], tickFormat: ".1%" },
        marks: [
          Plot.rectY(rows, { x1: "exponent", x2: (row) => row.exponent + 1, y: (row) => row.count / total, fill: BLUE }),
          Plot.link(ranges, { x1: "low", x2: "high", y1: "y", y2: "y", strokeWidth: 5, strokeOpacity: 0.5 }),
          Plot.text(ranges, { x: "high", y: "y", text: "name", textAnchor: "end", dy: -7, fontSize: 10 }),
          Plot.ruleY([0]),
        ],
      }),
  };
}

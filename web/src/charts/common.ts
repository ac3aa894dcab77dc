// What all pictures share: colours that colour-blind people can tell apart (after Okabe and Ito, 2008; the style sheet
// has a lighter set of them for dark pages), and axes.
import * as Plot from "@observablehq/plot";
import { finite, type Numeric, type ParameterSeries, type Run } from "../data";
import { powerOfTen } from "../dom";

export const BLUE = "var(--blue)";
export const ORANGE = "var(--orange)";
export const GREEN = "var(--green)";
export const PURPLE = "var(--purple)";
export const SERIES = [BLUE, ORANGE, GREEN, PURPLE, "var(--sky)", "var(--gold)"];

export function plot(width: number, options: Plot.PlotOptions): HTMLElement | SVGElement {
  return Plot.plot({
    width,
    height: 280,
    marginLeft: 56,
    marginBottom: 40,
    style: { fontSize: "12px", background: "none", color: "currentColor" },
    ...options,
  }) as HTMLElement | SVGElement;
}

// Ticks of an axis that holds log10: "10⁻⁵" for -5, "0.32" for -0.5.
export function power(exponent: number): string {
  if (!Number.isInteger(exponent)) return String(Number((10 ** exponent).toPrecision(2)));
  return exponent >= -2 && exponent <= 3 ? String(10 ** exponent) : powerOfTen(exponent);
}

export interface Point {
  step: number;
  value: number;
}

export function points(steps: number[], values: Numeric[], log = false): Point[] {
  return steps.flatMap((step, i) => {
    const value = finite(values[i]);
    if (value === null || (log && value <= 0)) return [];
    return [{ step, value: log ? Math.log10(value) : value }];
  });
}

// A number's place on hover.
export function hover<T extends object>(rows: T[], x: keyof T & string, y: keyof T & string, title: (row: T) => string) {
  return Plot.tip(rows, Plot.pointerX({ x, y, title, fill: "var(--panel)", stroke: "var(--line)" }));
}

export function whole(at: number): string {
  return Number.isInteger(at) ? String(at) : "";
}

// The parameters that the gradient flows through, input first.
export function kernels(run: Run): ParameterSeries[] {
  return run.parameters.filter((parameter) => /(^|\/)(kernel|embeddings|recurrent_kernel)$/.test(parameter.name));
}

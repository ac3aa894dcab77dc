// What all pictures share: size, colours that colour-blind people can tell apart (Okabe and Ito, 2008).
import * as Plot from "@observablehq/plot";

export const WIDTH = 560;
export const WIDE = 1080;

export const BLUE = "#0072b2";
export const ORANGE = "#d55e00";
export const GREEN = "#009e73";
export const PURPLE = "#cc79a7";

export function plot(options: Plot.PlotOptions): HTMLElement | SVGElement {
  return Plot.plot({
    width: WIDTH,
    height: 300,
    marginLeft: 60,
    marginBottom: 44,
    style: { fontSize: "12px", background: "none", color: "currentColor" },
    ...options,
  }) as HTMLElement | SVGElement;
}

// Ticks of an axis that holds log10: "1e-5" for -5, "0.32" for -0.5.
export function power(exponent: number): string {
  return Number.isInteger(exponent) ? `1e${exponent}` : String(Number((10 ** exponent).toPrecision(2)));
}

// The decision boundary: how sure the network is of each class over the plane, with the samples on it.
import { h } from "../dom";
import { finite, type Numeric } from "../data";

export interface Start {
  layers: string[];
  samples: [number, number, number][];
  x: [number, number];
  y: [number, number];
}

export interface Boundary {
  size: number;
  values: Numeric[]; // probability of class 1, row by row from low y
}

// Orange is class 0, blue is class 1: far apart for every kind of sight; the samples differ in shape as well.
const CLASSES = [
  [217, 112, 28],
  [24, 110, 184],
] as const;
const SIDE = 480; // pixels of the canvas; the style sheet scales it

function mix(probability: number, ground: readonly number[]): [number, number, number] {
  const certain = Math.abs(probability - 0.5) * 2;
  const color = CLASSES[probability < 0.5 ? 0 : 1];
  const strength = 0.08 + 0.62 * certain;
  return [0, 1, 2].map((i) => ground[i]! + strength * (color[i]! - ground[i]!)) as [number, number, number];
}

export class BoundaryView {
  private readonly canvas = h("canvas", { width: SIDE, height: SIDE, role: "img", "data-chart": "lab-boundary" });
  private readonly waiting = h("p", { class: "soft" }, "The data and the decision boundary appear here.");
  readonly element = h("div", { class: "plane" }, this.canvas, this.waiting);
  private readonly grid = document.createElement("canvas");
  private start: Start | null = null;

  constructor() {
    this.canvas.setAttribute("aria-label", "Decision boundary: appears when you train");
    Object.assign(this.canvas, { values: () => ({ start: this.start, boundary: this.latest }) });
  }

  private latest: Boundary | null = null;

  begin(start: Start): void {
    this.start = start;
    this.waiting.hidden = true;
    this.latest = null;
    this.draw();
  }

  show(boundary: Boundary): void {
    this.latest = boundary;
    this.draw();
    const sure = boundary.values.filter((value) => Math.abs((finite(value) ?? 0.5) - 0.5) > 0.25).length;
    const share = Math.round((100 * sure) / boundary.values.length);
    this.canvas.setAttribute("aria-label", `Decision boundary: the network is sure of its class on ${share} % of the plane`);
  }

  private draw(): void {
    const context = this.canvas.getContext("2d")!;
    context.clearRect(0, 0, SIDE, SIDE);
    if (this.latest !== null) {
      this.paint(this.latest);
      context.imageSmoothingEnabled = true;
      context.drawImage(this.grid, 0, 0, SIDE, SIDE);
    }
    for (const sample of this.start?.samples ?? []) this.mark(context, sample);
  }

  private paint({ size, values }: Boundary): void {
    this.grid.width = this.grid.height = size;
    const context = this.grid.getContext("2d")!;
    const image = context.createImageData(size, size);
    const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    const ground = dark ? [26, 29, 33] : [255, 255, 255];
    values.forEach((value, i) => {
      const at = 4 * ((size - 1 - Math.floor(i / size)) * size + (i % size)); // the canvas begins at the top
      const probability = finite(value);
      image.data.set(probability === null ? [128, 128, 128, 255] : [...mix(probability, ground), 255], at);
    });
    context.putImageData(image, 0, 0);
  }

  private mark(context: CanvasRenderingContext2D, [x, y, label]: [number, number, number]): void {
    const { x: across, y: up } = this.start!;
    const left = ((x - across[0]) / (across[1] - across[0])) * SIDE;
    const top = SIDE - ((y - up[0]) / (up[1] - up[0])) * SIDE;
    context.beginPath();
    if (label === 0) context.arc(left, top, 4, 0, 2 * Math.PI);
    else {
      context.moveTo(left, top - 5.5);
      context.lineTo(left + 5, top + 3.5);
      context.lineTo(left - 5, top + 3.5);
      context.closePath();
    }
    context.fillStyle = `rgb(${CLASSES[label === 0 ? 0 : 1].join(" ")})`;
    context.strokeStyle = "#fff";
    context.lineWidth = 1.2;
    context.fill();
    context.stroke();
  }
}

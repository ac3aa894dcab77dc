// The gradient as a river, true to scale: it springs at the output on the right, and its width at each layer is what is
// left of it. The bed is as wide as at the spring: dry where the gradient vanishes, flooded where it explodes.
import { h, svg } from "../dom";
import type { FlowPoint } from "./flow";

const WIDTH = 1000;
const HEIGHT = 120;
const BED = 20; // half the bed's width
const PLACES = 120; // along the river
const FLOOD = HEIGHT / 2 / BED;
const TIME = 220; // milliseconds from one shape to the next

// Widths at equal distances, input first; between layers the logarithm is interpolated.
function widths(points: FlowPoint[]): number[] {
  const known = points.map((point) => point.measured ?? -99);
  return Array.from({ length: PLACES + 1 }, (_, i) => {
    const at = (i / PLACES) * (known.length - 1);
    const left = Math.floor(at);
    const right = Math.min(known.length - 1, left + 1);
    const decades = known[left]! + (at - left) * (known[right]! - known[left]!);
    return Math.min(FLOOD, 10 ** decades);
  });
}

function outline(values: number[]): string {
  const x = (i: number) => (i / PLACES) * WIDTH;
  const bank = (side: number) => values.map((value, i) => `${x(i).toFixed(1)},${(HEIGHT / 2 + side * value * BED).toFixed(2)}`);
  return `M${bank(-1).join("L")}L${bank(1).reverse().join("L")}Z`;
}

export class River {
  readonly element: HTMLElement;
  private readonly water = svg("path", { class: "water" });
  private readonly gates = svg("g", { class: "gates" });
  private readonly current = svg("g", { class: "current" });
  private shape: number[] | null = null;
  private frame = 0;

  constructor() {
    const clip = svg("clipPath", { id: "river-water" });
    clip.append(this.water.cloneNode());
    const bed = svg("rect", { class: "bed", x: 0, y: HEIGHT / 2 - BED, width: WIDTH, height: 2 * BED });
    for (const y of [-12, 0, 12]) {
      this.current.append(svg("path", { d: `M${WIDTH},${HEIGHT / 2 + y}H0` }));
    }
    this.current.setAttribute("clip-path", "url(#river-water)");
    const picture = svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
      clip,
      bed,
      this.water,
      this.current,
      this.gates,
    );
    const ends = h("div", { class: "ends soft", "aria-hidden": "true" }, h("span", {}, "input"), h("span", {}, "← gradient"), h("span", {}, "output"));
    this.element = h("div", { class: "river" }, picture as unknown as HTMLElement, ends);
  }

  show(points: FlowPoint[]): void {
    const next = widths(points);
    this.gates.replaceChildren(
      ...points.map((_, i) => {
        const x = points.length === 1 ? WIDTH / 2 : (i / (points.length - 1)) * WIDTH;
        return svg("line", { x1: x, x2: x, y1: HEIGHT / 2 - BED, y2: HEIGHT / 2 + BED });
      }),
    );
    const before = this.shape ?? next;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    cancelAnimationFrame(this.frame);
    const begin = performance.now();
    const move = (now: number) => {
      const t = calm ? 1 : Math.max(0, Math.min(1, (now - begin) / TIME));
      const eased = 1 - (1 - t) ** 3;
      this.shape = next.map((value, i) => before[i]! + eased * (value - before[i]!));
      const path = outline(this.shape);
      this.water.setAttribute("d", path);
      document.querySelector("#river-water path")?.setAttribute("d", path);
      if (t < 1) this.frame = requestAnimationFrame(move);
    };
    move(begin);
    this.element.classList.toggle("flood", next[0]! >= FLOOD);
  }
}

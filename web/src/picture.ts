// A picture of data, and the figure that shows it: drawn when it comes into view, again when its data or width changes.
import { h, table, type Cell } from "./dom";

export interface Picture {
  key: string; // stable name of the chart: the figure's data-chart
  title: string;
  caption: string;
  columns: string[]; // of the numbers that the picture shows
  rows: () => Cell[][];
  draw: (width: number) => Node;
  wide?: boolean;
}

export interface Values {
  title: string;
  columns: string[];
  rows: Cell[][];
}

// What the figure element itself answers, for scripts and tests: figure.values().
type FigureElement = HTMLElement & { values: () => Values };

const SHOWN_ROWS = 300;
const figures = new WeakMap<Element, Figure>();
const watched = new Set<Figure>();

const inView = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) figures.get(entry.target)?.moved(entry.isIntersecting);
  },
  { rootMargin: "300px" },
);
const resized = new ResizeObserver((entries) => {
  for (const entry of entries) figures.get(entry.target)?.measured(entry.contentRect.width);
});
window.addEventListener("beforeprint", () => watched.forEach((figure) => figure.draw()));

let counter = 0;

export class Figure {
  readonly element: FigureElement;
  private readonly title = h("h3");
  private readonly caption = h("figcaption");
  private readonly stage = h("div", { class: "stage", role: "img" });
  private readonly numbers = h("details", { class: "numbers" }, h("summary", {}, "Numbers"), h("div", { class: "scroll" }));
  private visible = false;
  private stale = true;
  private width = 0;

  constructor(private picture: Picture) {
    const id = `figure-${++counter}`;
    this.title.id = id;
    this.element = Object.assign(
      h("figure", { "data-chart": picture.key, "aria-labelledby": id }, this.title, this.stage, this.caption, this.numbers),
      { values: () => ({ title: this.picture.title, columns: this.picture.columns, rows: this.picture.rows() }) },
    );
    this.numbers.addEventListener("toggle", () => this.fillTable());
    figures.set(this.stage, this);
    watched.add(this);
    inView.observe(this.stage);
    resized.observe(this.stage);
    this.show(picture);
  }

  show(picture: Picture): void {
    this.picture = picture;
    this.title.textContent = picture.title;
    this.caption.textContent = picture.caption;
    this.stage.setAttribute("aria-label", `${picture.title}. ${picture.caption}`);
    this.element.classList.toggle("wide", picture.wide === true);
    this.stale = true;
    if (this.visible) this.draw();
    this.fillTable();
  }

  moved(visible: boolean): void {
    this.visible = visible;
    if (visible) this.draw();
  }

  measured(width: number): void {
    if (Math.abs(width - this.width) < 1) return;
    this.stale = true;
    if (this.visible) this.draw();
  }

  draw(): void {
    const width = this.stage.clientWidth;
    if (!this.stale || width === 0) return;
    this.stale = false;
    this.width = width;
    this.stage.replaceChildren(this.picture.draw(width));
    this.stage.classList.add("drawn");
  }

  close(): void {
    inView.unobserve(this.stage);
    resized.unobserve(this.stage);
    watched.delete(this);
    this.element.remove();
  }

  private fillTable(): void {
    if (!this.numbers.open) return;
    const rows = this.picture.rows();
    const more = rows.length > SHOWN_ROWS ? `${rows.length - SHOWN_ROWS} more rows are in the record.` : null;
    this.numbers.lastElementChild!.replaceChildren(table(this.picture.columns, rows.slice(0, SHOWN_ROWS)), more ?? "");
  }
}

// A grid of figures that follows a changing list of pictures: figures stay where they are, so nothing flickers.
export class Gallery {
  readonly element: HTMLElement;
  private readonly shown = new Map<string, Figure>();

  constructor(className = "grid") {
    this.element = h("div", { class: className });
  }

  show(pictures: Picture[]): void {
    const keys = new Set(pictures.map((picture) => picture.key));
    for (const [key, figure] of this.shown) {
      if (keys.has(key)) continue;
      figure.close();
      this.shown.delete(key);
    }
    let before: Element | null = this.element.firstElementChild;
    for (const picture of pictures) {
      let figure = this.shown.get(picture.key);
      if (figure === undefined) {
        figure = new Figure(picture);
        this.shown.set(picture.key, figure);
      } else {
        figure.show(picture);
      }
      if (figure.element === before) before = before.nextElementSibling;
      else this.element.insertBefore(figure.element, before);
    }
  }

  close(): void {
    this.show([]);
  }
}

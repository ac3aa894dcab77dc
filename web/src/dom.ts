// The little that the page needs of a framework.
export type Child = Node | string | null | undefined;
type Attribute = string | number | boolean | ((event: Event) => void);

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, Attribute> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, String(value));
  }
  for (const child of children) if (child != null) element.append(child);
  return element;
}

export function svg(tag: string, attributes: Record<string, string | number> = {}, ...children: Node[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

export type Cell = string | number | null;

export function table(columns: string[], rows: (Cell | Node)[][]): HTMLElement {
  const head = h("tr", {}, ...columns.map((column) => h("th", { scope: "col" }, column)));
  const body = rows.map((row) =>
    h(
      "tr",
      {},
      ...row.map((cell) => {
        if (cell instanceof Node) return h("td", {}, cell);
        return h("td", typeof cell === "number" ? { class: "number" } : {}, format(cell));
      }),
    ),
  );
  return h("table", {}, h("thead", {}, head), h("tbody", {}, ...body));
}

// 0.00123 -> "0.00123", 1.2e-9 -> "1.2e-9".
export function format(value: number | string | null | undefined, digits = 3): string {
  if (value == null) return "–";
  if (typeof value === "string") return value;
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return String(value);
  if (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5) return value.toExponential(digits - 1);
  return String(Number(value.toPrecision(digits)));
}

// -12 -> "10⁻¹²".
export function powerOfTen(exponent: number): string {
  return `10${String(exponent).replace(/[-0-9]/g, (sign) => (sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(sign)]!))}`;
}

// Lets `action` run at once, then at most every `milliseconds`; the last call is never lost.
export function throttled(action: () => void, milliseconds: number): () => void {
  let timer: number | undefined;
  let again = false;
  const run = () => {
    timer = window.setTimeout(() => {
      timer = undefined;
      if (again) run();
    }, milliseconds);
    again = false;
    action();
  };
  return () => (timer === undefined ? run() : void (again = true));
}

// The little that the page needs of a framework.
type Child = Node | string | null | undefined;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children) if (child != null) element.append(child);
  return element;
}

// 0.00123 -> "0.00123", 1.2e-9 -> "1.2e-9".
export function format(value: number | string | null | undefined, digits = 3): string {
  if (value == null) return "-";
  if (typeof value === "string") return value;
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)) return value.toExponential(digits - 1);
  return String(Number(value.toPrecision(digits)));
}

export type Cell = string | number | null;

// A picture with its caption and its numbers as a table, for those who cannot see it or want to copy them.
export function figure(title: string, caption: string, picture: Node, columns: string[], rows: Cell[][]): HTMLElement {
  const id = title.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const shown = rows.slice(0, 200);
  const more = rows.length > shown.length ? h("p", {}, `${rows.length - shown.length} more rows are in the record.`) : null;
  return h(
    "figure",
    { id, "aria-labelledby": `${id}-title` },
    h("h3", { id: `${id}-title` }, title),
    h("div", { class: "picture", role: "img", "aria-label": `${title}. ${caption}` }, picture),
    h("figcaption", {}, caption),
    h(
      "details",
      {},
      h("summary", {}, "Numbers"),
      h("div", { class: "scroll" }, table(columns, shown)),
      more,
    ),
  );
}

export function table(columns: string[], rows: Cell[][]): HTMLElement {
  const head = h("tr", {}, ...columns.map((column) => h("th", { scope: "col" }, column)));
  const body = rows.map((row) =>
    h("tr", {}, ...row.map((cell) => h("td", typeof cell === "number" ? { class: "number" } : {}, format(cell)))),
  );
  return h("table", {}, h("thead", {}, head), h("tbody", {}, ...body));
}

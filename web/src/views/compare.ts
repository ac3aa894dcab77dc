// #/compare/A,B
import { askReport } from "../api";
import { h } from "../dom";
import { fill, type View } from "../view";
import { comparison } from "./comparison";

export function compareView(names: string[]): View {
  const ending = new AbortController();
  const element = h("div", { class: "page" });
  void fill(element, ending.signal, async () => {
    element.append(...comparison((await askReport(names, ending.signal)).runs));
  });
  return { title: names.join(", "), element, close: () => ending.abort() };
}

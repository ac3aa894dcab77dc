import { h } from "../dom";
import type { View } from "../view";
export function labView(state: string): View {
  return { title: "Lab", element: h("div", { class: "page" }, state) };
}

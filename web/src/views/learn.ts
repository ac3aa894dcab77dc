// #/learn and #/learn/NAME: the lessons.
import { h } from "../dom";
import { lesson, loadLessonNames } from "../lessons";
import { lessonBody } from "../markdown";
import { fill, type View } from "../view";

export function learnView(): View {
  const ending = new AbortController();
  const element = h("div", { class: "page" }, h("section", { class: "opening" }, h("h1", {}, "Lessons")));
  void fill(element, ending.signal, async () => {
    const names = await loadLessonNames(ending.signal);
    element.append(
      h("ul", { class: "lessons" }, ...names.map((name) => h("li", {}, h("a", { href: `#/learn/${encodeURIComponent(name)}` }, name.replace(/-/g, " "))))),
    );
  });
  return { title: "Lessons", element, close: () => ending.abort() };
}

export function lessonView(name: string): View {
  const ending = new AbortController();
  const element = h("div", { class: "page" });
  void fill(element, ending.signal, async () => {
    const { text } = await lesson(name);
    element.append(h("article", { class: "lesson" }, lessonBody(text, "h1")), h("p", {}, h("a", { href: "#/learn" }, "All lessons")));
  });
  return { title: name, element, close: () => ending.abort() };
}

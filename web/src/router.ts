// The page's address: #/ runs, #/run/NAME, #/compare/A,B, #/lab?state, #/learn and #/learn/NAME.
import { h } from "./dom";
import { loadLessonNames } from "./lessons";
import { Shell } from "./shell";
import { trouble, type View } from "./view";
import { compareView } from "./views/compare";
import { labView } from "./views/lab";
import { learnView, lessonView } from "./views/learn";
import { runView } from "./views/run";
import { runsView } from "./views/runs";

function open(hash: string): [place: string, view: View] {
  const [path = "", state = ""] = hash.replace(/^#\/?/, "").split("?");
  const at = path.indexOf("/");
  const place = at < 0 ? path : path.slice(0, at);
  const rest = at < 0 ? "" : path.slice(at + 1);
  if (place === "") return ["#/", runsView()];
  if (place === "run" && rest !== "") return ["#/", runView(decodeURIComponent(rest))];
  if (place === "compare" && rest !== "") return ["#/", compareView(rest.split(",").map(decodeURIComponent))];
  if (place === "lab") return ["#/lab", labView(state)];
  if (place === "learn") return ["#/learn", rest === "" ? learnView() : lessonView(decodeURIComponent(rest))];
  const element = h("div", { class: "page" }, trouble(`There is no page ${hash}.`), h("p", {}, h("a", { href: "#/" }, "To the runs")));
  return ["", { title: "Not found", element }];
}

export function route(page: HTMLElement): void {
  const shell = new Shell(page);
  let view: View | null = null;
  const go = () => {
    view?.close?.();
    const [place, next] = open(location.hash);
    view = next;
    shell.mark(place);
    document.title = `${view.title} · evenflow`;
    page.replaceChildren(view.element);
    window.scrollTo(0, 0);
  };
  window.addEventListener("hashchange", go);
  // Findings link to their lessons: the names are wanted before the first view, but no view waits long for them.
  void Promise.race([loadLessonNames().catch(() => []), new Promise((resolve) => window.setTimeout(resolve, 500))]).then(go);
}

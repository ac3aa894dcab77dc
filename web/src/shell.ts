// The frame of the live page: name, ways to go, and the word that the connection is lost.
import { connection, isConnected } from "./api";
import { h } from "./dom";

const PLACES: [string, string][] = [
  ["#/", "Runs"],
  ["#/lab", "Lab"],
  ["#/learn", "Lessons"],
];

export function wordmark(): HTMLElement {
  const mark = h("span", { class: "mark", "aria-hidden": "true" });
  mark.innerHTML =
    '<svg viewBox="0 0 28 20" width="28" height="20"><path d="M1 5c5-5 8 5 13 0s8 5 13 0M1 15c5-5 8 5 13 0s8 5 13 0M1 10c5-5 8 5 13 0s8 5 13 0"/></svg>';
  return h("span", { class: "wordmark" }, mark, "evenflow");
}

export class Shell {
  private readonly links = PLACES.map(([href, name]) => h("a", { href }, name));
  private readonly banner = h("p", { class: "banner", role: "status" });
  private readonly header = h("header", { class: "top" }, h("a", { href: "#/", class: "home" }, wordmark()), h("nav", { "aria-label": "Places" }, ...this.links));

  constructor(page: HTMLElement) {
    page.before(this.header, this.banner);
    const show = () => {
      this.banner.textContent = isConnected() ? "" : "The connection to evenflow is lost. Is the program still running? Trying again…";
      this.banner.hidden = isConnected();
    };
    connection.addEventListener("change", show);
    show();
  }

  mark(place: string): void {
    for (const link of this.links) {
      if (link.getAttribute("href") === place) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }
}

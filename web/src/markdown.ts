// The little Markdown that lessons are written in: headings, paragraphs, lists, indented code, `code`.
import { h } from "./dom";

function inline(text: string): (Node | string)[] {
  return text.split(/(`[^`]+`)/).map((part) => (part.startsWith("`") && part.length > 2 ? h("code", {}, part.slice(1, -1)) : part));
}

function block(text: string): HTMLElement {
  const lines = text.split("\n");
  if (lines.every((line) => /^( {4}|\t)/.test(line))) return h("pre", { tabindex: 0 }, lines.map((line) => line.trimStart()).join("\n"));
  const heading = /^#+\s+(.*)$/.exec(text);
  if (heading !== null) return h("h2", {}, ...inline(heading[1]!));
  if (/^[-*] /.test(text)) {
    const items = text.split(/\n(?=[-*] )/).map((item) => item.replace(/^[-*] /, "").replace(/\s*\n\s*/g, " "));
    return h("ul", {}, ...items.map((item) => h("li", {}, ...inline(item))));
  }
  const source = /^Sources?:/.test(text);
  return h("p", source ? { class: "soft" } : {}, ...inline(lines.map((line) => line.trim()).join(" ")));
}

// A lesson: its first line is the title.
export function lessonBody(text: string, heading: "h1" | "h4"): DocumentFragment {
  const blocks = text.replace(/\r/g, "").trim().split(/\n\s*\n/);
  const title = (blocks.shift() ?? "").replace(/^#+\s*/, "");
  const fragment = document.createDocumentFragment();
  fragment.append(h(heading, {}, title));
  fragment.append(...blocks.map(block));
  return fragment;
}

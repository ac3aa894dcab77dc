// The short lesson beside a control: a button that opens a card.
import { h } from "../dom";
import { lesson, lessonName } from "../lessons";
import { lessonBody } from "../markdown";
import { HINTS } from "./hints";
import type { LabState } from "./state";

let counter = 0;

export function hintButton(key: keyof LabState, state: () => LabState): Node[] {
  const hint = HINTS[key];
  const id = `hint-${++counter}`;
  const card = h("div", { id, popover: "auto", class: "card", role: "dialog", "aria-label": `About ${hint.label.toLowerCase()}` });
  const button = h("button", { type: "button", class: "hint", popovertarget: id, "aria-label": `What is ${hint.label.toLowerCase()}?` }, "?");
  card.addEventListener("beforetoggle", (event) => {
    if ((event as ToggleEvent).newState !== "open") return;
    card.replaceChildren(h("h3", {}, hint.label), h("p", {}, hint.text));
    const name = hint.lesson === undefined ? null : lessonName(hint.lesson(state()));
    if (name !== null) void addLesson(card, name);
  });
  card.addEventListener("toggle", (event) => (event as ToggleEvent).newState === "open" && place(card, button));
  return [button, card];
}

async function addLesson(card: HTMLElement, name: string): Promise<void> {
  const body = h("div", { class: "more" }, h("p", { class: "soft" }, "…"));
  card.append(body);
  try {
    const { text } = await lesson(name);
    body.replaceChildren(lessonBody(text, "h4"), h("p", {}, h("a", { href: `#/learn/${name}` }, "Open the lesson")));
  } catch (error) {
    body.replaceChildren(h("p", { class: "soft" }, (error as Error).message));
  }
}

// Beside the button where there is room, else the browser's place in the middle.
function place(card: HTMLElement, button: HTMLElement): void {
  const from = button.getBoundingClientRect();
  const left = from.right + 12;
  if (left + 380 > window.innerWidth) return card.removeAttribute("style");
  Object.assign(card.style, { margin: "0", inset: "auto", left: `${left}px`, top: `${Math.max(64, Math.min(from.top - 16, window.innerHeight - 420))}px` });
}

// To take the network along: the file, the Keras program, the command, the link.
import { ask } from "../api";
import { h } from "../dom";
import { trouble } from "../view";
import { formatState, type LabState } from "./state";

function copyButton(text: () => string, name: string): HTMLElement {
  const button = h("button", { type: "button", class: "small", onclick: () => void copy() }, name);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select it and press Ctrl+C"; // no permission, or a page without https
    }
    window.setTimeout(() => (button.textContent = name), 2000);
  };
  return button;
}

async function text(kind: "code" | "command", state: LabState): Promise<string> {
  const answer = await ask<{ code?: string; command?: string }>(`/api/lab/export?${formatState(state)}&as=${kind}`);
  return answer[kind] ?? "";
}

export class Export {
  readonly element: HTMLDetailsElement;
  private readonly file = h("a", { class: "button", download: "lab.keras" }, "Download lab.keras");
  private readonly body = h("div");

  constructor(private readonly state: () => LabState) {
    const link = copyButton(() => location.href, "Copy the link to this state");
    this.element = h(
      "details",
      { class: "export" },
      h("summary", {}, "Take it with you"),
      h("div", { class: "chips" }, this.file, link),
      this.body,
    );
    this.element.addEventListener("toggle", () => void this.show());
  }

  async show(): Promise<void> {
    const state = this.state();
    this.file.href = `/api/lab/export?${formatState(state)}&as=keras`;
    if (!this.element.open) return;
    try {
      const [command, code] = await Promise.all([text("command", state), text("code", state)]);
      if (state !== this.state()) return;
      const part = (title: string, kind: string, words: string) =>
        h("div", { "data-export": kind }, h("div", { class: "line" }, h("h3", {}, title), copyButton(() => words, "Copy")), h("pre", { tabindex: 0 }, words));
      this.body.replaceChildren(part("Command", "command", command), part("Keras", "code", code));
    } catch (error) {
      this.body.replaceChildren(trouble(error));
    }
  }
}

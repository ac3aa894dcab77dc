// What a view is: an element with a title, and how it ends.
import { ServerError } from "./api";
import { h } from "./dom";

export interface View {
  title: string;
  element: HTMLElement;
  close?: () => void;
}

// Fills a view with what the server answers; a refusal is shown in its words.
export async function fill(element: HTMLElement, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  element.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (error) {
    if (signal.aborted) return;
    element.append(trouble(error));
    if (!(error instanceof ServerError)) console.error(error);
  } finally {
    element.removeAttribute("aria-busy");
  }
}

export function trouble(error: unknown): HTMLElement {
  return h("p", { class: "trouble", role: "alert" }, error instanceof Error ? error.message : String(error));
}

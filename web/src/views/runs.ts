// #/: the runs of the folder, newest first. Ticked ones can be compared.
import { ask, type RunList, type RunSummary } from "../api";
import { format, h } from "../dom";
import { fill, trouble, type View } from "../view";
import { chips } from "./parts";

const AGAIN = 2000; // milliseconds between two looks at the folder

export function runsView(): View {
  const ending = new AbortController();
  const list = h("div");
  const compare = h("a", { class: "button primary", role: "button" });
  const bar = h("div", { class: "bar" }, compare);
  const ticked = new Set<string>();
  const heading = h("h1", {}, "Runs");
  const folder = h("p", { class: "soft" });
  const element = h("div", { class: "page" }, h("section", { class: "opening" }, heading, folder), list, bar);

  const showBar = () => {
    compare.textContent = ticked.size < 2 ? "Tick two runs to compare them" : `Compare ${ticked.size} runs`;
    compare.toggleAttribute("aria-disabled", ticked.size < 2);
    if (ticked.size < 2) compare.removeAttribute("href");
    else compare.href = `#/compare/${[...ticked].map(encodeURIComponent).join(",")}`;
  };
  const tick = (name: string, on: boolean) => {
    if (on) ticked.add(name);
    else ticked.delete(name);
    showBar();
  };
  let shown = "";
  const look = async () => {
    const answer = await ask<RunList>("/api/runs", ending.signal);
    const now = JSON.stringify(answer);
    if (now === shown) return;
    shown = now;
    folder.textContent = answer.folder;
    bar.hidden = answer.runs.length < 2;
    const focused = list.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset["focus"] : undefined;
    list.replaceChildren(answer.runs.length === 0 ? empty() : runTable(answer.runs, ticked, tick));
    if (focused !== undefined) list.querySelector<HTMLElement>(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  };
  void fill(element, ending.signal, async () => {
    showBar();
    for (;;) {
      if (!document.hidden) await look().catch((error: unknown) => list.replaceChildren(trouble(error)));
      if (ending.signal.aborted) return;
      element.removeAttribute("aria-busy");
      await new Promise((resolve) => window.setTimeout(resolve, AGAIN));
    }
  });
  return { title: "Runs", element, close: () => ending.abort() };
}

function empty(): HTMLElement {
  const command = "evenflow new deep.keras --input 2 --hidden 32x20 --activation sigmoid --output 1 \\\n    " +
    "--output-activation sigmoid --loss binary_crossentropy\nevenflow train deep.keras --data circles --record first.run";
  return h(
    "div",
    { class: "empty" },
    h("p", { class: "lead" }, "No run is recorded in this folder yet."),
    h("p", {}, "Record one, and it appears here while it trains:"),
    h("pre", { tabindex: 0 }, command),
    h("p", {}, "Or play first: ", h("a", { href: "#/lab" }, "open the lab"), "."),
  );
}

function runTable(runs: RunSummary[], ticked: Set<string>, tick: (name: string, on: boolean) => void): HTMLElement {
  const columns = ["", "run", "state", "model", "data", "optimizer", "steps", "loss", "findings", "changed"];
  const rows = runs.map((run) => {
    const box = h("input", {
      type: "checkbox",
      "aria-label": `compare ${run.name}`,
      "data-focus": `tick ${run.name}`,
      onchange: (event) => tick(run.name, (event.target as HTMLInputElement).checked),
    });
    box.checked = ticked.has(run.name);
    const link = h("a", { href: `#/run/${encodeURIComponent(run.name)}`, "data-focus": `run ${run.name}` }, run.name);
    const cells: [string, Node | string][] = [
      ["tick", box],
      ["name", link],
      ["", h("span", { class: run.running ? "state running" : "state finished" }, run.running ? "running" : run.outcome)],
      ["", run.model],
      ["", run.data],
      ["", run.optimizer],
      ["number", format(run.steps)],
      ["number", format(run.last_loss)],
      ["", chips(run.findings)],
      ["soft", ago(run.modified)],
    ];
    return h(
      "tr",
      { "data-run": run.name },
      ...cells.map(([className, cell], i) => h("td", { class: className, "data-label": columns[i]! }, cell)),
    );
  });
  const head = h("tr", {}, ...columns.map((column) => h("th", { scope: "col" }, column)));
  return h("table", { class: "runs" }, h("thead", {}, head), h("tbody", {}, ...rows));
}

function ago(time: string): string {
  const seconds = (Date.now() - Date.parse(time)) / 1000;
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 60) return "just now";
  const [count, unit] = seconds < 3600 ? [seconds / 60, "min"] : seconds < 86400 ? [seconds / 3600, "h"] : [seconds / 86400, "days"];
  return `${Math.round(count)} ${unit} ago`;
}

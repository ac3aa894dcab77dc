// Runs side by side: their curves in one picture, a table, then each picture of one run beside the other's.
import { pictures } from "../charts/all";
import { overlays } from "../charts/overlay";
import { finite, type Run } from "../data";
import { h, table } from "../dom";
import { Figure, Gallery } from "../picture";
import { chips, findings, lastFinite, reproduction, verdict } from "./parts";

export function comparison(runs: Run[]): Node[] {
  const gallery = new Gallery();
  gallery.show(overlays(runs));
  return [
    h("section", { class: "opening" }, h("h1", {}, "Runs compared"), h("div", { class: "columns" }, ...runs.map(opening))),
    h("section", { "aria-label": "Curves" }, h("h2", {}, "Together"), gallery.element),
    h("section", { "aria-label": "Table" }, h("h2", {}, "In numbers"), h("div", { class: "scroll" }, numbers(runs))),
    h("section", { "aria-label": "Pictures" }, h("h2", {}, "One beside the other"), ...beside(runs)),
    h("section", { class: "columns" }, ...runs.map((run) => h("div", {}, h("h2", {}, run.name), findings(run), reproduction(run)))),
  ];
}

function opening(run: Run): HTMLElement {
  return h("div", {}, h("h3", {}, run.name), verdict(run));
}

function numbers(runs: Run[]): HTMLElement {
  const last = (run: Run) => run.epochs[run.epochs.length - 1]?.logs ?? {};
  const names = [...new Set(runs.flatMap((run) => Object.keys(last(run))))];
  const rows = runs.map((run) => [
    run.name,
    run.model,
    run.optimizer,
    run.steps.iteration.at(-1) ?? null,
    lastFinite(run.steps.loss),
    ...names.map((name) => finite(last(run)[name])),
    chips(run.findings.map((finding) => finding.rule)),
  ]);
  const epochs = names.map((name) => `epoch ${name}`);
  return table(["run", "model", "optimizer", "steps", "last loss", ...epochs, "findings"], rows);
}

function beside(runs: Run[]): HTMLElement[] {
  const all = runs.map(pictures);
  const keys = [...new Set(all.flatMap((list) => list.map((picture) => picture.key)))];
  return keys.map((key) =>
    h(
      "div",
      { class: "columns beside" },
      ...runs.map((run, i) => {
        const picture = all[i]!.find((one) => one.key === key);
        if (picture === undefined) return h("div", { class: "nothing soft" }, `${run.name} has no such record.`);
        const figure = new Figure({ ...picture, title: `${picture.title}: ${run.name}`, wide: false });
        figure.element.dataset["run"] = run.name;
        return figure.element;
      }),
    ),
  );
}

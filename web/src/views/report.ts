// A report in a file: one run, or several side by side.
import { pictures } from "../charts/all";
import type { Report, Run } from "../data";
import { h } from "../dom";
import { Gallery } from "../picture";
import { comparison } from "./comparison";
import { facts, findings, reproduction, verdict } from "./parts";

export function reportPage(report: Report): Node[] {
  const footer = h("p", { class: "soft foot" }, `evenflow ${report.version}, ${report.generated}`);
  const only = report.runs.length === 1 ? report.runs[0] : undefined;
  return [...(only === undefined ? comparison(report.runs) : runPage(only)), footer];
}

function runPage(run: Run): Node[] {
  const gallery = new Gallery();
  gallery.show(pictures(run));
  return [
    h("section", { class: "opening", "aria-label": `Verdict on ${run.name}` }, h("h1", {}, run.name), verdict(run), facts(run)),
    h("section", { "aria-label": "Pictures" }, h("h2", {}, "Pictures"), gallery.element),
    findings(run),
    reproduction(run),
  ];
}

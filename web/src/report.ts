// The report: verdict first, then the pictures, then every finding and how to run it again.
import { activationCharts } from "./charts/activation";
import { curves } from "./charts/curves";
import { depthChart } from "./charts/depth";
import { exponentChart } from "./charts/exponents";
import { heatMap } from "./charts/heatmap";
import { ledgerChart } from "./charts/ledger";
import { phaseChart } from "./charts/phase";
import { throughTime } from "./charts/through_time";
import { updateChart } from "./charts/updates";
import type { Cause, Finding, Report, Run } from "./data";
import { format, h, table } from "./dom";

export function reportPage(report: Report): Node[] {
  const several = report.runs.length > 1;
  const heading = h("header", {}, h("h1", {}, several ? "evenflow: runs compared" : "evenflow report"));
  const comparison = several ? [comparisonTable(report.runs)] : [];
  const footer = h("p", { class: "soft" }, `evenflow ${report.version}, ${report.generated}`);
  return [heading, ...comparison, ...report.runs.flatMap((run) => runSection(run)), footer];
}

function runSection(run: Run): Node[] {
  const sections: Node[] = [
    h("section", { "aria-label": `verdict on ${run.name}` }, h("h2", {}, run.name), verdict(run), facts(run)),
  ];
  const pictures = [
    heatMap(run),
    ...curves(run),
    depthChart(run),
    ledgerChart(run),
    updateChart(run),
    ...activationCharts(run),
    exponentChart(run),
    ...throughTime(run),
    phaseChart(run),
  ].filter((picture): picture is HTMLElement => picture !== null);
  sections.push(h("section", {}, h("h2", {}, "Pictures"), h("div", { class: "grid" }, ...pictures)));
  sections.push(findings(run), reproduction(run));
  return sections;
}

function verdict(run: Run): HTMLElement {
  return h("p", { class: "lead" }, run.verdict.join(" "));
}

function facts(run: Run): HTMLElement {
  const parts = [run.model, run.data, run.loss, run.optimizer, `${run.recorded_steps} recorded steps`];
  return h("p", { class: "soft" }, parts.filter((part) => part !== "").join("   "));
}

function comparisonTable(runs: Run[]): HTMLElement {
  const last = (run: Run) => run.epochs[run.epochs.length - 1]?.logs ?? {};
  const names = [...new Set(runs.flatMap((run) => Object.keys(last(run))))];
  const rows = runs.map((run) => [
    run.name,
    run.optimizer,
    run.findings.map((finding) => finding.rule).join(", ") || "none",
    ...names.map((name) => last(run)[name] ?? null),
  ]);
  return h(
    "section",
    {},
    h("h2", {}, "Side by side"),
    h("div", { class: "scroll" }, table(["run", "optimizer", "findings", ...names], rows)),
  );
}

function findings(run: Run): HTMLElement {
  const items = run.findings.map(findingText);
  const none = h("p", {}, "No rule has anything to say.");
  const silences = h(
    "details",
    {},
    h("summary", {}, "What the other rules looked at"),
    h("ul", {}, ...run.silences.map((silence) => h("li", {}, silence))),
  );
  return h(
    "section",
    {},
    h("h2", {}, "Findings"),
    ...(items.length > 0 ? items : [none]),
    run.silences.length > 0 ? silences : null,
  );
}

function findingText(finding: Finding): HTMLElement {
  const where = finding.layers.length > 6 ? `${finding.layers.length} layers` : finding.layers.join(", ");
  const since = finding.onset === null ? "" : ` since step ${finding.onset.step}`;
  const evidence = finding.evidence.map((one) => [one.name.replace(/_/g, " "), one.value, one.unit]);
  return h(
    "article",
    { class: `finding ${finding.severity}`, id: `finding-${finding.rule}` },
    h("span", { class: "badge" }, `${finding.severity}: ${finding.rule}`),
    h("span", { class: "soft" }, ` ${where}${since}`),
    h("p", {}, finding.message),
    causeList("Why", finding.cause),
    causeList("By experiment", finding.experiment),
    finding.advice.length > 0
      ? h("div", {}, "Try", h("ul", {}, ...finding.advice.map((advice) => h("li", {}, advice))))
      : null,
    evidence.length > 0
      ? h("details", {}, h("summary", {}, "Evidence"), table(["number", "value", "unit"], evidence))
      : null,
    finding.learn === "" ? null : h("p", { class: "soft" }, finding.learn),
  );
}

function causeList(title: string, causes: Cause[]): HTMLElement | null {
  if (causes.length === 0) return null;
  const items = causes.map((one) =>
    h("li", {}, `${one.factor}: ${format(one.decades)} decades`, one.explanation === "" ? "" : ` (${one.explanation})`),
  );
  return h("div", {}, title, h("ul", {}, ...items));
}

function reproduction(run: Run): HTMLElement {
  return h(
    "section",
    {},
    h("h2", {}, "Run it again"),
    h("pre", {}, run.command),
    h("p", { class: "soft" }, `Seed ${run.seed}. The same seed and number of threads give the same run, bit by bit.`),
    h("details", {}, h("summary", {}, "Settings"), table(["setting", "value"], run.settings)),
  );
}

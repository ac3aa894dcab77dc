// The parts of a run's page besides its pictures: verdict, facts, findings, how to run it again.
import { finite, type Cause, type Finding, type Run } from "../data";
import { format, h, table } from "../dom";
import { lessonName } from "../lessons";

export function lastFinite(values: (number | string | null)[]): number | null {
  for (let i = values.length - 1; i >= 0; --i) {
    const value = finite(values[i] as number);
    if (value !== null) return value;
  }
  return null;
}

export function chips(rules: string[], anchor?: string): HTMLElement {
  if (rules.length === 0) return h("span", { class: "chip fine" }, "no findings");
  const unique = [...new Set(rules)];
  const make = (rule: string) =>
    anchor === undefined
      ? h("span", { class: "chip" }, rule)
      : h("button", { class: "chip", type: "button", onclick: () => reveal(`${anchor}-${rule}`) }, rule);
  return h("span", { class: "chips" }, ...unique.map(make));
}

// Links within the page cannot be hashes: the hash is the page's address.
function reveal(id: string): void {
  const target = document.getElementById(id);
  target?.scrollIntoView({ block: "start" });
  target?.focus({ preventScroll: true });
}

export function verdict(run: Run): HTMLElement {
  const [first, ...rest] = run.verdict;
  return h(
    "div",
    { class: "verdict" },
    h("p", { class: "lead" }, first ?? "Nothing is known of this run yet."),
    rest.length > 0 ? h("p", {}, rest.join(" ")) : null,
    run.findings.length > 0 ? chips(run.findings.map((finding) => finding.rule), anchorOf(run)) : null,
  );
}

function anchorOf(run: Run): string {
  return `finding-${run.name.replace(/[^A-Za-z0-9]+/g, "-")}`;
}

export function facts(run: Run): HTMLElement {
  const steps = run.steps.iteration;
  const clipping = run.clipping.kind === "" ? "" : `${run.clipping.kind} at ${run.clipping.threshold}`;
  const entries: [string, string][] = [
    ["model", run.model],
    ["data", run.data],
    ["loss", run.loss],
    ["optimizer", run.optimizer],
    ["clipping", clipping],
    ["step", steps.length > 0 ? format(steps[steps.length - 1]!) : ""],
    ["last loss", steps.length > 0 ? format(lastFinite(run.steps.loss)) : ""],
  ];
  return h(
    "dl",
    { class: "facts" },
    ...entries.filter(([, value]) => value !== "").map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
}

export function findings(run: Run): HTMLElement {
  const silences = h(
    "details",
    {},
    h("summary", {}, "What the other rules looked at"),
    h("ul", {}, ...run.silences.map((silence) => h("li", {}, silence))),
  );
  return h(
    "section",
    { "aria-label": "Findings" },
    h("h2", {}, "Findings"),
    ...(run.findings.length > 0
      ? run.findings.map((one) => findingCard(one, `${anchorOf(run)}-${one.rule}`))
      : [h("p", {}, "No rule has anything to say.")]),
    run.silences.length > 0 ? silences : null,
  );
}

export function findingCard(finding: Finding, id = ""): HTMLElement {
  const where = finding.layers.length > 6 ? `${finding.layers.length} layers` : finding.layers.join(", ");
  const since = finding.onset === null ? "" : `${where === "" ? "" : ", "}since step ${finding.onset.step}`;
  const evidence = finding.evidence.map((one) => [one.name.replace(/_/g, " "), one.value, one.unit]);
  return h(
    "article",
    { class: `finding ${finding.severity}`, tabindex: -1, ...(id === "" ? {} : { id }) },
    h("p", { class: "finding-head" }, h("strong", {}, finding.rule), h("span", { class: "soft" }, `${finding.severity}, ${where}${since}`)),
    h("p", {}, finding.message),
    causeList("Why", finding.cause),
    causeList("By experiment", finding.experiment),
    finding.advice.length > 0
      ? h("div", {}, h("h4", {}, "Try"), h("ul", {}, ...finding.advice.map((advice) => h("li", {}, advice))))
      : null,
    evidence.length > 0
      ? h("details", {}, h("summary", {}, "Evidence"), h("div", { class: "scroll" }, table(["number", "value", "unit"], evidence)))
      : null,
    learn(finding),
  );
}

function learn(finding: Finding): HTMLElement | null {
  const name = lessonName(finding.rule);
  if (name !== null) return h("p", { class: "soft" }, h("a", { href: `#/learn/${name}` }, "Lesson"), finding.learn === "" ? "" : ` · ${finding.learn}`);
  return finding.learn === "" ? null : h("p", { class: "soft" }, finding.learn);
}

function causeList(title: string, causes: Cause[]): HTMLElement | null {
  if (causes.length === 0) return null;
  const items = causes.map((one) =>
    h("li", {}, `${one.factor}: ${format(one.decades)} decades`, one.explanation === "" ? "" : ` (${one.explanation})`),
  );
  return h("div", {}, h("h4", {}, title), h("ul", {}, ...items));
}

export function reproduction(run: Run): HTMLElement {
  return h(
    "section",
    { "aria-label": "Run it again" },
    h("h2", {}, "Run it again"),
    h("pre", { tabindex: 0 }, run.command),
    h("p", { class: "soft" }, `Seed ${run.seed}. The same seed and number of threads give the same run, bit by bit.`),
    h("details", {}, h("summary", {}, "Settings"), table(["setting", "value"], run.settings)),
  );
}

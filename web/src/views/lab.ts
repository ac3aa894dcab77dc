// #/lab?state: put a network together, see its gradient flow at once, train it and watch.
import { ask, type Check } from "../api";
import type { Finding } from "../data";
import { format, h } from "../dom";
import { Controls } from "../lab/controls";
import { Export } from "../lab/export";
import { flowPicture, flowPoints } from "../lab/flow";
import { River } from "../lab/river";
import { sentence } from "../lab/sentence";
import { formatState, parseState, PRESETS, type Choices, type LabState, type Preset } from "../lab/state";
import { Training } from "../lab/training";
import { Figure } from "../picture";
import { fill, trouble, type View } from "../view";
import { findingCard } from "./parts";

const SETTLE = 40; // milliseconds without a change before a probe is asked for

export function labView(address: string): View {
  const ending = new AbortController();
  const element = h("div", { class: "page lab" });
  let lab: Lab | null = null;
  void fill(element, ending.signal, async () => {
    const choices = await ask<Choices>("/api/lab/choices", ending.signal);
    lab = new Lab(choices, parseState(address, choices.defaults));
    element.append(lab.element);
  });
  return { title: "Lab", element, close: () => (ending.abort(), lab?.close()) };
}

class Lab {
  readonly element: HTMLElement;
  private readonly controls: Controls;
  private readonly training = new Training(
    () => this.state,
    (findings) => this.showFindings(findings, "While training"),
  );
  private readonly exporting = new Export(() => this.state);
  private readonly river = new River();
  private readonly words = h("p", { class: "lead", "aria-live": "polite" });
  private readonly speed = h("span", { class: "soft" });
  private readonly findings = h("section", { class: "found" });
  private readonly flow = h("div", { class: "flow" });
  private readonly presets: HTMLElement[];
  private figure: Figure | null = null;
  private asking: AbortController | null = null;
  private timer = 0;

  constructor(
    private readonly choices: Choices,
    private state: LabState,
  ) {
    this.controls = new Controls(choices, () => this.state, (change) => this.change({ ...this.state, ...change }));
    this.presets = PRESETS.map((preset) => h("button", { type: "button", onclick: () => this.take(preset) }, preset.title));
    this.element = h(
      "div",
      { class: "bench" },
      h("div", { class: "opening" }, h("h1", {}, "Lab"), h("div", { class: "presets", role: "group", "aria-label": "Examples" }, ...this.presets)),
      this.controls.element,
      h("section", { class: "middle", "aria-label": "Gradient flow" }, this.words, this.river.element, this.flow, this.training.heat.element, this.findings),
      h("section", { class: "right", "aria-label": "Training" }, this.trainingHead(), this.training.boundary.element, this.training.curve.element),
      this.exporting.element,
    );
    this.show();
    void this.probe();
  }

  private trainingHead(): HTMLElement {
    return h("div", { class: "training-head" }, this.training.button, this.training.status);
  }

  private take(preset: Preset): void {
    const { data, seed } = this.state;
    this.change({ ...this.choices.defaults, data, seed, ...preset.change });
  }

  private change(state: LabState): void {
    this.state = state;
    this.training.stop(true);
    this.show();
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.probe(), SETTLE);
  }

  // The controls and the address say the state.
  private show(): void {
    this.controls.show(this.state);
    history.replaceState(null, "", `#/lab?${formatState(this.state)}`);
    PRESETS.forEach(({ change }, i) => {
      const chosen = Object.entries(change).every(([key, value]) => key === "weight_variance" || this.state[key as keyof LabState] === value);
      this.presets[i]!.setAttribute("aria-pressed", String(chosen));
    });
    void this.exporting.show();
  }

  // The newest state wins: an answer to an older one is dropped.
  private async probe(): Promise<void> {
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    try {
      const answer = await ask<{ check: Check; milliseconds: number }>(`/api/lab/probe?${formatState(this.state)}`, asking.signal);
      if (!asking.signal.aborted) this.showCheck(answer.check, answer.milliseconds);
    } catch (error) {
      if (!asking.signal.aborted) this.words.replaceChildren(trouble(error));
    }
  }

  private showCheck(check: Check, milliseconds: number): void {
    const { text, tone } = sentence(check);
    this.words.className = `lead ${tone}`;
    this.words.textContent = text;
    this.speed.textContent = `probed in ${format(milliseconds, 2)} ms`;
    this.river.show(flowPoints(check));
    const picture = flowPicture(check, "Gradient through depth, before training");
    if (this.figure === null) {
      this.figure = new Figure(picture);
      this.figure.element.append(this.speed);
      this.flow.replaceChildren(this.figure.element);
    } else {
      this.figure.show(picture);
    }
    if (!this.training.running) this.showFindings(check.findings, "Before training");
  }

  private showFindings(findings: Finding[], when: string): void {
    const open = new Set([...this.findings.querySelectorAll("details[open]")].map((one) => (one as HTMLElement).dataset["rule"]));
    this.findings.replaceChildren(
      h("h2", {}, findings.length === 0 ? `${when}: no findings` : `${when}: ${findings.length === 1 ? "one finding" : `${findings.length} findings`}`),
      ...findings.map((finding) =>
        h(
          "details",
          { class: `finding-line ${finding.severity}`, "data-rule": finding.rule, open: open.has(finding.rule) },
          h("summary", {}, h("strong", {}, finding.rule), " ", finding.message),
          findingCard(finding),
        ),
      ),
    );
  }

  close(): void {
    this.asking?.abort();
    window.clearTimeout(this.timer);
    this.training.close();
    this.figure?.close();
  }
}

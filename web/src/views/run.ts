// #/run/NAME: the report's views of one run, growing while the run trains.
import { ask, askReport, follow, pause, query, type RunList } from "../api";
import { pictures } from "../charts/all";
import type { Finding, Run } from "../data";
import { format, h, throttled } from "../dom";
import { append, renewed, type Columns } from "../live";
import { Gallery } from "../picture";
import { fill, type View } from "../view";
import { facts, findings, lastFinite, reproduction, verdict } from "./parts";

const REDRAW = 500; // milliseconds, at least, between two drawings
const RENEW = 20_000; // between two questions for verdict and epochs, which cost the server more than steps do
const BEGIN = 500; // between two looks for the first steps

export function runView(name: string): View {
  const ending = new AbortController();
  const element = h("div", { class: "page" });
  const page = new RunPage(name, ending.signal);
  void fill(element, ending.signal, async () => {
    await page.begun(element);
    page.run = await page.fetchRun();
    element.replaceChildren(...page.parts);
    page.show();
    if (page.run.running === true) await page.grow();
  });
  return { title: name, element, close: () => (ending.abort(), page.gallery.close()) };
}

class RunPage {
  run!: Run;
  readonly gallery = new Gallery();
  private readonly state = h("span", { class: "state" });
  private readonly facts = h("div");
  private readonly verdict = h("div");
  private readonly findings = h("div");
  private readonly again = h("div");
  readonly parts: HTMLElement[];

  constructor(
    private readonly name: string,
    private readonly signal: AbortSignal,
  ) {
    this.parts = [
      h("section", { class: "opening" }, h("h1", {}, name, " ", this.state), this.verdict, this.facts),
      h("section", { "aria-label": "Pictures" }, h("h2", {}, "Pictures"), this.gallery.element),
      this.findings,
      this.again,
    ];
  }

  async fetchRun(): Promise<Run> {
    return (await askReport([this.name], this.signal)).runs[0]!;
  }

  // A run that has only begun has nothing to report yet.
  async begun(element: HTMLElement): Promise<void> {
    for (;;) {
      const { runs } = await ask<RunList>("/api/runs", this.signal);
      const summary = runs.find((one) => one.name === this.name);
      if (summary?.running !== true || summary.steps > 0) return;
      element.replaceChildren(h("h1", {}, this.name), h("p", { class: "lead" }, "It has only begun. Its first steps appear here in a moment."));
      await pause(BEGIN, this.signal);
    }
  }

  show(): void {
    this.showWords();
    this.showNumbers();
  }

  private showWords(): void {
    this.verdict.replaceChildren(verdict(this.run));
    this.findings.replaceChildren(findings(this.run));
    this.again.replaceChildren(reproduction(this.run));
  }

  private showNumbers(): void {
    const running = this.run.running === true;
    const outcome = this.run.settings.find(([name]) => name === "outcome")?.[1];
    this.state.className = running ? "state running" : "state finished";
    this.state.textContent = running ? "running" : (outcome ?? "finished");
    this.facts.replaceChildren(facts(this.run));
    this.gallery.show(pictures(this.run));
    const loss = format(lastFinite(this.run.steps.loss));
    document.title = running ? `${loss} ${this.name} · evenflow` : `${this.name} · evenflow`;
  }

  async grow(): Promise<void> {
    const redraw = throttled(() => this.signal.aborted || this.showNumbers(), REDRAW);
    let renewal = Date.now();
    const path = () =>
      `/api/follow?${query({ run: this.name, after: this.run.steps.iteration.at(-1) ?? 0 })}`;
    await follow(
      path,
      (event, data) => {
        if (event === "steps" && append(this.run, data as Columns) > 0) redraw();
        if (event === "findings") {
          this.run.findings = data as Finding[];
          this.showWords();
        }
        if (Date.now() - renewal > RENEW) {
          renewal = Date.now();
          void this.renew().catch(() => undefined); // the next one may do better
        }
      },
      this.signal,
    );
    this.run = await this.fetchRun();
    this.show();
  }

  // The stream has steps and findings; verdict and epochs come with a new report.
  private async renew(): Promise<void> {
    const report = await this.fetchRun();
    if (this.signal.aborted || this.run.running !== true) return;
    this.run = renewed(this.run, { ...report, running: true });
    this.show();
  }
}

// A training in the lab as it happens: boundary, heat map, loss, findings.
import { ConnectionLost, isConnected, listen } from "../api";
import { lossCurve } from "../charts/curves";
import { heatMap } from "../charts/heatmap";
import type { Finding, Numeric, Run } from "../data";
import { format, h, throttled } from "../dom";
import { append } from "../live";
import { Gallery } from "../picture";
import { trouble } from "../view";
import { BoundaryView, type Boundary, type Start } from "./boundary";
import { formatState, type LabState } from "./state";

interface Step {
  iteration: number;
  epoch: number;
  loss: Numeric;
  accuracy: Numeric;
  log10_gradient_norm: Numeric[];
  global_norm: Numeric;
  clip_factor: Numeric;
}

interface Done {
  loss: Numeric;
  accuracy: Numeric;
  verdict: string;
}

const REDRAW = 250; // milliseconds between two drawings

// The run that a training in the lab is, in the form that pictures take.
function emptyRun(layers: string[]): Run {
  return {
    name: "lab",
    command: "",
    seed: 0,
    model: "",
    data: "",
    loss: "",
    optimizer: "",
    settings: [],
    clipping: { kind: "", threshold: 0 },
    verdict: [],
    recorded_steps: 0,
    steps: { iteration: [], loss: [], global_norm: [], clip_factor: [], learning_rate: [] },
    parameters: layers.map((layer) => ({
      name: `${layer}/kernel`,
      layer,
      elements: 0,
      log10_gradient_norm: [],
      log10_update_ratio: [],
      exponents: null,
    })),
    layers: [],
    epochs: [],
    start: null,
    end: null,
    findings: [],
    silences: [],
  };
}

export class Training {
  readonly button = h("button", { type: "button", class: "primary train", onclick: () => this.toggle() }, "Train");
  readonly boundary = new BoundaryView();
  readonly status = h("p", { class: "status soft" }, "Press Train and watch.");
  readonly heat = new Gallery("stack");
  readonly curve = new Gallery("stack");
  private run = emptyRun([]);
  private ending: AbortController | null = null;
  private accuracy: Numeric = null;
  private readonly redraw = throttled(() => this.draw(), REDRAW);

  constructor(
    private readonly state: () => LabState,
    private readonly onFindings: (findings: Finding[]) => void,
  ) {}

  get running(): boolean {
    return this.ending !== null;
  }

  // Ends the training; what was seen stays, marked as of settings that are no longer those of the controls.
  stop(stale = false): void {
    this.ending?.abort();
    this.ending = null;
    this.button.textContent = "Train";
    this.button.classList.add("primary");
    if (this.run.steps.iteration.length > 0) {
      this.fade(stale);
      if (stale) this.status.textContent = "The settings have changed: train again.";
    }
  }

  private toggle(): void {
    if (!this.running) return void this.train();
    this.stop();
    this.status.textContent += ", stopped";
  }

  private async train(): Promise<void> {
    this.stop();
    const ending = new AbortController();
    this.ending = ending;
    this.button.textContent = "Stop";
    this.button.classList.remove("primary");
    this.status.textContent = "Starting…";
    try {
      await listen(`/api/lab/train?${formatState(this.state())}`, (event, data) => this.take(event, data), ending.signal);
    } catch (error) {
      if (ending.signal.aborted) return;
      if (error instanceof ConnectionLost) isConnected(false);
      this.status.replaceChildren(trouble(error));
    }
    if (this.ending === ending) this.stop();
  }

  private take(event: string, data: unknown): void {
    if (event === "start") this.begin(data as Start);
    else if (event === "step") this.step(data as Step);
    else if (event === "boundary") this.boundary.show(data as Boundary);
    else if (event === "findings") this.find(data as Finding[]);
    else if (event === "done") this.done(data as Done);
  }

  private begin(start: Start): void {
    this.run = emptyRun(start.layers);
    this.accuracy = null;
    this.fade(false);
    this.boundary.begin(start);
    this.onFindings([]);
  }

  private step(step: Step): void {
    append(this.run, {
      steps: { iteration: [step.iteration], loss: [step.loss], global_norm: [step.global_norm], clip_factor: [step.clip_factor] },
      parameters: this.run.parameters.map((parameter, i) => ({
        name: parameter.name,
        log10_gradient_norm: [step.log10_gradient_norm[i] ?? "-Infinity"], // no norm: exactly no gradient
      })),
    });
    if (step.accuracy != null) this.accuracy = step.accuracy;
    this.status.textContent = `Epoch ${step.epoch + 1} of ${this.state().epochs}, step ${step.iteration}, ${this.scores(step.loss)}`;
    this.redraw();
  }

  private scores(loss: Numeric): string {
    const accuracy = typeof this.accuracy === "number" ? `, accuracy ${Math.round(100 * this.accuracy)} %` : "";
    return `loss ${format(loss)}${accuracy}`;
  }

  private find(findings: Finding[]): void {
    this.run.findings = findings;
    this.onFindings(findings);
    this.redraw();
  }

  private done(done: Done): void {
    this.status.replaceChildren(h("strong", {}, done.verdict), ` Loss ${format(done.loss)} over all points.`);
    this.redraw();
  }

  private draw(): void {
    const loss = lossCurve(this.run);
    const heat = heatMap(this.run);
    this.heat.show(heat === null ? [] : [{ ...heat, key: "lab-heat-map", title: "Gradient by layer, as it trains" }]);
    this.curve.show(loss === null ? [] : [{ ...loss, key: "lab-loss" }]);
  }

  private fade(stale: boolean): void {
    for (const element of [this.boundary.element, this.heat.element, this.curve.element]) element.classList.toggle("stale", stale);
  }

  close(): void {
    this.stop();
    this.heat.close();
    this.curve.close();
  }
}

// The controls of the lab: one for each key of the state.
import { format, h } from "../dom";
import { hintButton } from "./hint_card";
import { HINTS } from "./hints";
import type { Choices, LabState } from "./state";

type Key = keyof LabState;
type Change = (change: Partial<LabState>) => void;

interface Control {
  element: HTMLElement;
  show(state: LabState): void;
}

// What a rule for initial weights means on the scale of variance_scaling (square layers).
const VARIANCE: Record<string, number> = {
  he_normal: 2,
  he_uniform: 2,
  glorot_normal: 1,
  glorot_uniform: 1,
  lecun_normal: 1,
  lecun_uniform: 1,
};

let counter = 0;

function row(key: Key, state: () => LabState, input: HTMLElement, output: HTMLElement | null): HTMLElement {
  input.id = `control-${++counter}`;
  input.dataset["control"] = key;
  const label = h("label", { for: input.id }, HINTS[key].label);
  return h("div", { class: "control", "data-key": key }, h("div", { class: "line" }, label, ...hintButton(key, state), output), input);
}

function select(key: Key, options: string[], state: () => LabState, change: Change): Control {
  const input = h("select", { onchange: () => change({ [key]: input.value }) }, ...options.map((name) => h("option", {}, name)));
  return {
    element: row(key, state, input, null),
    show: (now) => {
      const value = String(now[key]);
      if (!options.includes(value)) input.append(h("option", {}, value)); // the server says what is wrong with it
      input.value = value;
    },
  };
}

// A slider over whole numbers, or over a logarithm.
function slider(key: Key, limits: [number, number], log: boolean, state: () => LabState, change: Change): Control {
  const [low, high] = log ? limits.map(Math.log10) : limits;
  const whole = ["depth", "width", "samples", "batch_size", "epochs"].includes(key);
  const output = h("output");
  const value = (at: number) => {
    if (!log) return Math.round(at);
    const exact = 10 ** at;
    return whole ? Math.round(exact) : Number(exact.toPrecision(2));
  };
  const input = h("input", {
    type: "range",
    min: low!,
    max: high!,
    step: log ? 0.02 : 1,
    oninput: () => {
      const next = Math.max(limits[0], Math.min(limits[1], value(Number(input.value))));
      change({ [key]: next });
    },
  });
  return {
    element: row(key, state, input, output),
    show: (now) => {
      const number = Number(now[key]);
      input.value = String(log ? Math.log10(number) : number);
      output.textContent = format(number);
      input.setAttribute("aria-valuetext", format(number));
    },
  };
}

function toggle(key: Key, state: () => LabState, change: Change): Control {
  const input = h("input", { type: "checkbox", class: "switch", role: "switch", onchange: () => change({ [key]: input.checked }) });
  const element = row(key, state, input, null);
  element.classList.add("inline");
  return { element, show: (now) => void (input.checked = Boolean(now[key])) };
}

function seedControl(limits: [number, number], state: () => LabState, change: Change): Control {
  const input = h("input", { type: "number", min: limits[0], max: limits[1], onchange: () => change({ seed: Number(input.value) || 0 }) });
  const next = h("button", { type: "button", class: "small", onclick: () => change({ seed: (state().seed + 1) % 1000 }) }, "Draw again");
  const element = row("seed", state, input, null);
  element.classList.add("inline");
  element.append(next);
  return { element, show: (now) => void (input.value = String(now.seed)) };
}

export class Controls {
  readonly element: HTMLElement;
  private readonly controls: Control[];

  constructor(choices: Choices, state: () => LabState, change: Change) {
    const limits = (key: Key): [number, number] => choices.limits[key] ?? [1, 100];
    const choose = (key: Key, options: string[]) => select(key, options, state, change);
    const slide = (key: Key, log = false) => slider(key, limits(key), log, state, change);
    const network = [
      slide("depth"),
      slide("width", true),
      choose("activation", choices.activations),
      choose("initializer", choices.initializers),
      slider("weight_variance", limits("weight_variance"), true, state, (scale) => change({ ...scale, initializer: "variance_scaling" })),
      choose("normalization", choices.normalizations),
      toggle("residual", state, change),
      seedControl(limits("seed"), state, change),
    ];
    const training = [
      choose("data", choices.data),
      choose("optimizer", choices.optimizers),
      slide("learning_rate", true),
      choose("clipping", choices.clippings),
      slide("threshold", true),
    ];
    const more = [slide("epochs", true), slide("batch_size", true), slide("samples", true)];
    this.controls = [...network, ...training, ...more];
    const elements = (list: Control[]) => list.map((control) => control.element);
    this.element = h(
      "form",
      { class: "controls", "aria-label": "Settings", onsubmit: (event) => event.preventDefault() },
      h("fieldset", {}, h("legend", {}, "Network"), ...elements(network)),
      h("fieldset", {}, h("legend", {}, "Training"), ...elements(training), h("details", {}, h("summary", {}, "More"), ...elements(more))),
    );
  }

  show(state: LabState): void {
    const scale = state.initializer === "variance_scaling" ? state.weight_variance : (VARIANCE[state.initializer] ?? null);
    for (const control of this.controls) control.show(scale === null ? state : { ...state, weight_variance: scale });
    const find = (key: Key) => this.element.querySelector<HTMLElement>(`[data-key=${key}]`)!;
    find("weight_variance").classList.toggle("idle", state.initializer !== "variance_scaling");
    if (scale === null) find("weight_variance").querySelector("output")!.textContent = "own rule";
    find("threshold").hidden = state.clipping === "none";
  }
}

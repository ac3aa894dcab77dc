// What the program writes into the page: docs/report.md describes it. A number that is not finite is one of the
// strings "NaN", "Infinity", "-Infinity"; what was not measured is null.
export type Numeric = number | "NaN" | "Infinity" | "-Infinity" | null;

export interface Cause {
  factor: string;
  decades: Numeric;
  explanation: string;
}

export interface Finding {
  rule: string;
  severity: "info" | "warning" | "error";
  layers: string[];
  onset: { layer: string | null; step: number } | null;
  evidence: { name: string; value: Numeric; unit: string }[];
  cause: Cause[]; // of the chain-rule ledger
  experiment: Cause[]; // the same decades by counterfactual probes; empty when none were made
  message: string;
  advice: string[];
  learn: string;
}

// One layer of a probe (evenflow check --json).
export interface ProbeLayer {
  name: string;
  type: string;
  activation: string | null;
  second_moment: Numeric;
  variance_fraction: Numeric;
  mean_slope: Numeric;
  saturated: Numeric;
  dead: Numeric;
  log10_backward_norm: Numeric;
  log10_pre_activation_norm: Numeric;
  update_ratio: Numeric;
  slope_decades: Numeric;
  weight_decades: Numeric;
  weight_gain?: Numeric;
  predicted_decades?: Numeric;
  predicted_deviation?: Numeric;
  expected_saturated?: Numeric;
  expected_dead?: Numeric;
}

export interface Probe {
  flow: {
    total_decades: { mean: Numeric; std: Numeric };
    decades_per_layer?: { mean: Numeric; std: Numeric };
    predicted_decades: Numeric;
    predicted_deviation?: Numeric;
    path: string[];
    doubts?: string[];
  };
  layers: ProbeLayer[];
}

export interface ParameterSeries {
  name: string;
  layer: string;
  elements: number;
  log10_gradient_norm: Numeric[]; // a value per recorded step
  log10_update_ratio: Numeric[];
  exponents: { first: number; counts: number[] } | null; // of the last step that has them
}

export interface LayerSeries {
  name: string;
  type: string;
  activation: string | null;
  saturated: Numeric[];
  dead: Numeric[];
  second_moment: Numeric[];
  log10_gradient_norm: Numeric[];
  time: { step: number; log10_norms: Numeric[] }[]; // recurrent layers: first and last record
}

export interface Run {
  name: string;
  running?: boolean; // another process still writes it
  command: string;
  seed: number;
  model: string;
  data: string;
  loss: string;
  optimizer: string;
  settings: [string, string][];
  clipping: { kind: string; threshold: number };
  verdict: string[];
  recorded_steps: number; // before thinning
  steps: {
    iteration: number[];
    loss: Numeric[];
    global_norm: Numeric[];
    clip_factor: Numeric[];
    learning_rate: Numeric[];
  };
  parameters: ParameterSeries[];
  layers: LayerSeries[];
  epochs: { epoch: number; logs: Record<string, Numeric> }[];
  start: Probe | null;
  end: Probe | null;
  findings: Finding[];
  silences: string[];
}

export interface Report {
  schema: "evenflow-report/1";
  version: string;
  generated: string;
  runs: Run[];
}

export function finite(value: Numeric | undefined): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function readReport(): Report | null {
  const text = document.getElementById("evenflow-data")?.textContent ?? "null";
  return JSON.parse(text) as Report | null;
}

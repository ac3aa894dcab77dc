// What the lab's controls hold. The address has all of it, so that a link shows the same again.
import { query } from "../api";

export interface LabState {
  depth: number;
  width: number;
  activation: string;
  initializer: string;
  weight_variance: number; // times fan-in, of the initializer variance_scaling
  normalization: string;
  residual: boolean;
  clipping: string;
  threshold: number;
  optimizer: string;
  learning_rate: number;
  data: string;
  samples: number;
  batch_size: number;
  epochs: number;
  seed: number;
}

export interface Choices {
  activations: string[];
  initializers: string[];
  normalizations: string[];
  clippings: string[];
  optimizers: string[];
  data: string[];
  defaults: LabState;
  limits: Partial<Record<keyof LabState, [number, number]>>;
}

// Keys that are unknown, and numbers that are none, are left out: the default stands.
export function parseState(text: string, defaults: LabState): LabState {
  const state: Record<string, string | number | boolean> = { ...defaults };
  for (const [key, value] of new URLSearchParams(text)) {
    const standard = state[key];
    if (typeof standard === "number" && Number.isFinite(Number(value)) && value !== "") state[key] = Number(value);
    if (typeof standard === "boolean") state[key] = value === "true" || value === "1";
    if (typeof standard === "string") state[key] = value;
  }
  return state as unknown as LabState;
}

export function formatState(state: LabState): string {
  return query(state as unknown as Record<string, string | number | boolean>);
}

export interface Preset {
  title: string;
  change: Partial<LabState>; // of the defaults
}

// The network that the others differ from.
const SICK: Partial<LabState> = {
  depth: 20,
  width: 32,
  activation: "sigmoid",
  initializer: "glorot_uniform",
  weight_variance: 1,
  normalization: "none",
  residual: false,
  clipping: "none",
};

export const PRESETS: Preset[] = [
  { title: "20 sigmoid layers: vanishes", change: SICK },
  { title: "ReLU with He: flows", change: { ...SICK, activation: "relu", initializer: "he_normal", weight_variance: 2 } },
  {
    title: "Weights too large: explodes",
    change: { ...SICK, activation: "relu", initializer: "variance_scaling", weight_variance: 12 },
  },
  { title: "Sigmoid, batch normalization", change: { ...SICK, normalization: "batch" } },
  { title: "Sigmoid, residual paths", change: { ...SICK, residual: true } },
  { title: "Sigmoid, residual and layer normalization", change: { ...SICK, residual: true, normalization: "layer" } },
];

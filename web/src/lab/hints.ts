// What each control is, in a sentence, and which lesson tells more of it.
import type { LabState } from "./state";

export interface Hint {
  label: string;
  text: string;
  lesson?: (state: LabState) => string;
}

export const HINTS: Record<keyof LabState, Hint> = {
  depth: {
    label: "Depth",
    text: "Hidden layers between input and output. The gradient passes all of them on its way back, and each multiplies it by a factor of its own. What is 0.8 for one layer is 0.01 for twenty.",
    lesson: () => "vanishing-gradient",
  },
  width: {
    label: "Width",
    text: "Units of each hidden layer. More units leave less to chance: measured and predicted come closer together.",
    lesson: () => "dead-units",
  },
  activation: {
    label: "Activation",
    text: "The function after each layer. On the way back the gradient is multiplied by its slope: at most 1/4 for sigmoid, 0 or 1 for ReLU.",
    lesson: (state) => state.activation,
  },
  initializer: {
    label: "Initial weights",
    text: "How the first weights are drawn. He's rule is made for ReLU, LeCun's and Glorot's for functions like tanh.",
    lesson: (state) => state.initializer,
  },
  weight_variance: {
    label: "Weight scale",
    text: "Variance of the weights times the inputs of a unit. Too small and the gradient vanishes, too large and it explodes; in between lies the critical value: 2 for ReLU, 1 for tanh. Moving this chooses variance_scaling.",
    lesson: () => "initialization",
  },
  normalization: {
    label: "Normalization",
    text: "Brings each layer's numbers back to mean 0 and variance 1 before the activation.",
    lesson: () => "batch-normalization",
  },
  residual: {
    label: "Residual paths",
    text: "Adds each layer's input to its output. The gradient gets a way around the layer, on which nothing is multiplied.",
    lesson: () => "vanishing-gradient",
  },
  clipping: {
    label: "Clipping",
    text: "Shortens gradients that are too long. It tames single steps; the differences between layers remain.",
    lesson: (state) => (state.clipping === "none" ? "clipping" : state.clipping),
  },
  threshold: { label: "Threshold", text: "The length from which on gradients are clipped.", lesson: () => "clipping" },
  optimizer: {
    label: "Optimizer",
    text: "Turns gradients into steps. Adam and its relatives divide by the size of recent gradients, so that small ones count as much as large ones, as long as they are not lost in rounding.",
    lesson: () => "update-ratio",
  },
  learning_rate: {
    label: "Learning rate",
    text: "The length of a step along the gradient.",
    lesson: () => "learning-rate",
  },
  data: { label: "Data", text: "Points in a plane, of two classes. Spirals are the hardest.", lesson: () => "input-scale" },
  samples: { label: "Points", text: "How many points there are to learn from." },
  batch_size: { label: "Batch", text: "Points for each step." },
  epochs: { label: "Epochs", text: "How many times the training sees all points." },
  seed: { label: "Seed", text: "Chance: another seed draws other weights and other points. The same seed gives the same network again." },
};

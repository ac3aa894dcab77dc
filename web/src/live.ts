// A run that grows: new columns are appended to its series, and old ones thinned so that the page stays quick.
import type { LayerSeries, Numeric, ParameterSeries, Run } from "./data";

type Series<T> = Partial<T> & { name: string };

export interface Columns {
  steps: Partial<Run["steps"]> & { iteration: number[] };
  parameters?: Series<ParameterSeries>[];
  layers?: Series<LayerSeries>[];
}

const MOST_COLUMNS = 3000;
const PARAMETER_SERIES = ["log10_gradient_norm", "log10_update_ratio"] as const;
const LAYER_SERIES = ["saturated", "dead", "second_moment", "log10_gradient_norm"] as const;
const STEP_SERIES = ["loss", "global_norm", "clip_factor", "learning_rate"] as const;

// Appends those columns that are newer than the run's; answers how many.
export function append(run: Run, columns: Columns): number {
  const known = run.steps.iteration.length;
  const last = run.steps.iteration[known - 1] ?? -Infinity;
  const fresh = columns.steps.iteration.flatMap((iteration, i) => (iteration > last ? [i] : []));
  if (fresh.length === 0) return 0;
  const extend = (series: Numeric[], values: Numeric[] | undefined) => {
    while (series.length < known) series.push(null);
    for (const i of fresh) series.push(values?.[i] ?? null);
  };
  for (const i of fresh) run.steps.iteration.push(columns.steps.iteration[i]!);
  for (const key of STEP_SERIES) extend(run.steps[key], columns.steps[key]);
  for (const parameter of run.parameters) {
    const values = columns.parameters?.find((one) => one.name === parameter.name);
    for (const key of PARAMETER_SERIES) extend(parameter[key], values?.[key]);
  }
  for (const layer of run.layers) {
    const values = columns.layers?.find((one) => one.name === layer.name);
    for (const key of LAYER_SERIES) extend(layer[key], values?.[key]);
  }
  if (run.steps.iteration.length > MOST_COLUMNS) thin(run);
  return fresh.length;
}

// Leaves out every other column, never the newest.
function thin(run: Run): void {
  const newest = (run.steps.iteration.length - 1) % 2;
  const halve = <T>(series: T[]) => series.filter((_, i) => i % 2 === newest);
  run.steps.iteration = halve(run.steps.iteration);
  for (const key of STEP_SERIES) run.steps[key] = halve(run.steps[key]);
  for (const parameter of run.parameters) for (const key of PARAMETER_SERIES) parameter[key] = halve(parameter[key]);
  for (const layer of run.layers) for (const key of LAYER_SERIES) layer[key] = halve(layer[key]);
}

// Verdict, findings and epochs of a newer report, with the columns that this page has already.
export function renewed(run: Run, report: Run): Run {
  return { ...report, steps: run.steps, parameters: run.parameters, layers: run.layers };
}

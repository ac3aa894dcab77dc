// Every picture of one run, in the order in which people ask.
import type { Run } from "../data";
import type { Picture } from "../picture";
import { activationCharts } from "./activation";
import { curves } from "./curves";
import { depthChart } from "./depth";
import { exponentChart } from "./exponents";
import { heatMap } from "./heatmap";
import { ledgerChart } from "./ledger";
import { phaseChart } from "./phase";
import { throughTime } from "./through_time";
import { updateChart } from "./updates";

export function pictures(run: Run): Picture[] {
  return [
    heatMap(run),
    ...curves(run),
    depthChart(run),
    ledgerChart(run),
    updateChart(run),
    ...activationCharts(run),
    exponentChart(run),
    ...throughTime(run),
    phaseChart(run),
  ].filter((picture): picture is Picture => picture !== null);
}

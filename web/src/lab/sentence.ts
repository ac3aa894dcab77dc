// One plain sentence that says what the flow means.
import type { Check } from "../api";
import { finite, type Numeric } from "../data";
import { powerOfTen } from "../dom";

export interface Sentence {
  text: string;
  tone: "good" | "weak" | "bad";
}

// 0.25 -> "1/4", 0.7 -> "70 %".
function share(factor: number): string {
  if (factor >= 0.45) return `${Math.round(100 * factor)} %`;
  return `1/${Math.round(1 / factor)}`;
}

function compared(decades: number): string {
  const size = Math.abs(decades);
  if (size < 0.05) return "as much as the last";
  if (decades < 0) {
    const amount = size < 2 ? share(10 ** decades) : powerOfTen(Math.round(decades));
    return `${amount} of what the last gets`;
  }
  return `${size < 2 ? (10 ** size).toFixed(1) : powerOfTen(Math.round(size))} times what the last gets`;
}

function perLayer(decades: number): string {
  const factor = 10 ** decades;
  if (Math.abs(factor - 1) < 0.025) return "The layers pass on nearly all of the gradient";
  if (factor < 1) return `Each layer passes on ${share(factor)} of the gradient`;
  return `Each layer multiplies the gradient by ${factor.toFixed(factor < 1.1 ? 2 : 1)}`;
}

function consequence(total: number): Sentence["text"] {
  if (total < -6) return "it does not learn at all";
  if (total < -3) return "it learns a thousand times more slowly, or not";
  if (total < -1) return "it lags behind";
  if (total <= 1) return "all layers can learn";
  if (total <= 3) return "it is pushed harder than the rest";
  return "one step throws it off";
}

export function sentence(check: Check): Sentence {
  const total: Numeric = check.flow.total_decades.mean;
  const number = finite(total);
  if (number === null) {
    return total === "Infinity" || total === "NaN"
      ? { text: "The gradient grows beyond every number that float32 can hold.", tone: "bad" }
      : { text: "No gradient at all reaches the first layer: somewhere on the way back it becomes exactly zero.", tone: "bad" };
  }
  const layers = check.flow.path.length;
  const each = finite(check.flow.decades_per_layer?.mean) ?? number / Math.max(1, layers - 1);
  const tone = Math.abs(number) <= 1 ? "good" : Math.abs(number) <= 3 ? "weak" : "bad";
  if (layers < 2) return { text: "One layer alone: the gradient has no way to go. Add depth.", tone: "good" };
  return { text: `${perLayer(each)}: the first layer gets ${compared(number)}, so ${consequence(number)}.`, tone };
}

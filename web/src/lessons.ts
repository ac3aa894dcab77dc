// The lessons that the server has. A report in a file has none.
import { ask } from "./api";

export interface Lesson {
  name: string;
  text: string;
}

let names: string[] = [];
const texts = new Map<string, Promise<Lesson>>();

export async function loadLessonNames(signal?: AbortSignal): Promise<string[]> {
  if (names.length === 0) names = (await ask<{ names: string[] }>("/api/lessons", signal)).names;
  return names;
}

// The lesson of a rule, activation, ... by the name that it has in settings: he_normal, batch, vanishing-gradient.
export function lessonName(word: string): string | null {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  return names.find((name) => plain(name) === plain(word)) ?? null;
}

export function lesson(name: string): Promise<Lesson> {
  let text = texts.get(name);
  if (text === undefined) {
    text = ask<Lesson>(`/api/lesson?name=${encodeURIComponent(name)}`);
    text.catch(() => texts.delete(name));
    texts.set(name, text);
  }
  return text;
}

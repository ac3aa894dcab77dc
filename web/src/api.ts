// What the server answers, and how the page asks. An answer that is an error is thrown in the server's words.
import type { Finding, Numeric, Probe, Report } from "./data";

export interface RunSummary {
  name: string;
  running: boolean;
  outcome: string; // finished, interrupted, not-finite, aborted; running
  model: string;
  data: string;
  optimizer: string;
  loss: string;
  steps: number;
  last_loss: Numeric;
  findings: string[];
  modified: string;
}

export interface RunList {
  folder: string;
  runs: RunSummary[];
}

export interface Check extends Probe {
  findings: Finding[];
}

export class ServerError extends Error {}
export class ConnectionLost extends Error {}

// Whether the server answers; the page's banner listens.
export const connection = new EventTarget();
let connected = true;

export function isConnected(now?: boolean): boolean {
  if (now !== undefined && now !== connected) {
    connected = now;
    connection.dispatchEvent(new Event("change"));
  }
  return connected;
}

export function query(parameters: Record<string, string | number | boolean>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join("&");
}

async function request(path: string, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { signal: signal ?? null });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ConnectionLost("The server does not answer.");
  }
  isConnected(true);
  if (response.ok) return response;
  const text = await response.text();
  let words = `The server answered ${response.status} ${response.statusText}.`;
  try {
    words = (JSON.parse(text) as { error?: string }).error ?? words;
  } catch {
    // Not JSON: the status says what there is to say.
  }
  throw new ServerError(words);
}

export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = window.setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => (window.clearTimeout(timer), reject(new DOMException("", "AbortError"))));
  });
}

// Does `action`, again and again while the connection is lost.
async function persistently<T>(action: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let wait = 500; ; wait = Math.min(5000, 2 * wait)) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof ConnectionLost) || signal?.aborted) throw error;
      isConnected(false);
      await pause(wait, signal);
    }
  }
}

export function ask<T>(path: string, signal?: AbortSignal): Promise<T> {
  return persistently(async () => (await (await request(path, signal)).json()) as T, signal);
}

export function askReport(names: string[], signal?: AbortSignal): Promise<Report> {
  return ask<Report>(`/api/report?${names.map((name) => `run=${encodeURIComponent(name)}`).join("&")}`, signal);
}

export type Handler = (event: string, data: unknown) => void;

// Reads a stream of events to its end. Not an EventSource: that one hides the reason of a refusal and asks again by
// itself, which would start a training anew.
export async function listen(path: string, handle: Handler, signal: AbortSignal): Promise<void> {
  const response = await request(path, signal);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { value, done } = await reader.read().catch((error: unknown) => {
      if (signal.aborted) throw error;
      throw new ConnectionLost("The server went away.");
    });
    if (done) return;
    buffer += value.replace(/\r/g, "");
    const blocks = buffer.split("\n\n");
    buffer = blocks.pop()!;
    for (const block of blocks) dispatch(block, handle);
  }
}

function dispatch(block: string, handle: Handler): void {
  let event = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const at = line.indexOf(":");
    if (at <= 0) continue; // a comment, or nothing
    const text = line.slice(at + 1).replace(/^ /, "");
    if (line.startsWith("event:")) event = text;
    else if (line.startsWith("data:")) data.push(text);
  }
  if (event !== "message" || data.length > 0) handle(event, data.length === 0 ? null : JSON.parse(data.join("\n")));
}

// Follows a stream until its event `end`, beginning again where it broke off.
export async function follow(path: () => string, handle: Handler, signal: AbortSignal): Promise<void> {
  let ended = false;
  const attempt = async () => {
    await listen(
      path(),
      (event, data) => {
        ended ||= event === "end";
        handle(event, data);
      },
      signal,
    );
    if (!ended) throw new ConnectionLost("The stream broke off.");
  };
  while (!ended) await persistently(attempt, signal);
}

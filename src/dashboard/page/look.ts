/** Looks things up; what the page has already is not sent again. */

import { signal } from "@preact/signals";
import { CallError } from "./api.ts";

/** Why the broker cannot be asked, and since when; undefined while it answers. */
export const outage = signal<{ readonly text: string; readonly since: number } | undefined>(
  undefined,
);

/** Statuses of an outage; 0 is no answer at all. */
const passing: ReadonlySet<number> = new Set([0, 429, 502, 503, 504]);

/** Whether a call may go well a little later. */
export function isOutage(error: unknown): boolean {
  return error instanceof CallError && passing.has(error.status);
}

const base = document.documentElement.dataset["base"] ?? "/";

/** What came last, by its path; the oldest first. */
const known = new Map<string, { readonly tag: string; readonly value: unknown }>();
const mostKnown = 40;

/** What came last; undefined if that is not known any more. */
export const recall = <Value>(path: string): Value | undefined =>
  known.get(path)?.value as Value | undefined;

/**
 * Asks the broker.
 *
 * @returns The very value of the last time if it is as it was.
 * @throws {CallError} If it refuses, or cannot be asked.
 */
export async function look<Value>(path: string, signal: AbortSignal): Promise<Value> {
  try {
    const value = await ask<Value>(path, signal);
    outage.value = undefined;
    return value;
  } catch (error) {
    if (signal.aborted) throw error;
    if (isOutage(error)) {
      outage.value = { text: (error as Error).message, since: outage.peek()?.since ?? Date.now() };
    } else outage.value = undefined;
    throw error;
  }
}

async function ask<Value>(path: string, signal: AbortSignal): Promise<Value> {
  const before = known.get(path);
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(`${base}api${path}`, {
      signal,
      headers: {
        accept: "application/json",
        ...before === undefined ? {} : { "if-none-match": before.tag },
      },
    });
    text = await answer.text();
  } catch (error) {
    if (signal.aborted) throw error;
    throw new CallError("The dashboard cannot be reached", 0);
  }
  if (before !== undefined && answer.status === 304) return before.value as Value;
  const value = parse(text);
  // Who cannot be asked now has not said that it is otherwise.
  if (!passing.has(answer.status)) known.delete(path);
  if (!answer.ok) {
    const told = (value as { error?: string } | undefined)?.error;
    throw new CallError(told ?? `The broker answered ${answer.status}`, answer.status);
  }
  const tag = answer.headers.get("etag");
  if (tag !== null) {
    known.set(path, { tag, value });
    for (const oldest of known.keys()) {
      if (known.size <= mostKnown) break;
      known.delete(oldest);
    }
  }
  return value as Value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

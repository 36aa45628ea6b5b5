/**
 * News between brokers, as texts: a list with the broker's name first, and an item for each thing.
 *
 * A broker that knows more kinds of items than another, as during an upgrade, may send it some: those are passed over, and so are
 * items that are not what they should be (`news-reading.ts`).
 *
 * | Item                                        | Meaning                                                             |
 * | ------------------------------------------- | ------------------------------------------------------------------- |
 * | `["hello"]`, `["here"]`                     | a broker has come; an answer to that                                |
 * | `["ready", queue, count, priority, seq]`    | so many jobs became ready in a queue, the first of them here; the place may be missing |
 * | `["budgeted", queue, bindings, priority, seq]` | the same of a job that draws on budgets                          |
 * | `["left", id]`, `["lost", id]`              | a job is in flight no more; without a report of who had it          |
 * | `["cancel", id, reason]`                    | a job is to be cancelled                                            |
 * | `["due", source, at]`                       | there is work at an instant                                         |
 * | `["change", change]`                        | a change of settings, queues or budgets, as it is                   |
 * | `["watch", ids]`, `["ended", change]`       | somebody waits for the end of jobs; one of them ended               |
 * | `["said", run, …]`                          | a part of what a worker says, for the broker with its stream        |
 * | `["look"]`                                  | more happened than can be told                                      |
 * | `["ask", number, what, …]`, `["done", broker, number]` | every other one is to do something; one has done it      |
 * | `["run", run, at]`                          | the run of a worker has a stream here since then                    |
 * | `["room"]`                                  | there is room again in the limit that all brokers share             |
 * | `["logged"]`                                | there are more events in the log                                    |
 * | `["seq", seq]`                              | jobs were stored up to this key: later ones come behind it          |
 *
 * @module
 */

import type { StatementPart } from "./statement-parts.ts";

/** One thing that a broker tells. */
export type NewsItem =
  | readonly ["hello"]
  | readonly ["here"]
  | readonly ["look"]
  | readonly ["ready", queue: string, count: number, priority?: number, seq?: number]
  | readonly ["budgeted", queue: string, budgets: string, priority: number, seq: number]
  | readonly ["left", id: string]
  | readonly ["lost", id: string]
  | readonly ["cancel", id: string, reason: string]
  | readonly ["due", source: string, at: number]
  | readonly ["change", change: unknown]
  | readonly ["watch", ids: readonly string[]]
  | readonly ["ended", change: unknown]
  | readonly ["ask", number: number, what: string, ...details: readonly (string | number)[]]
  | readonly ["done", broker: string, number: number]
  | readonly ["run", run: string, at: number]
  | readonly ["seq", seq: number]
  | readonly ["room"]
  | readonly ["logged"]
  | StatementPart;

/** How long a text may be, in bytes: PostgreSQL takes 8000. */
const mostBytes = 7500;

/** How many texts one piece of news may be; of more, only that others have to look. */
const mostTexts = 100;

const encoder = new TextEncoder();

/** Writes items as few texts. */
export function toTexts(from: string, items: readonly NewsItem[]): string[] {
  const head = `[${JSON.stringify(from)}`;
  const look = [`${head},["look"]]`];
  const texts: string[] = [];
  let text = head;
  let bytes = head.length;
  for (const item of items) {
    const piece = `,${JSON.stringify(item)}`;
    const length = encoder.encode(piece).length;
    if (bytes + length >= mostBytes) {
      if (head.length + length >= mostBytes || texts.length === mostTexts) return look;
      texts.push(`${text}]`);
      text = head;
      bytes = head.length;
    }
    text += piece;
    bytes += length;
  }
  if (text !== head) texts.push(`${text}]`);
  return texts;
}

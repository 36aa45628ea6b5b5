/**
 * The demo's record of what was enqueued, started, run and acknowledged, and whether that adds up.
 *
 * Delivery is at least once. If a worker dies after the work of a job and before its acknowledgement, the work is done
 * again: a job may *run* twice, and the record counts how many did. No job may be *completed* twice: it is in flight
 * when its success is accepted and never again, so the broker must accept one success for each job. Both sides are
 * checked: the workers report which successes the broker accepted, and at the end the broker is asked which jobs are
 * completed.
 *
 * @module
 */

import type { Job } from "../../../src/client/mod.ts";

/** What the record adds up to. */
export interface Totals {
  readonly enqueued: number;
  /** Jobs that are completed, as the broker says. */
  readonly completed: number;
  /** Failed attempts that were followed by another. */
  readonly retried: number;
  /** Jobs that were enqueued and are not completed. */
  readonly lost: readonly string[];
  /** Jobs for which the broker accepted more than one success. */
  readonly completedTwice: readonly string[];
  /** Jobs that were started more often than their failures explain: their worker died while it had them. */
  readonly startedAgain: readonly string[];
  /** Jobs whose work was done when their worker died, and was done again. */
  readonly ranTwice: readonly string[];
}

/** Records what the workers and the broker report. */
export class Ledger {
  readonly #enqueued = new Set<string>();
  readonly #starts = new Map<string, number>();
  readonly #runs = new Map<string, number>();
  readonly #successes = new Map<string, number>();

  /** The broker accepted jobs. */
  recordEnqueued(jobs: readonly { readonly id: string }[]): void {
    for (const { id } of jobs) this.#enqueued.add(id);
  }

  /** How many jobs the broker accepted. */
  get enqueued(): number {
    return this.#enqueued.size;
  }

  /** A handler was started. */
  recordStart(id: string): void {
    increment(this.#starts, id);
  }

  /** A handler ran to its end. */
  recordRun(id: string): void {
    increment(this.#runs, id);
  }

  /** The broker answered acknowledgements: `ids` were sent, `notFound` of them were not accepted. */
  recordAcks(ids: readonly string[], notFound: readonly string[]): void {
    const refused = new Set(notFound);
    for (const id of ids) if (!refused.has(id)) increment(this.#successes, id);
  }

  /** Adds up, and compares with the jobs that are completed, as the broker says. */
  toTotals(completed: readonly Pick<Job, "id" | "attempts">[]): Totals {
    const found = new Set(completed.map(({ id }) => id));
    return {
      enqueued: this.#enqueued.size,
      completed: found.size,
      retried: completed.reduce((sum, { attempts }) => sum + attempts, 0),
      lost: [...this.#enqueued].filter((id) => !found.has(id)),
      completedTwice: repeated(this.#successes),
      startedAgain: completed.filter(({ id, attempts }) =>
        (this.#starts.get(id) ?? 0) > attempts + 1
      )
        .map(({ id }) => id),
      ranTwice: repeated(this.#runs),
    };
  }
}

function increment(counts: Map<string, number>, id: string): void {
  counts.set(id, (counts.get(id) ?? 0) + 1);
}

function repeated(counts: ReadonlyMap<string, number>): string[] {
  return [...counts].filter(([, count]) => count > 1).map(([id]) => id);
}

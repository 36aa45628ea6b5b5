/**
 * The demo's books: what was enqueued, run and acknowledged, and whether that adds up.
 *
 * Delivery is at least once. A worker that dies between finishing a job's work and its acknowledgement leaves work
 * that is done again, so a job may *run* twice; the books tell how many did. To be *completed* twice is
 * another matter: each job is in flight when its success is accepted and never again, so the broker must
 * accept one success for each job. That is what is checked, on both sides: the workers write down which
 * successes the broker accepted, and the broker is asked at the end which jobs it holds as completed.
 *
 * @module
 */

import type { Job } from "../../../src/client/mod.ts";

/** What the books say in the end. */
export interface Verdict {
  readonly enqueued: number;
  /** Jobs that the broker holds as completed. */
  readonly completed: number;
  /** Failed attempts that were followed by another. */
  readonly retried: number;
  /** Jobs that the broker took and that are not completed. */
  readonly lost: readonly string[];
  /** Jobs for which the broker accepted more than one success. */
  readonly completedTwice: readonly string[];
  /** Jobs that were begun more often than their failures explain: their worker died with them. */
  readonly begunAgain: readonly string[];
  /** Those of them whose work had been done when their worker died, and was done again. */
  readonly ranTwice: readonly string[];
}

/** Keeps the books. */
export class Ledger {
  readonly #enqueued = new Set<string>();
  readonly #starts = new Map<string, number>();
  readonly #runs = new Map<string, number>();
  readonly #successes = new Map<string, number>();

  /** Jobs that the broker took. */
  enqueue(jobs: readonly { readonly id: string }[]): void {
    for (const { id } of jobs) this.#enqueued.add(id);
  }

  /** How many jobs the broker took. */
  get enqueued(): number {
    return this.#enqueued.size;
  }

  /** A handler began. */
  start(id: string): void {
    increment(this.#starts, id);
  }

  /** A handler ran to its end. */
  run(id: string): void {
    increment(this.#runs, id);
  }

  /** The broker answered acknowledgements: `ids` were sent, `notFound` of them were not accepted. */
  acknowledge(ids: readonly string[], notFound: readonly string[]): void {
    const refused = new Set(notFound);
    for (const id of ids) if (!refused.has(id)) increment(this.#successes, id);
  }

  /** Adds up, against the jobs that the broker holds as completed. */
  close(completed: readonly Pick<Job, "id" | "attempts">[]): Verdict {
    const held = new Set(completed.map(({ id }) => id));
    return {
      enqueued: this.#enqueued.size,
      completed: held.size,
      retried: completed.reduce((sum, { attempts }) => sum + attempts, 0),
      lost: [...this.#enqueued].filter((id) => !held.has(id)),
      completedTwice: repeated(this.#successes),
      begunAgain: completed.filter(({ id, attempts }) => (this.#starts.get(id) ?? 0) > attempts + 1)
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

/**
 * What is known of each run of the trial of a bad network: which job, when, and whether another run of the same job went on
 * meanwhile.
 *
 * @module
 */

import type { WorkerLine } from "./bad-network-worker.ts";

interface Run {
  readonly n: number;
  readonly phase: string;
}

/** The record of all runs. */
export class RunLedger {
  /** The phase that new runs belong to. */
  phase = "";
  /** Runs that began while another one of the same job went on, by phase. */
  readonly overlaps = new Map<string, number>();
  /** How often each job succeeded, by its number. */
  readonly #successes = new Map<number, number>();
  readonly #running = new Map<string, Run>();
  readonly #runningOf = new Map<number, number>();
  #runs = 0;

  record(line: WorkerLine): void {
    if (line.kind === "run") {
      const { n, key } = line;
      const others = this.#runningOf.get(n) ?? 0;
      if (others > 0) this.overlaps.set(this.phase, (this.overlaps.get(this.phase) ?? 0) + 1);
      this.#runningOf.set(n, others + 1);
      this.#running.set(key, { n, phase: this.phase });
      this.#runs++;
    }
    if (line.kind === "over") {
      const run = this.#running.get(line.key);
      if (run === undefined) return;
      this.#running.delete(line.key);
      const left = this.#runningOf.get(run.n)! - 1;
      if (left > 0) this.#runningOf.set(run.n, left);
      else this.#runningOf.delete(run.n);
      if (line.done) this.#successes.set(run.n, (this.#successes.get(run.n) ?? 0) + 1);
    }
  }

  /** How many runs there were. */
  get runs(): number {
    return this.#runs;
  }

  /** Runs that have not come to an end. */
  get running(): number {
    return this.#running.size;
  }

  /** How many jobs succeeded more than once. */
  get repeated(): number {
    let repeated = 0;
    for (const count of this.#successes.values()) if (count > 1) repeated++;
    return repeated;
  }

  /** The numbers below `count` that never succeeded. */
  findForgotten(count: number): number[] {
    return Array.from({ length: count }, (_, n) => n).filter((n) => !this.#successes.has(n));
  }
}

/**
 * What became of each job of a soak. It forgets a job that completed, so that it does not grow with the length of the soak.
 *
 * @module
 */

/** How it stands. */
export interface LedgerCounts {
  readonly enqueued: number;
  readonly completed: number;
  /** Ids of which more than one success was accepted. */
  readonly completedTwice: readonly string[];
  /** How often a handler came to its end: more than were completed, if a worker died before it could report. */
  readonly runs: number;
}

/** The record of all jobs that are not completed yet. */
export class Ledger {
  /** Ids that were enqueued and of which no success was reported, with how often its handler came to an end. */
  readonly #pending = new Map<string, number>();
  /** Ids that were completed before the answer to their enqueue was read; at the end, those that completed twice. */
  readonly #early = new Set<string>();
  readonly #earlyRuns = new Map<string, number>();
  #enqueued = 0;
  #completed = 0;
  #runs = 0;

  /** How many jobs are under way. */
  get pending(): number {
    return this.#pending.size;
  }

  /** The ids of the jobs under way, and whether a handler of theirs came to its end. */
  list(): readonly { readonly id: string; readonly ran: boolean }[] {
    return [...this.#pending].map(([id, runs]) => ({ id, ran: runs > 0 }));
  }

  recordEnqueued(ids: readonly string[]): void {
    this.#enqueued += ids.length;
    for (const id of ids) {
      if (!this.#early.delete(id)) this.#pending.set(id, this.#earlyRuns.get(id) ?? 0);
      this.#earlyRuns.delete(id);
    }
  }

  recordRun(id: string): void {
    this.#runs++;
    const runs = this.#pending.get(id);
    if (runs !== undefined) this.#pending.set(id, runs + 1);
    else this.#earlyRuns.set(id, (this.#earlyRuns.get(id) ?? 0) + 1);
  }

  recordCompleted(ids: readonly string[]): void {
    this.#completed += ids.length;
    for (const id of ids) if (!this.#pending.delete(id)) this.#early.add(id);
  }

  toCounts(): LedgerCounts {
    return {
      enqueued: this.#enqueued,
      completed: this.#completed,
      completedTwice: [...this.#early],
      runs: this.#runs,
    };
  }
}

/**
 * The rules of unique keys, written down once more and as plainly as possible, to hold the broker against.
 *
 * @module
 */

import type { UniqueWhile } from "../../src/protocol/job.ts";

/** A job as the model knows it. */
export interface ModelJob {
  readonly id: string;
  readonly key: string | null;
  readonly scope: UniqueWhile;
  /** Kept when finished; else it is gone at once. */
  readonly kept: boolean;
  status: "scheduled" | "ready" | "in_flight" | "completed" | "dead";
}

/** Jobs, and one index: key → newest job. */
export class UniqueModel {
  readonly jobs: Map<string, ModelJob> = new Map();
  readonly index: Map<string, string> = new Map();

  /** The job that an enqueue is a duplicate of. */
  conflict(key: string | null, scope: UniqueWhile): ModelJob | undefined {
    const holder = key === null ? undefined : this.jobs.get(this.index.get(key) ?? "");
    if (holder === undefined) return undefined;
    const statuses = {
      queued: ["scheduled", "ready"],
      active: ["scheduled", "ready", "in_flight"],
      exists: ["scheduled", "ready", "in_flight", "completed", "dead"],
    }[scope];
    return statuses.includes(holder.status) ? holder : undefined;
  }

  add(job: ModelJob): void {
    this.jobs.set(job.id, job);
    if (job.key !== null) this.index.set(job.key, job.id);
  }

  /** The job that a taker gets: ids sort by creation, and all priorities are equal. */
  take(): ModelJob | undefined {
    const [job] = this.#in("ready");
    if (job === undefined) return undefined;
    job.status = "in_flight";
    if (job.scope === "queued") this.#release(job);
    return job;
  }

  succeed(job: ModelJob): void {
    if (!job.kept) return this.delete(job);
    job.status = "completed";
    if (job.scope === "active") this.#release(job);
  }

  retry(job: ModelJob): void {
    job.status = "scheduled";
    if (job.scope === "queued") this.#retake(job);
  }

  kill(job: ModelJob): void {
    if (!job.kept) return this.delete(job);
    job.status = "dead";
    if (job.scope !== "exists") this.#release(job);
  }

  /** The worker is gone, or the broker crashed. */
  handBack(job: ModelJob): void {
    job.status = "ready";
    if (job.scope === "queued") this.#retake(job);
  }

  delete(job: ModelJob): void {
    this.jobs.delete(job.id);
    this.#release(job);
  }

  promote(): void {
    for (const job of this.#in("scheduled")) job.status = "ready";
  }

  purge(): void {
    for (const job of [...this.#in("completed"), ...this.#in("dead")]) this.delete(job);
  }

  recover(): void {
    for (const job of this.#in("in_flight")) this.handBack(job);
  }

  /** One line a job, `*` for who holds its key. */
  show(): string[] {
    return [...this.jobs.values()].map(({ id, key, status }) =>
      `${id} ${status}${key !== null && this.index.get(key) === id ? " *" : ""}`
    ).sort();
  }

  #in(status: ModelJob["status"]): ModelJob[] {
    return [...this.jobs.values()].filter((job) => job.status === status)
      .sort((a, b) => a.id < b.id ? -1 : 1);
  }

  #release(job: ModelJob): void {
    if (job.key !== null && this.index.get(job.key) === job.id) this.index.delete(job.key);
  }

  #retake(job: ModelJob): void {
    if (job.key !== null && !this.index.has(job.key)) this.index.set(job.key, job.id);
  }
}

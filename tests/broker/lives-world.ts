/**
 * A broker, the model of what is in it, and what those who call it know: the choices of a step are made here.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Random } from "../support/random.ts";
import type { Answer } from "../support/send.ts";
import type { LivesHost } from "./lives-host.ts";
import { type IdWish, LivesModel, type ModelJob, type OnDead, type Shown } from "./lives-model.ts";
import type { WorkerStream } from "./worker-stream.ts";

/** All queues. */
export const queues: readonly string[] = ["a", "b", "c"];
/** All that may become of those who wait for a dead job. */
export const onDeads: readonly OnDead[] = ["stay", "cancel", "run"];
/** How long leases last, in ms. */
export const leaseTimes: readonly number[] = [1000, 3000, 10_000];

/** A run that was begun under a lease, perhaps long ago. */
export interface Begun extends Shown {
  readonly id: string;
}

/** What a new job is to be. */
export type Sketch =
  & Pick<
    ModelJob,
    "queue" | "priority" | "retryLimit" | "deadMs" | "completedMs" | "tags" | "payload"
  >
  & { readonly delayMs: number };

/** A take that waits. */
export interface Waiting {
  readonly queues: readonly string[] | undefined;
  readonly worker: string | undefined;
  readonly ms: number;
  readonly until: number;
  answer?: Answer;
}

/** What a step has to do with. */
export class LivesWorld {
  readonly host: LivesHost;
  readonly model: LivesModel;
  /** The streams that are open, by their runs. */
  readonly streams: Map<string, WorkerStream> = new Map();
  /** Some ids that jobs had. */
  readonly gone: string[] = [];
  begun: Begun[] = [];
  waiting: Waiting | undefined;
  random!: Random;
  #payloads = 0;

  constructor(host: LivesHost) {
    this.host = host;
    this.model = new LivesModel(host.clock.now(), queues);
  }

  /** A number that nothing had before. */
  nextPayload(): number {
    return ++this.#payloads;
  }

  /** One of the items, if there are any. */
  pick<Item>(items: readonly Item[]): Item | undefined {
    return items.length === 0 ? undefined : this.random.pick(items);
  }

  /** A value once in so many times. */
  maybe<Value>(times: number, value: () => Value): Value | undefined {
    return this.random.once(times) ? value() : undefined;
  }

  /** Some queues, or all. */
  someQueues(): string[] | undefined {
    return this.random.once(3) ? undefined : queues.filter(() => !this.random.once(3));
  }

  /** The id of some job, at times of one that is not there. */
  anyId(): string {
    const ids = [...this.model.jobs.keys()];
    return this.pick(this.random.once(8) ? [...this.gone, "n9"] : ids) ?? "n9";
  }

  /** Some ids, once in so many times each. */
  someIds(times = 8): string[] {
    const ids = new Set([...this.model.jobs.keys(), ...this.gone]);
    return [...ids].filter(() => this.random.once(times));
  }

  /** One call, of a worker that may have a name. */
  call(method: string, path: string, body?: unknown, worker?: string): Promise<Answer> {
    return this.host.call(method, path, body, worker);
  }

  /** What happens by itself now, and in which order it is told makes no difference. */
  async settle(): Promise<void> {
    const model = this.model;
    await this.host.clock.settle();
    if (model.nextAt() <= model.now) model.tick(model.now);
    const waiting = this.waiting;
    if (waiting === undefined) return;
    const takeable = model.takeable(waiting.queues, Infinity);
    if (waiting.answer === undefined) {
      assert.deepEqual(takeable.map(({ id }) => id), [], "jobs that a take waits for");
      assert.ok(model.now < waiting.until, "a take waits too long");
      return;
    }
    this.waiting = undefined;
    assert.equal(waiting.answer.status, 200);
    const [got] = waiting.answer.body.jobs;
    if (got === undefined) return assert.ok(model.now >= waiting.until, "a take got nothing");
    const job = takeable.find(({ id }) => id === got.id);
    assert.ok(job !== undefined, `${got.id} is not to be taken`);
    this.began(job, got, waiting);
  }

  /** Notes that a job was taken under a lease. */
  began(
    job: ModelJob,
    got: Record<string, unknown>,
    { worker, ms }: Pick<Waiting, "worker" | "ms">,
  ): void {
    const token = got["lease_token"] as string;
    this.model.take(job, { token, worker, ms });
    assert.deepEqual([got["deliveries"], got["lease_expires_at"], got["payload"]], [
      job.deliveries,
      job.lease!.expiresAt,
      job.payload,
    ]);
    this.begun.push({ id: job.id, token, worker, delivery: job.deliveries });
    this.begun = this.begun.slice(-40);
  }

  /** Wishes to wait for these. */
  toWishes(ids: readonly string[]): IdWish[] {
    return ids.map((id) => ({ id, onDead: this.random.pick(onDeads) }));
  }

  /** A new job. */
  sketch(): Sketch {
    return {
      queue: this.random.pick(queues),
      priority: this.random.int(3),
      delayMs: this.random.once(5) ? this.random.int(4) * 700 : 0,
      retryLimit: this.random.once(2) ? this.random.int(3) : null,
      deadMs: this.random.pick([null, null, 0, 2999]),
      completedMs: this.random.pick([null, null, null, 2499]),
      tags: this.random.once(6) ? ["t"] : [],
      payload: this.nextPayload(),
    };
  }

  /** A run, mostly one that goes on, and what is shown of it. */
  aRun(): Begun {
    const jobs = this.model.all("in_flight");
    const job = this.random.once(4) ? undefined : this.pick(jobs);
    const begun = job === undefined ? this.pick(this.begun) : {
      id: job.id,
      token: job.lease?.token,
      worker: job.lease?.worker,
      delivery: job.deliveries,
    };
    if (begun === undefined || this.random.once(10)) {
      return { id: this.anyId(), ...this.maybe(2, () => ({ worker: "w1" })) };
    }
    const { id, token, worker, delivery } = begun;
    const shown = this.random.int(5);
    if (shown === 0) return { id, delivery };
    if (shown === 1) return { id, worker: this.random.once(2) ? worker : "w1" };
    return shown === 2 ? { id, token, worker, delivery } : { id, token };
  }

  /** A lease lasts from now on. */
  renew({ lease }: ModelJob, ms: number | undefined): void {
    lease!.ms = ms ?? lease!.ms;
    lease!.expiresAt = this.model.now + lease!.ms;
    lease!.graceUntil = null;
  }
}

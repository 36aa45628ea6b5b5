/**
 * How jobs live, written as plainly as it can be: leases, dependencies, movement, cancellation, queues under control. What
 * the broker does is held against it (`lives.ts`); it shares no code with it, and reads like docs/protocol.md.
 */

/** What becomes of a job when one that it waits for is dead. */
export type OnDead = "stay" | "cancel" | "run";

export interface ModelLease {
  readonly token: string;
  readonly worker: string | undefined;
  ms: number;
  expiresAt: number;
  /** Until when its holder may still renew it; null as long as it has not ended. */
  graceUntil: number | null;
}

export interface ModelJob {
  readonly id: string;
  /** Its place among those of its priority. */
  readonly place: number;
  queue: string;
  priority: number;
  status: "scheduled" | "ready" | "in_flight" | "completed" | "dead" | "blocked";
  attempts: number;
  /** Null for the default. */
  retryLimit: number | null;
  readyAt: number;
  purgeAt: number | null;
  payload: number;
  tags: readonly string[];
  /** How long it is kept when it is dead or completed, in ms; null for the default. */
  deadMs: number | null;
  completedMs: number | null;
  deliveries: number;
  /** Who has it, if it is in flight; null also if a stream has it. */
  lease: ModelLease | null;
  /** The stream that has it. */
  stream: string | null;
  /** That it is to be cancelled, and when it is taken from who has it; null as long as nobody wants that. */
  unwanted: { readonly forceAt: number } | null;
  /** What it waits for. Only a blocked job waits. */
  readonly waitsFor: Map<string, OnDead>;
}

export interface ModelQueue {
  paused: boolean;
  /** How many may be in flight; null for any number. */
  most: number | null;
}

/** What a report shows of who reports. */
export interface Shown {
  readonly token?: string | undefined;
  readonly worker?: string | undefined;
  readonly delivery?: number | undefined;
}

/** A job that is there, to wait for. */
export interface IdWish {
  readonly id: string;
  readonly onDead: OnDead;
}

/** What a new job is to wait for: one that is there, or one of the same call by its place in it. */
export type Wish = IdWish | { readonly item: number; readonly onDead: OnDead };

export const defaults = {
  retryLimit: 2,
  deadMs: 7999,
  completedMs: 0,
  graceMs: 2000,
  /** How many jobs may be in flight, in all queues. */
  mostInFlight: 8,
};

/** How late finished jobs are deleted, in ms. Nothing else happens in between: all other instants are multiples of 100. */
export const reaperMs = 1;

/** After how long a job is tried again, in ms. */
export const retryMs = (attempts: number): number => attempts * 1000 + 500;

export class LivesModel {
  readonly jobs: Map<string, ModelJob> = new Map();
  readonly queues: Map<string, ModelQueue> = new Map();
  now: number;
  #places = 0;

  constructor(now: number, queues: readonly string[]) {
    this.now = now;
    for (const queue of queues) this.queues.set(queue, { paused: false, most: null });
  }

  all(...statuses: readonly ModelJob["status"][]): ModelJob[] {
    const jobs = [...this.jobs.values()];
    return statuses.length === 0 ? jobs : jobs.filter(({ status }) => statuses.includes(status));
  }

  dependentsOf(id: string): ModelJob[] {
    return this.all().filter((job) => job.waitsFor.has(id));
  }

  nextPlace(): number {
    return this.#places++;
  }

  // What is taken.

  inFlight(queue: string): number {
    return this.all("in_flight").filter((job) => job.queue === queue).length;
  }

  /** The jobs that somebody gets who takes up to so many from these queues now. */
  takeable(queues: readonly string[] | undefined, count: number): ModelJob[] {
    const found: ModelJob[] = [];
    const room = Math.min(count, defaults.mostInFlight - this.all("in_flight").length);
    const ready = this.all("ready").sort((a, b) => a.priority - b.priority || a.place - b.place);
    for (const job of ready) {
      if (found.length >= room) break;
      if (queues !== undefined && !queues.includes(job.queue)) continue;
      const { paused, most } = this.queues.get(job.queue)!;
      const more = found.filter(({ queue }) => queue === job.queue).length;
      if (paused || (most !== null && this.inFlight(job.queue) + more >= most)) continue;
      found.push(job);
    }
    return found;
  }

  take(job: ModelJob, holder: Pick<ModelLease, "token" | "worker" | "ms"> | string): void {
    job.status = "in_flight";
    job.deliveries++;
    if (typeof holder === "string") job.stream = holder;
    else job.lease = { ...holder, expiresAt: this.now + holder.ms, graceUntil: null };
  }

  /** Why a report of a run is refused; undefined if it is not. */
  refusal(id: string, { token, worker, delivery }: Shown): 404 | 409 | undefined {
    const job = this.jobs.get(id);
    if (job === undefined) return 404;
    const showsNothing = token === undefined && worker === undefined && delivery === undefined;
    if (job.status !== "in_flight") return showsNothing ? 404 : 409;
    if (delivery !== undefined && delivery !== job.deliveries) return 409;
    if (token !== undefined && token !== job.lease?.token) return 409;
    const holder = job.lease?.worker;
    return worker !== undefined && holder !== undefined && worker !== holder ? 409 : undefined;
  }

  // What ends a run.

  succeed(job: ModelJob): void {
    const keptMs = job.completedMs ?? defaults.completedMs;
    this.#leaveFlight(job, "completed");
    job.purgeAt = this.now + keptMs;
    if (keptMs === 0) this.jobs.delete(job.id);
    for (const child of this.dependentsOf(job.id)) this.free(child, job.id);
  }

  fail(job: ModelJob, how: { kill?: boolean; delayMs?: number; enforceLimit?: boolean }): void {
    if (job.unwanted !== null) return this.die(job);
    const isOver = job.attempts + 1 > (job.retryLimit ?? defaults.retryLimit);
    if (how.kill || (isOver && (how.delayMs === undefined || how.enforceLimit))) {
      return this.die(job);
    }
    job.attempts++;
    const readyAt = this.now + (how.delayMs ?? retryMs(job.attempts));
    // Also one whose time has come is promoted as all others are.
    this.#leaveFlight(job, "scheduled");
    job.readyAt = readyAt;
  }

  /** Takes a job from whoever has it, uncharged. */
  handBack(job: ModelJob, delayMs?: number): void {
    if (job.unwanted !== null) return this.die(job);
    if (delayMs !== undefined) job.readyAt = this.now + delayMs;
    this.#leaveFlight(job, delayMs !== undefined && delayMs > 0 ? "scheduled" : "ready");
  }

  /** Its lease was not renewed. */
  lose(job: ModelJob): void {
    if (job.unwanted !== null) return this.die(job);
    if (job.attempts + 1 > (job.retryLimit ?? defaults.retryLimit)) return this.die(job);
    job.attempts++;
    this.#leaveFlight(job, "ready");
  }

  /** Somebody wants a job to be over; `forceMs` is how long who has it may take for that. */
  cancel(job: ModelJob, forceMs: number | undefined): "cancelled" | "requested" | "finished" {
    if (job.status === "completed" || job.status === "dead") return "finished";
    if (job.status !== "in_flight" || forceMs === 0) {
      this.die(job);
      return "cancelled";
    }
    const forceAt = forceMs === undefined ? Infinity : this.now + forceMs;
    job.unwanted = { forceAt: Math.min(forceAt, job.unwanted?.forceAt ?? Infinity) };
    return "requested";
  }

  /** Any but completed → dead. */
  die(job: ModelJob): void {
    const keptMs = job.deadMs ?? defaults.deadMs;
    job.attempts++;
    this.#leaveFlight(job, "dead");
    job.waitsFor.clear();
    job.purgeAt = this.now + keptMs;
    if (keptMs === 0) return this.#lost(job);
    for (const child of this.dependentsOf(job.id)) {
      const onDead = child.waitsFor.get(job.id);
      if (onDead === "cancel") this.die(child);
      else if (onDead === "run") this.free(child, job.id);
    }
  }

  /** A dead job goes away. */
  #lost(job: ModelJob): void {
    this.jobs.delete(job.id);
    for (const child of this.dependentsOf(job.id)) {
      const onDead = child.waitsFor.get(job.id);
      if (onDead === "run") this.free(child, job.id);
      else if (onDead !== undefined) this.die(child);
    }
  }

  #leaveFlight(job: ModelJob, status: ModelJob["status"]): void {
    job.status = status;
    job.lease = null;
    job.stream = null;
    job.unwanted = null;
  }

  // What waits for others.

  free(job: ModelJob, parent: string): void {
    job.waitsFor.delete(parent);
    if (job.waitsFor.size > 0 || job.status !== "blocked") return;
    this.#due(job, job.readyAt > this.now ? job.readyAt : this.now);
  }

  #due(job: ModelJob, readyAt: number): void {
    job.readyAt = readyAt;
    job.status = readyAt > this.now ? "scheduled" : "ready";
  }

  /** Whether there is something to wait for; `refused` if that cannot be asked. */
  toLink(parent: string, onDead: OnDead): boolean | "refused" {
    const status = this.jobs.get(parent)?.status;
    if (status === undefined || status === "completed") return false;
    if (status !== "dead" || onDead === "stay") return true;
    return onDead === "run" ? false : "refused";
  }

  /** Whether a job is another one, or waits for it, by way of others too. */
  leadsTo(from: string, to: string): boolean {
    if (from === to) return true;
    return [...this.jobs.get(from)?.waitsFor.keys() ?? []].some((id) => this.leadsTo(id, to));
  }

  /** What a stored job has to wait for of what is wished; undefined if that is refused. */
  toLinks(job: ModelJob, wishes: readonly IdWish[]): Map<string, OnDead> | undefined {
    const links = new Map<string, OnDead>();
    for (const wish of wishes) {
      if (wish.id === job.id) return undefined;
      const link = this.toLink(wish.id, wish.onDead);
      if (link === "refused") return undefined;
      if (!link) continue;
      if (!job.waitsFor.has(wish.id) && this.leadsTo(wish.id, job.id)) return undefined;
      links.set(wish.id, wish.onDead);
    }
    return links;
  }

  /** Deletes a job and all that wait for it. */
  remove(id: string): void {
    this.jobs.delete(id);
    for (const child of this.dependentsOf(id)) this.remove(child.id);
  }

  // What begins, or begins anew.

  /** A new job, with what it waits for. */
  add(job: ModelJob, delayMs: number): void {
    this.jobs.set(job.id, job);
    this.#due(job, this.now + delayMs);
    if (job.waitsFor.size > 0) job.status = "blocked";
  }

  /** A job that is put over, requeued, or sent on; it waits for what it waits for. */
  beginAnew(job: ModelJob, delayMs: number): void {
    this.#leaveFlight(job, "ready");
    this.#due(job, this.now + delayMs);
    if (job.waitsFor.size > 0) job.status = "blocked";
    job.attempts = 0;
    job.purgeAt = null;
  }

  /** `readyAt` by a patch; null is as soon as may be. */
  reschedule(job: ModelJob, readyAt: number | null): void {
    if (job.status === "blocked" || job.status === "in_flight") {
      if (readyAt !== null || job.status === "blocked") job.readyAt = readyAt ?? this.now;
    } else if (readyAt !== null) {
      job.readyAt = readyAt;
      job.status = readyAt > this.now ? "scheduled" : "ready";
    } else if (job.status === "scheduled") this.#due(job, this.now);
  }

  // What time does.

  /** When something happens next by time alone. */
  nextAt(): number {
    const instants = this.all().map(({ status, readyAt, purgeAt, lease, unwanted }) => {
      if (status === "scheduled") return readyAt;
      const endsAt = lease === null
        ? (purgeAt ?? Infinity) + reaperMs
        : lease.graceUntil ?? lease.expiresAt;
      return Math.min(endsAt, unwanted?.forceAt ?? Infinity);
    });
    return Math.min(...instants);
  }

  /** Does all that is due by now. */
  tick(now: number): void {
    this.now = now;
    for (const job of this.all("scheduled")) if (job.readyAt <= now) job.status = "ready";
    for (const job of this.all("in_flight")) {
      const { lease } = job;
      if (lease === null || (lease.graceUntil ?? lease.expiresAt) > now) continue;
      if (lease.graceUntil === null) lease.graceUntil = now + defaults.graceMs;
      else this.lose(job);
    }
    for (const job of this.all("in_flight")) {
      if (job.unwanted !== null && job.unwanted.forceAt <= now) this.die(job);
    }
    for (const job of this.all("completed", "dead")) {
      if (job.purgeAt! + reaperMs > now || !this.jobs.has(job.id)) continue;
      if (job.status === "dead") this.#lost(job);
      else this.jobs.delete(job.id);
    }
  }
}

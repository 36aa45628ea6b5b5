/** Random graphs of jobs against a simple model of who waits for whom. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { OnDead } from "../../src/protocol/dependency.ts";
import type { DependencyRequest } from "../../src/protocol/dependency-request.ts";
import type { NewJob } from "../../src/protocol/new-job.ts";
import { isRejection } from "../../src/protocol/rejection.ts";
import { statusNames } from "../../src/protocol/status.ts";
import type { StoredJob } from "../../src/store/enqueue.ts";
import { type TestEngine, withEngine } from "../support/engine.ts";
import { newJob } from "../support/new-job.ts";
import { createRandom, type Random } from "../support/random.ts";

const steps = 250;
/** A multiple of what a step waits, so that nothing happens in the middle of one. */
const keptMs = 4000;
const onDeads: readonly OnDead[] = ["stay", "cancel", "run"];

/** A job as it should be. All that are free are in flight, as somebody takes them at once. */
interface ModelJob {
  status: "blocked" | "in_flight" | "dead" | "gone";
  readonly waitsFor: Map<string, OnDead>;
  diedAt: number;
}

class Model {
  readonly jobs = new Map<string, ModelJob>();

  of(status: ModelJob["status"]): string[] {
    return [...this.jobs].filter(([, job]) => job.status === status).map(([id]) => id);
  }

  dependents(id: string): [string, ModelJob][] {
    return [...this.jobs].filter(([, job]) => job.waitsFor.has(id));
  }

  /** Whether a job waits for another one, by way of others too. */
  leadsTo(from: string, to: string): boolean {
    if (from === to) return true;
    return [...this.jobs.get(from)!.waitsFor.keys()].some((id) => this.leadsTo(id, to));
  }

  free(id: string, parent: string): void {
    const job = this.jobs.get(id)!;
    job.waitsFor.delete(parent);
    if (job.waitsFor.size === 0 && job.status === "blocked") job.status = "in_flight";
  }

  succeed(id: string): void {
    this.jobs.get(id)!.status = "gone";
    for (const [child] of this.dependents(id)) this.free(child, id);
  }

  die(id: string, now: number): void {
    const job = this.jobs.get(id)!;
    job.status = "dead";
    job.diedAt = now;
    job.waitsFor.clear();
    for (const [child, { waitsFor }] of this.dependents(id)) {
      const onDead = waitsFor.get(id);
      if (onDead === "cancel") this.die(child, now);
      else if (onDead === "run") this.free(child, id);
    }
  }

  expire(now: number): void {
    for (const id of this.of("dead")) {
      if (this.jobs.get(id)!.diedAt + keptMs > now) continue;
      this.jobs.get(id)!.status = "gone";
      for (const [child, { waitsFor }] of this.dependents(id)) {
        if (waitsFor.get(id) === "run") this.free(child, id);
        else this.die(child, now);
      }
    }
  }

  remove(id: string): void {
    const job = this.jobs.get(id)!;
    job.status = "gone";
    job.waitsFor.clear();
    for (const [child] of this.dependents(id)) this.remove(child);
  }
}

/** Does random things to an engine and to the model. */
class Player {
  readonly #model = new Model();
  readonly #random: Random;
  readonly #parts: TestEngine;

  constructor(random: Random, parts: TestEngine) {
    this.#random = random;
    this.#parts = parts;
  }

  #pick<Item>(items: readonly Item[]): Item | undefined {
    return items.length === 0 ? undefined : items[this.#random.int(items.length)];
  }

  #request(to: { readonly id: string } | { readonly item: number }): DependencyRequest {
    const onDead = this.#pick(onDeads)!;
    const where = { id: null, item: null, ...to };
    return { ...where, onDead, name: null };
  }

  async step(): Promise<void> {
    const { clock, settle } = this.#parts;
    const ways = [this.#add, this.#add, this.#succeed, this.#succeed, this.#kill, this.#remove];
    await this.#pick([...ways, this.#link, this.#drop, this.#wait])!.call(this);
    await settle();
    this.#model.expire(clock.now());
    await this.#compare();
  }

  async #add(): Promise<void> {
    const count = 1 + this.#random.int(4);
    const known = [...this.#model.jobs.keys()].slice(-12);
    const jobs: NewJob[] = [];
    for (let at = 0; at < count; at++) {
      const ids = new Set(known.filter(() => this.#random.once(4)));
      const items = [...Array(count).keys()].filter(() => this.#random.once(6));
      const dependsOn = [
        ...[...ids].map((id) => this.#request({ id })),
        ...items.map((item) => this.#request({ item })),
      ];
      jobs.push({ ...newJob, dependsOn, retention: `{"dead_ms":${keptMs}}` });
    }
    const isGood = this.#isGood(jobs);
    const stored = await this.#parts.engine.enqueue(jobs);
    assert.equal(isRejection(stored), !isGood, isRejection(stored) ? stored.message : "stored");
    if (isRejection(stored)) return;
    const added = (stored as readonly StoredJob[]).map(({ job }) => job.id);
    for (const [at, id] of added.entries()) {
      const waitsFor = new Map<string, OnDead>();
      for (const { id: named, item, onDead } of jobs[at]!.dependsOn) {
        const parent = item === null ? named! : added[item]!;
        const status = item === null ? this.#model.jobs.get(parent)!.status : "blocked";
        if (status === "gone" || (status === "dead" && onDead === "run")) continue;
        waitsFor.set(parent, onDead);
      }
      const status = waitsFor.size > 0 ? "blocked" : "in_flight";
      this.#model.jobs.set(id, { status, waitsFor, diedAt: 0 });
    }
  }

  #isGood(jobs: readonly NewJob[]): boolean {
    const visiting = new Set<number>();
    const leadsBack = (at: number): boolean => {
      if (visiting.has(at)) return true;
      visiting.add(at);
      const found = jobs[at]!.dependsOn.some(({ item }) => item !== null && leadsBack(item));
      visiting.delete(at);
      return found;
    };
    if (jobs.some((_, at) => leadsBack(at))) return false;
    return jobs.every(({ dependsOn }) =>
      dependsOn.every(({ id, onDead }) =>
        id === null || onDead !== "cancel" || this.#model.jobs.get(id)!.status !== "dead"
      )
    );
  }

  async #succeed(): Promise<void> {
    const ids = this.#model.of("in_flight").filter(() => this.#random.once(2)).slice(0, 3);
    const missed = await this.#parts.engine.reports.complete(ids.map((id) => ({ id })));
    assert.deepEqual(missed, []);
    for (const id of ids) this.#model.succeed(id);
  }

  async #kill(): Promise<void> {
    const id = this.#pick(this.#model.of("in_flight"));
    if (id === undefined) return;
    await this.#parts.engine.reports.fail({ id }, { message: "m", kill: true });
    this.#model.die(id, this.#parts.clock.now());
  }

  async #remove(): Promise<void> {
    const id = this.#pick([...this.#model.jobs.keys()]);
    if (id === undefined) return;
    const cascade = this.#random.once(3);
    const isThere = this.#model.jobs.get(id)!.status !== "gone";
    const dependents = this.#model.dependents(id).map(([child]) => child).sort();
    const isHeld = isThere && !cascade && dependents.length > 0;
    const result = this.#random.once(2)
      ? await this.#parts.engine.remove(id, cascade)
      : await this.#removeMany(id, cascade);
    if (isHeld) assert.deepEqual([...result as readonly string[]].sort(), dependents);
    else assert.equal(result, isThere);
    if (isThere && !isHeld) this.#model.remove(id);
  }

  async #removeMany(id: string, cascade: boolean): Promise<boolean | readonly string[]> {
    const result = await this.#parts.engine.removeMany({ id: [id] }, { cascade });
    return typeof result === "number" ? result > 0 : result;
  }

  async #link(): Promise<void> {
    const [id, other] = [
      this.#pick([...this.#model.jobs.keys()]),
      this.#pick([
        ...this.#model.jobs.keys(),
      ]),
    ];
    if (id === undefined || other === undefined) return;
    const request = this.#request({ id: other });
    const list = { ids: [request], isStrict: false };
    const result = await this.#parts.engine.links.add(id, list);
    const job = this.#model.jobs.get(id)!;
    const parent = this.#model.jobs.get(other)!;
    if (job.status === "gone") return assert.equal(result, undefined);
    const isOpen = parent.status !== "gone" &&
      !(parent.status === "dead" && request.onDead === "run");
    const isRefused = job.status !== "blocked" || id === other ||
      (parent.status === "dead" && request.onDead === "cancel") ||
      (isOpen && !job.waitsFor.has(other) && this.#model.leadsTo(other, id));
    assert.equal(isRejection(result), isRefused);
    if (!isRefused && isOpen) job.waitsFor.set(other, request.onDead);
  }

  async #drop(): Promise<void> {
    const id = this.#pick(this.#model.of("blocked"));
    if (id === undefined) return;
    const job = this.#model.jobs.get(id)!;
    const all = this.#random.once(2);
    const ids = [...job.waitsFor.keys()].slice(0, 1);
    await this.#parts.engine.links.drop(id, all ? undefined : ids);
    for (const parent of all ? [...job.waitsFor.keys()] : ids) this.#model.free(id, parent);
  }

  async #wait(): Promise<void> {
    await this.#parts.clock.advance(2000);
  }

  async #compare(): Promise<void> {
    for (const [id, { status, waitsFor }] of this.#model.jobs) {
      const record = await this.#parts.engine.get(id);
      assert.equal(record === undefined ? "gone" : statusNames[record.status], status, id);
      assert.deepEqual([...record?.extra?.dependsOn ?? []].sort(), [...waitsFor.keys()].sort());
      const dependents = this.#model.dependents(id).map(([child]) => child).sort();
      assert.deepEqual([...record?.extra?.dependents ?? []].sort(), dependents);
    }
  }
}

describe("random graphs of jobs", () => {
  for (let seed = 1; seed <= 4; seed++) {
    it(`are as a model says (seed ${seed})`, () =>
      withEngine(async (parts) => {
        parts.listen({ prefetch: 10_000 });
        const player = new Player(createRandom(seed), parts);
        for (let step = 0; step < steps; step++) await player.step();
        assert.deepEqual(parts.errors, []);
      }, { reaperIntervalMs: 0 }));
  }
});

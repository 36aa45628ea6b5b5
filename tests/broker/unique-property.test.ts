/** Random lives of unique jobs, held against a model of the rules. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { toRuns } from "../../src/protocol/ack.ts";
import { createEngine, type Engine } from "../../src/broker/engine/engine.ts";
import { toSettings } from "../../src/broker/engine/settings.ts";
import { silentLogger } from "../../src/log.ts";
import { uniqueWhiles } from "../../src/protocol/job.ts";
import type { JobRecord } from "../../src/protocol/record.ts";
import { isRejection } from "../../src/protocol/rejection.ts";
import { statusNames } from "../../src/protocol/status.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { newJob } from "../support/new-job.ts";
import { createRandom } from "../support/random.ts";
import { type ModelJob, UniqueModel } from "./unique-model.ts";

const keptMs = 3_600_000;
const keys = ["a", "b", "", "ключ", null];

interface Holder {
  readonly job: ModelJob;
  unsubscribe(): Promise<void>;
}

class Run {
  readonly model: UniqueModel = new UniqueModel();
  readonly #database = openSqlite(":memory:");
  readonly #random;
  #clock = createTestClock();
  #engine!: Engine;
  #holders: Holder[] = [];

  constructor(seed: number) {
    this.#random = createRandom(seed);
  }

  /** A broker that starts on what is there; the one before it is left as a crash leaves it. */
  async start(): Promise<void> {
    this.#clock = createTestClock(this.#clock.now());
    this.#engine = createEngine({
      database: this.#database,
      timers: true,
      settings: toSettings({ globalInFlightLimit: 0, maxDeliveries: 0 }),
      clock: this.#clock,
      random: () => this.#random.int(1000) / 1000,
      logger: silentLogger,
    });
    this.#holders = [];
    await this.#engine.start();
  }

  async restart(): Promise<void> {
    if (this.#random.once(2)) await this.#engine.stop();
    this.model.recover();
    await this.start();
  }

  async step(): Promise<string> {
    const choice = this.#random.int(20);
    if (choice < 7) return await this.#enqueue();
    if (choice < 12) return await this.#take();
    if (choice < 17) return await this.#finish();
    if (choice === 17) return await this.#delete();
    if (choice === 18) return await this.#wait(1000);
    return this.#random.once(4) ? await this.#wait(2 * keptMs) : await this.#wait(1000);
  }

  show(): string[] {
    return this.#database.all("SELECT id, status, holds_key FROM jobs ORDER BY id", [])
      .map(({ id, status, holds_key }) =>
        `${id} ${statusNames[Number(status)]}${holds_key === 1 ? " *" : ""}`
      );
  }

  async close(): Promise<void> {
    await this.#engine.stop();
    this.#database.close();
  }

  async #enqueue(): Promise<string> {
    const drafts = Array.from({ length: this.#random.pick([1, 1, 1, 3]) }, () => ({
      key: this.#random.pick(keys),
      scope: this.#random.pick(uniqueWhiles),
      kept: this.#random.once(2),
      later: this.#random.once(5),
    }));
    const stored = await this.#engine.enqueue(drafts.map(({ key, scope, kept, later }) => ({
      ...newJob,
      uniqueKey: key,
      uniqueWhile: key === null || scope === "queued" ? null : scope,
      retention: JSON.stringify(kept ? { completed_ms: keptMs, dead_ms: keptMs } : { dead_ms: 0 }),
      readyAt: later ? this.#clock.now() + 500 : null,
    })));
    assert.ok(!isRejection(stored));
    for (const [index, { job, duplicate }] of stored.entries()) {
      const { key, scope, kept, later } = drafts[index]!;
      const expected = this.model.conflict(key, scope);
      assert.equal(duplicate, expected !== undefined, `enqueue ${key} while ${scope}`);
      if (expected !== undefined) assert.equal(job.id, expected.id);
      else this.model.add({ id: job.id, key, scope, kept, status: later ? "scheduled" : "ready" });
    }
    return `enqueue ${JSON.stringify(drafts)}`;
  }

  async #take(): Promise<string> {
    let got: JobRecord | undefined;
    const subscription = this.#engine.take({
      queues: undefined,
      prefetch: 1,
      worker: undefined,
      canWrite: () => got === undefined,
      deliver: (jobs) => void (got = jobs[0]),
      end: () => {},
    });
    await this.#clock.settle();
    const job = this.model.take();
    assert.equal(got?.id, job?.id);
    if (job === undefined) await subscription.unsubscribe();
    else this.#holders.push({ job, unsubscribe: subscription.unsubscribe });
    return `take ${job?.id}`;
  }

  async #finish(): Promise<string> {
    if (this.#holders.length === 0) return "nothing to finish";
    const at = this.#random.int(this.#holders.length);
    const { job, unsubscribe } = this.#holders.splice(at, 1)[0]!;
    const end = this.#random.pick(["success", "retry", "kill", "disconnect"] as const);
    if (this.model.jobs.get(job.id)?.status !== "in_flight") return "deleted meanwhile";
    if (end === "success") {
      assert.deepEqual(await this.#engine.reports.complete(toRuns([job.id])), []);
      this.model.succeed(job);
    } else if (end === "retry") {
      await this.#engine.reports.fail({ id: job.id }, {
        message: "",
        retryAt: this.#clock.now() + 500,
      });
      this.model.retry(job);
    } else if (end === "kill") {
      await this.#engine.reports.fail({ id: job.id }, { message: "", kill: true });
      this.model.kill(job);
    } else this.model.handBack(job);
    await unsubscribe();
    return `${end} ${job.id}`;
  }

  async #delete(): Promise<string> {
    const jobs = [...this.model.jobs.values()];
    if (jobs.length === 0) return "nothing to delete";
    const job = this.#random.pick(jobs);
    assert.ok(await this.#engine.remove(job.id));
    this.model.delete(job);
    return `delete ${job.id}`;
  }

  async #wait(ms: number): Promise<string> {
    await this.#clock.advance(ms);
    this.model.promote();
    if (ms > keptMs) this.model.purge();
    return `wait ${ms}`;
  }
}

async function play(seed: number, steps: number, restarts: boolean): Promise<void> {
  const run = new Run(seed);
  await run.start();
  for (let step = 0; step < steps; step++) {
    const what = await run.step();
    assert.deepEqual(run.show(), run.model.show(), `seed ${seed}, step ${step}: ${what}`);
    if (!restarts) continue;
    await run.restart();
    assert.deepEqual(run.show(), run.model.show(), `seed ${seed}, restart after step ${step}`);
  }
  await run.close();
}

describe("unique keys under random operations", () => {
  it("match the model", { timeout: 120_000 }, () => play(1, 6000, false));

  it(
    "are as the model says with a restart after every step",
    { timeout: 120_000 },
    () => play(2, 1500, true),
  );
});

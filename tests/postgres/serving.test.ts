/** Who serves a queue, over three brokers on a real PostgreSQL, whose clocks stand still. */

import assert from "node:assert/strict";
import { afterEach, it } from "node:test";
import type { Broker } from "../../src/broker/mod.ts";
import {
  createClient,
  createInsight,
  createLeases,
  defineJob,
  type TakeOptions,
} from "../../src/client/mod.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";
import { endOpened, opened, type Shared, start } from "./brokers-kit.ts";
import { describePostgres, sharedPool } from "./server.ts";

/** Starts three brokers that have heard of each other. */
async function startThree() {
  const [left, middle, right] = await start(3) as [Shared, Shared, Shared];
  const { schema } = left;
  return { left: left.broker, middle: middle.broker, right: right.broker, schema };
}

async function take({ fetch }: Broker, options: TakeOptions) {
  const stream = await createClient({ fetch }).take(options);
  opened.push(() => stream.close());
  return stream;
}

describePostgres("who serves a queue of several brokers", () => {
  afterEach(endOpened);

  it("is known to each of them", async () => {
    const { left, middle, right } = await startThree();
    const mail = defineJob({ type: "mail", queue: "q" });
    const client = createClient({ fetch: middle.fetch });
    const worker = createWorker({ client, handlers: [handle(mail, () => {})], logger: false });
    await worker.start();
    opened.push(() => worker.stop());
    const stream = await take(left, { queues: ["q", "p"], workerId: "foreign" });
    await createLeases({ fetch: right.fetch }).take({ queues: ["pulled"] });
    for (const { fetch } of [left, middle, right]) {
      const insight = createInsight({ fetch });
      const { since, ...serving } = await insight.serving("q", { type: "mail" });
      assert.ok(since > 0);
      const wanted = { queue: "q", streams: 2, resting: 0, untyped: 1, ofType: 1, complete: true };
      assert.deepEqual(serving, wanted);
      const { streams, askedAt } = await insight.serving("pulled");
      assert.equal(streams, 0);
      assert.notEqual(askedAt, undefined);
    }
    await stream.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { streams, untyped } = await createInsight({ fetch: right.fetch }).serving("q");
    assert.deepEqual([streams, untyped], [1, 0]);
  });

  it("is written once while nothing changes, and forgotten with its broker", async () => {
    const { left, right, schema } = await startThree();
    await take(left, { queues: ["q"] });
    const insight = createInsight({ fetch: right.fetch });
    const versions = async () => {
      const connection = await sharedPool().connect();
      const text = `SELECT xmin::text, streams FROM "${schema}".serving`;
      return await connection.query({ text }).finally(() => connection.release());
    };
    assert.equal((await insight.serving("q")).streams, 1);
    const first = await versions();
    assert.equal((await insight.serving("q")).streams, 1);
    assert.deepEqual((await versions()).rows, first.rows);
    assert.equal(first.rows.length, 1);
    await left.stop();
    assert.equal((await insight.serving("q")).streams, 0);
  });

  it("is steered at all of them: quiet, resumed and stopped", async () => {
    const { left, middle, right } = await startThree();
    const jobs: string[] = [];
    const stream = await take(left, { workerId: "alpha", prefetch: 10 });
    void (async () => {
      for await (const { id } of stream) jobs.push(id);
    })().catch(() => {});
    const [far, near] = [createInsight({ fetch: right.fetch }), createInsight(left)];
    await far.quietWorker("alpha");
    const client = createClient({ fetch: middle.fetch });
    await client.enqueue({ type: "t", queue: "q", payload: 1 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(jobs, []);
    // Also who comes later, elsewhere.
    const pull = () => createLeases({ fetch: middle.fetch }).take({ workerId: "alpha" });
    assert.deepEqual(await pull(), []);
    const { quiet, streams } = await createInsight({ fetch: middle.fetch }).worker("alpha");
    assert.deepEqual([quiet, streams], [true, 1]);
    for await (const { id, quiet } of near.workers()) {
      assert.deepEqual([id, quiet], ["alpha", true]);
    }
    await createInsight({ fetch: middle.fetch }).resumeWorker("alpha");
    for (let turn = 0; turn < 300 && jobs.length === 0; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(jobs.length, 1);

    const worker = createWorker({
      client: createClient({ fetch: left.fetch }),
      queues: ["other"],
      fallback: () => {},
      workerId: "ours",
      logger: false,
    });
    const ended = worker.run();
    for (let turn = 0; turn < 300 && !worker.health().connected; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(await far.stopWorker("ours"), 1);
    await ended;
  });
});

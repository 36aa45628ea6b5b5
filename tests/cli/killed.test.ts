/** What a broker still has after it was killed: unique keys, batches, cron, budgets and their levels, errors, calls. */

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createBudgets, createClient, createCrons, type Job } from "../../src/client/mod.ts";
import { type Cli, startCli } from "./spawn-cli.ts";

let folder: string;
const started: Cli[] = [];
const start = (args: readonly string[]): Cli => {
  const cli = startCli(args);
  started.push(cli);
  return cli;
};

describe("a broker that was killed", () => {
  before(async () => void (folder = await mkdtemp(join(tmpdir(), "millrace-killed-"))));
  after(async () => {
    for (const { child, kill } of started) {
      if (child.exitCode === null && child.signalCode === null) kill("SIGKILL");
    }
    await rm(folder, { recursive: true });
  });

  it("still has unique keys, batches, cron entries, budgets, attempts, errors and calls", {
    timeout: 60_000,
  }, async () => {
    const args = ["serve", "--port", "0", "--data", join(folder, "jobs.db")];
    const job = { type: "t", queue: "q", payload: 1 };
    const inFlight = { type: "while_in_flight" } as const;
    const hourly = { type: "time_based", durationMs: 3_600_000 } as const;
    const unique = { ...job, queue: "unique", uniqueKey: "k" };
    const batched = {
      ...job,
      queue: "batch",
      payload: [1],
      batch: { key: "b", when: "true", fold: "$existing + $new" },
    };

    const first = start(args);
    const url = await first.url;
    const client = createClient({ url });
    const held = await client.enqueue({
      ...unique,
      queue: "q",
      budgets: [
        { key: "one", createWith: { allocation: 1, strategy: inFlight } },
        { key: "hourly", createWith: { allocation: 2, strategy: hourly } },
      ],
    });
    const stream = await client.take({ queues: ["q"] });
    const taken: Job[] = [];
    for await (const piece of stream.batches()) {
      taken.push(...piece);
      if (taken.length > 0) break; // closes the stream, which makes the job ready again
    }
    assert.equal(taken[0]?.id, held.id);
    const again = await client.take({ queues: ["q"] });
    const reading = again[Symbol.asyncIterator]();
    const { value } = await reading.next();
    assert.equal(value.id, held.id);
    const failed = await client.enqueue({ ...job, queue: "failed", retryLimit: 1 });
    const failing = (await client.take({ queues: ["failed"] }))[Symbol.asyncIterator]();
    assert.equal((await failing.next()).value.id, failed.id);
    await client.failure(failed.id, { message: "no luck", retryAt: Date.now() });
    assert.equal((await failing.next()).value.attempts, 1, "in flight again");
    const head = await client.enqueue(batched);
    const done = await client.enqueue({ ...job, queue: "done" }, { idempotencyKey: "call" });
    await client.delete(done.id);
    const cron = await createCrons({ url }).put("g", {
      entries: [{ name: "e", expression: "0 0 1 1 *", timezone: "UTC", job }],
    });
    first.kill("SIGKILL");
    await first.outcome;
    reading.next().catch(() => {});
    failing.next().catch(() => {});

    const second = start(args);
    const after = { url: await second.url };
    const later = createClient(after);
    const back = await later.get(held.id);
    assert.deepEqual([back.status, back.attempts], ["ready", 0]);
    const retried = await later.get(failed.id);
    assert.deepEqual([retried.status, retried.attempts], ["ready", 1]);
    assert.equal((await later.error(failed.id, 1)).message, "no luck");
    assert.equal((await later.enqueue(unique)).id, held.id, "its key is taken again");
    assert.equal((await later.enqueue(batched)).id, head.id);
    assert.deepEqual((await later.get(head.id)).payload, [1, 1]);
    const repeated = await later.enqueue({ ...job, queue: "done" }, { idempotencyKey: "call" });
    assert.deepEqual(repeated, done);
    assert.equal(await later.count({ queue: "done" }), 0);
    const { entries: [entry] } = await createCrons(after).get("g");
    assert.equal(entry?.nextEnqueueAt, cron.entries[0]?.nextEnqueueAt);
    const budgets = await createBudgets(after).list();
    assert.deepEqual(budgets.map(({ key }) => key), ["hourly", "one"]);

    // Both tokens of the hour were spent before the crash, so what came back has to wait; without that budget it runs.
    const third = await later.take({ queues: ["q"] });
    const jobs = third[Symbol.asyncIterator]();
    const next = jobs.next();
    const waited = await Promise.race([
      next,
      new Promise<string>((resolve) => setTimeout(() => resolve("waited"), 300)),
    ]);
    assert.equal(waited, "waited");
    await createBudgets(after).unbind(held.id, "hourly");
    assert.equal((await next).value.id, held.id);
    await third.close();
    second.kill("SIGTERM");
    assert.equal((await second.outcome).code, 0);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, createQueues } from "../../src/client/mod.ts";
import { type TestBroker, withBroker } from "../support/broker.ts";
import { withCallers } from "../support/callers.ts";

const day = 24 * 3600 * 1000;

async function scrape({ broker }: Pick<TestBroker, "broker">, headers: HeadersInit = {}) {
  const answer = await broker.fetch(new Request("http://localhost/metrics", { headers }));
  const text = await answer.text();
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const values = new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))] as const;
    }),
  );
  return { answer, text, values };
}

describe("GET /metrics", () => {
  it("tells how many jobs are where, and how long the oldest has waited", () =>
    withBroker(async (parts) => {
      const { client, clock } = parts;
      await client.enqueue({ type: "a", queue: "one", payload: 1, priority: 9 });
      await clock.advance(2000);
      await client.enqueueMany([
        { type: "a", queue: "one", payload: 2, priority: 1 },
        { type: "b", queue: "one", payload: 3, delayMs: 60_000 },
        { type: "a", queue: 'qu"ote', payload: 4 },
      ]);
      await clock.advance(500);
      const { answer, values } = await scrape(parts);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
      assert.equal(values.get('millrace_jobs{queue="one",status="ready"}'), 2);
      assert.equal(values.get('millrace_jobs{queue="one",status="scheduled"}'), 1);
      assert.equal(values.get('millrace_jobs{queue="one",status="in_flight"}'), 0);
      assert.equal(values.get('millrace_jobs{queue="qu\\"ote",status="ready"}'), 1);
      // The first is less urgent than the second, and oldest all the same.
      assert.equal(values.get('millrace_queue_oldest_ready_seconds{queue="one"}'), 2.5);
      assert.equal(values.get('millrace_queue_paused{queue="one"}'), 0);
      assert.equal(values.get("millrace_queues_left_out"), 0);
      assert.equal(values.get("millrace_workers"), 0);
    }));

  it("has histograms of waits and runs, and counts what failed", () =>
    withBroker(async (parts) => {
      const { client, clock, take } = parts;
      await client.enqueueMany([1, 2, 3].map((payload) => ({ type: "a", queue: "q", payload })));
      await clock.advance(7000);
      const stream = await take({ prefetch: 3, workerId: "alpha" });
      await clock.advance(90_000);
      const { jobs } = stream;
      await client.success(jobs[0]!);
      await client.failure(jobs[1]!, { message: "no" });
      await client.failure(jobs[2]!, { message: "no", kill: true });
      const { values, text } = await scrape(parts);
      const bucket = (name: string, le: string) =>
        values.get(`millrace_${name}_seconds_bucket{queue="q",le="${le}"}`);
      assert.deepEqual(["5", "10", "+Inf"].map((le) => bucket("wait", le)), [0, 3, 3]);
      assert.equal(values.get('millrace_wait_seconds_sum{queue="q"}'), 21);
      assert.equal(values.get('millrace_wait_seconds_count{queue="q"}'), 3);
      assert.deepEqual(["60", "300", "+Inf"].map((le) => bucket("run", le)), [0, 1, 1]);
      assert.equal(values.get('millrace_runs_retried_total{queue="q"}'), 1);
      assert.equal(values.get('millrace_jobs_dead_total{queue="q"}'), 1);
      assert.equal(values.get("millrace_workers"), 1);
      assert.match(text, /^# TYPE millrace_wait_seconds histogram$/m);
      // A new day begins with nothing, as a program does that was started again.
      await clock.advance(day);
      const later = await scrape(parts);
      assert.equal(later.values.get('millrace_jobs_dead_total{queue="q"}'), 0);
      const { values: last } = later;
      assert.deepEqual([last.get("millrace_take_streams"), last.get("millrace_workers")], [1, 0]);
      await stream.close();
      assert.equal((await scrape(parts)).values.get("millrace_take_streams"), 0);
    }));

  it("leaves out statistics where there are none, and says that a queue is paused", () =>
    withBroker(async (parts) => {
      const { broker, client } = parts;
      await client.enqueue({ type: "a", queue: "q", payload: 1 });
      await createQueues({ fetch: broker.fetch }).pause("q");
      const { values, text } = await scrape(parts);
      assert.equal(values.get('millrace_queue_paused{queue="q"}'), 1);
      assert.equal(text.includes("wait_seconds"), false);
    }, { statistics: false }));

  it("wants a scope of its own", () =>
    withCallers(
      { prometheus: { scopes: ["metrics"] }, viewer: { scopes: ["read"] } },
      async ({ broker }) => {
        const see = async (token: string) =>
          (await scrape({ broker }, { authorization: `Bearer ${token}` })).answer.status;
        assert.deepEqual([await see("prometheus"), await see("viewer"), await see("none")], [
          200,
          403,
          401,
        ]);
        const client = createClient({ fetch: broker.fetch, token: "prometheus" });
        await assert.rejects(client.queues(), /lacks the scope 'read'/);
      },
    ));
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createInsight, defineJob } from "../../src/client/mod.ts";
import { meterQueues, meterWorker } from "../../src/telemetry/mod.ts";
import { cancel, createWorker, handle } from "../../src/worker/mod.ts";
import { withBroker } from "../support/broker.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { openSdk } from "./sdk.ts";

const greet = defineJob<{ name: string }>({ type: "greet", queue: "hall" });

describe("meterWorker()", () => {
  it("measures what handlers took, how long jobs waited and what became of them", async () => {
    const sdk = openSdk();
    try {
      await withBroker(async ({ client, clock }) => {
        await client.enqueue(greet, { name: "Ada" });
        await client.enqueue(greet, { name: "nobody" });
        await clock.advance(2000);
        const worker = createWorker({
          client,
          clock,
          logger: false,
          handlers: [handle(greet, ({ name }) => name === "nobody" ? cancel("Gone") : undefined)],
        });
        let asked = 0;
        const health = () => {
          asked++;
          return worker.health();
        };
        const end = meterWorker(sdk.api, { on: worker.on, health });
        const done = worker.runOnce();
        await clock.advance(500);
        await done;
        const points = await sdk.points();
        const about = {
          "messaging.system": "millrace",
          "messaging.destination.name": "hall",
          "millrace.job.type": "greet",
        };
        assert.deepEqual(
          points.get("messaging.client.consumed.messages")?.map((
            { attributes, value },
          ) => [attributes, value]),
          [[{ ...about, "millrace.outcome": "completed" }, 1], [{
            ...about,
            "millrace.outcome": "dead",
          }, 1]],
        );
        const [waited] = points.get("millrace.job.wait.duration")!;
        assert.deepEqual(waited?.attributes, about);
        const { count, sum } = waited?.value as { count: number; sum: number };
        assert.deepEqual([count, sum], [2, 4]);
        assert.equal(points.get("messaging.process.duration")?.length, 2);
        assert.equal(
          (points.get("millrace.job.report.duration")?.[0]?.value as { count: number }).count,
          2,
        );
        assert.equal(points.get("millrace.worker.jobs.running")?.[0]?.value, 0);
        end();
        const askedBefore = asked;
        await sdk.points();
        assert.deepEqual([askedBefore > 0, asked - askedBefore], [true, 0]);
      });
    } finally {
      await sdk.close();
    }
  });
});

describe("meterQueues()", () => {
  it("tells how many jobs are where, and how old the first ready one is", async () => {
    const sdk = openSdk();
    try {
      await withBroker(async ({ broker, client, clock }) => {
        await client.enqueue({ type: "a", queue: "one", payload: 1 });
        await clock.advance(3000);
        await client.enqueue({ type: "a", queue: "one", payload: 2 });
        await client.enqueue({ type: "a", queue: "two", payload: 3, delayMs: 60_000 });
        const insight = createInsight({ fetch: broker.fetch });
        const end = meterQueues(sdk.api, { insight, client, clock });
        const points = await sdk.points();
        const jobs = new Map(
          points.get("millrace.queue.jobs")?.map(({ attributes, value }) => [
            `${attributes["messaging.destination.name"]} ${attributes["millrace.job.status"]}`,
            value,
          ]),
        );
        assert.equal(jobs.get("one ready"), 2);
        assert.equal(jobs.get("one in_flight"), 0);
        assert.equal(jobs.get("two scheduled"), 1);
        assert.equal(jobs.size, 12);
        const ages = points.get("millrace.queue.age")?.map(({ attributes, value }) => [
          attributes["messaging.destination.name"],
          value,
        ]);
        assert.deepEqual(ages, [["one", 3], ["two", 0]]);
        end();
      });
    } finally {
      await sdk.close();
    }
  });

  it("keeps to the queues that are named, and warns when the broker cannot be asked", async () => {
    const sdk = openSdk();
    try {
      await withBroker(async ({ broker, client, clock }) => {
        await client.enqueueMany(["one", "two"].map((queue) => ({ type: "a", queue, payload: 1 })));
        const { logger, errors } = createRecordingLogger();
        let isAway = false;
        const insight = createInsight({
          fetch: (request) => isAway ? Promise.reject(new Error("away")) : broker.fetch(request),
          retry: { limit: 0 },
        });
        meterQueues(sdk.api, { insight, client, clock, logger, queues: ["two"] });
        const ages = (await sdk.points()).get("millrace.queue.age");
        assert.deepEqual(ages?.map(({ attributes }) => attributes["messaging.destination.name"]), [
          "two",
        ]);
        isAway = true;
        await sdk.points();
        assert.deepEqual(errors, [
          "Cannot measure queues",
          "Cannot measure queues",
        ]);
      });
    } finally {
      await sdk.close();
    }
  });
});

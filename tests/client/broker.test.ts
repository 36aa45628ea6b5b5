import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as v from "valibot";
import { createClient, defineJob, type Format, type Job } from "../../src/client/mod.ts";
import { withBroker } from "../support/broker.ts";
import { formats } from "../support/formats.ts";

const greet = defineJob({
  type: "greet",
  queue: "mail & more",
  payload: v.object({ name: v.string() }),
  retention: { completedMs: 60_000 },
});

for (const format of ["json", "msgpack"] satisfies Format[]) {
  /** A real broker with a client of this format. */
  const withClient = (
    test: (client: ReturnType<typeof createClient>, now: number) => Promise<void>,
  ) =>
    withBroker(({ broker, clock }) =>
      test(createClient({ fetch: broker.fetch, format: formats[format], clock }), clock.now())
    );

  describe(`a client and a broker that speak ${format}`, () => {
    it("agree on a job with every setting, and on one with none", () =>
      withClient(async (client, now) => {
        const settings = {
          priority: 1,
          retryLimit: 2,
          backoff: { exponent: 1.5, baseMs: 3, jitterMs: 4 },
          retention: { deadMs: 5 },
        };
        const full = await client.enqueue(greet, { name: "Ada 😀" }, { ...settings, delay: "1m" });
        assert.equal(full.status, "scheduled");
        assert.equal(full.readyAt, now + 60_000);
        const { payload, retention, backoff, priority, retryLimit } = await client.get(full.id);
        assert.deepEqual(payload, { name: "Ada 😀" });
        assert.deepEqual({ priority, retryLimit, backoff, retention }, settings);

        const bare = await client.enqueue({ type: "t", queue: "q", payload: null });
        const { id, ...rest } = await client.get(bare.id);
        assert.equal(id, bare.id);
        assert.deepEqual(rest, {
          type: "t",
          queue: "q",
          priority: 32768,
          status: "ready",
          payload: null,
          readyAt: now,
          attempts: 0,
          deliveries: 0,
        });
      }));

    it("agree on how often a job was delivered, which its frame tells too", () =>
      withClient(async (client) => {
        const { id } = await client.enqueue({ type: "t", queue: "q", payload: 1 });
        for (const deliveries of [1, 2]) {
          const stream = await client.take();
          for await (const job of stream) {
            assert.deepEqual([job.id, job.attempts, job.deliveries], [id, 0, deliveries]);
            break;
          }
          await stream.close();
          assert.equal((await client.get(id)).deliveries, deliveries);
        }
        const [listed] = (await client.page()).jobs;
        assert.equal(listed?.deliveries, 2);
      }));

    it("agree on filters, pages and numbers", () =>
      withClient(async (client) => {
        const names = ["a", "b", "c", "d", "e"].map((name) => ({ name }));
        const jobs = await client.enqueueMany(greet, names, { priority: 7 });
        await client.enqueue({ type: "t", queue: "q", payload: 1 });
        const filter = { queue: "mail & more", priority: { min: 7, max: 7 } };

        const listed = await Array.fromAsync(client.list({ ...filter, limit: 2 }));
        assert.deepEqual(listed.map(({ id }) => id), jobs.map(({ id }) => id));
        const last = await client.page({ ...filter, limit: 2, order: "desc" });
        assert.deepEqual(last.jobs.map(({ payload }) => payload), [{ name: "e" }, { name: "d" }]);
        const back = await (await last.next())?.prev();
        assert.deepEqual(back?.jobs.map(({ payload }) => payload), [{ name: "d" }, { name: "e" }]);

        assert.equal(await client.count(filter), 5);
        assert.equal(await client.patchMany({ id: jobs[0]!.id }, { queue: "q" }), 1);
        assert.deepEqual(await client.queues(), ["mail & more", "q"]);
        assert.equal(await client.deleteMany({ type: ["greet", "x"] }), 5);
        assert.equal(await client.count(), 1);
        await client.reset();
        assert.equal(await client.count(), 0);
      }));

    it("agree on take, failure, success and delete", () =>
      withClient(async (client, now) => {
        await client.enqueueMany(greet, [{ name: "a" }, { name: "b" }]);
        const stream = await client.take({ queues: ["mail & more"], prefetch: 2 });
        const taken: Job[] = [];
        for await (const batch of stream.batches()) {
          taken.push(...batch);
          if (taken.length === 2) break;
        }
        // Leaving the stream handed both back; a second one takes them again.
        const again = await client.take({ prefetch: 2 });
        for await (const job of again) {
          if (job.id === taken[0]!.id) {
            const failed = await client.failure(job.id, {
              message: "m",
              errorType: "E",
              retryAt: 9,
            });
            assert.deepEqual([failed.status, failed.attempts], ["scheduled", 1]);
          } else {
            await client.success(job.id);
            break;
          }
        }
        const [first, second] = taken as [Job, Job];
        assert.equal(first.status, "in_flight");
        assert.deepEqual(first.payload, { name: "a" });

        const errors = await Array.fromAsync(client.errors(first.id, { limit: 1 }));
        assert.deepEqual(errors, [
          { attempt: 1, message: "m", errorType: "E", dequeuedAt: now, failedAt: now },
        ]);
        assert.deepEqual(await client.error(first.id, 1), errors[0]);
        await assert.rejects(client.error(first.id, 2), { name: "NotFoundError" });

        const done = await client.get(second.id);
        assert.deepEqual([done.status, done.purgeAt], ["completed", now + 60_000]);
        assert.deepEqual(await client.successMany([second.id]), { notFound: [second.id] });
        await assert.rejects(client.patch(second.id, { priority: 1 }), {
          name: "RefusedError",
          status: 422,
          message: `cannot patch job ${second.id} in completed status`,
        });
        await client.delete(second.id);
        await assert.rejects(client.get(second.id), { message: `job '${second.id}' not found` });
      }));

    it("agree on errors", () =>
      withClient(async (client) => {
        await assert.rejects(client.enqueue({ type: "a,b", queue: "q", payload: 1 }), {
          name: "RefusedError",
          message: "type must not contain ','",
        });
        const requests = [{ type: "t", queue: "q", payload: 1 }, {
          type: "t",
          queue: "",
          payload: 1,
        }];
        await assert.rejects(client.enqueueMany(requests), {
          message: "jobs[1]: queue must not be empty",
        });
        assert.equal(await client.count(), 0);
        await assert.rejects(client.count({ filter: ".[" }), { status: 400 });
      }));
  });
}

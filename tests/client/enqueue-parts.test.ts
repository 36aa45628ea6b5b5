import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, type EnqueueRequest, PartialEnqueueError } from "../../src/client/mod.ts";
import { maxPartBytes, maxPartJobs } from "../../src/client/encode-parts.ts";
import { json, wireJob } from "./script.ts";

/** A server that stores what it gets, until it has seen so many requests. */
function createStore(failAfter = Infinity) {
  const parts: number[] = [];
  const sizes: number[] = [];
  const fetch = async (request: Request) => {
    if (parts.length >= failAfter) return json({ error: "internal server error" }, 500);
    const text = await request.text();
    const { jobs } = JSON.parse(text) as { jobs: { payload: unknown }[] };
    parts.push(jobs.length);
    sizes.push(text.length);
    return json({ jobs: jobs.map(({ payload }) => wireJob({ id: String(payload).slice(0, 9) })) });
  };
  return { client: createClient({ fetch }), parts, sizes };
}

const request = (payload: unknown): EnqueueRequest => ({ type: "t", queue: "q", payload });

describe("enqueueMany", () => {
  it("sends up to 2,000 jobs in one request", async () => {
    const { client, parts } = createStore();
    const jobs = await client.enqueueMany(
      Array.from({ length: maxPartJobs }, (_, i) => request(i)),
    );
    assert.equal(jobs.length, maxPartJobs);
    assert.deepEqual(parts, [maxPartJobs]);
  });

  it("sends more jobs in parts, and keeps their order", async () => {
    const { client, parts } = createStore();
    const count = 2 * maxPartJobs + 1;
    const jobs = await client.enqueueMany(Array.from({ length: count }, (_, i) => request(i)));
    assert.deepEqual(parts, [maxPartJobs, maxPartJobs, 1]);
    assert.deepEqual(jobs.map(({ id }) => Number(id)), Array.from({ length: count }, (_, i) => i));
  });

  it("splits a body that is too large, down to a single job", async () => {
    const { client, parts, sizes } = createStore();
    const long = (mark: string) => request(mark + "x".repeat(maxPartBytes * 0.6));
    const jobs = await client.enqueueMany([
      long("a"),
      request("b"),
      long("c"),
      request("d".repeat(maxPartBytes * 1.1)),
    ]);
    assert.deepEqual(jobs.map(({ id }) => id[0]), ["a", "b", "c", "d"]);
    assert.deepEqual(parts, [2, 1, 1]);
    assert.ok(sizes.every((size, i) => size <= maxPartBytes || parts[i] === 1));
  });

  it("never encodes much more than fits into a part", async () => {
    const { client, parts, sizes } = createStore();
    let written = 0;
    // Counts how often it is encoded.
    const payload = { toJSON: () => (written++, "x".repeat(maxPartBytes / 100)) };
    await client.enqueueMany(Array.from({ length: 400 }, () => request(payload)));
    assert.equal(parts.reduce((sum, jobs) => sum + jobs), 400);
    assert.ok(sizes.every((size) => size <= maxPartBytes));
    assert.ok(written <= 400 + 16, `encoded ${written} jobs`);
  });

  it("says what was stored when a later part fails", async () => {
    const { client } = createStore(1);
    const requests = Array.from({ length: maxPartJobs + 5 }, (_, i) => request(i));
    await assert.rejects(client.enqueueMany(requests), (error) => {
      assert.ok(error instanceof PartialEnqueueError);
      assert.equal(error.enqueued.length, maxPartJobs);
      assert.equal((error.cause as Error).name, "ServerError");
      assert.equal(error.retryable, false);
      assert.equal(error.message, "Stored 2000 of 2005 jobs, then failed: internal server error");
      return true;
    });
  });

  it("throws the error itself when nothing was stored", async () => {
    const { client } = createStore(0);
    await assert.rejects(client.enqueueMany([request(1)]), { name: "ServerError" });
  });

  it("sends nothing when one of the jobs cannot be sent", async () => {
    const { client, parts } = createStore();
    const requests = Array.from({ length: maxPartJobs + 1 }, (_, i) => request(i));
    requests.push({ ...request(1), readyAt: NaN });
    await assert.rejects(client.enqueueMany(requests), RangeError);
    assert.deepEqual(parts, []);
  });
});

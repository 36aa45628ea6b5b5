/** Single enqueues that are asked for at the same time share a call, and each hears of its own. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, NetworkError, RefusedError } from "../../src/client/mod.ts";
import { createScript, json, wireJob } from "./script.ts";

const marks = { duplicate: false, folded: false };
const request = (type: string) => ({ type, queue: "q", payload: 1 });

/** Answers a bulk call with a job of each type that was sent. */
async function answerAll(sent: Request): Promise<Response> {
  const { jobs } = await sent.json() as { jobs: { type: string }[] };
  return json({ jobs: jobs.map(({ type }) => wireJob({ type, ...marks })) }, 201);
}

describe("single enqueues at the same time", () => {
  it("share a call but for the first, and each gets its own job", async () => {
    const { fetch, sent } = createScript(json(wireJob({ type: "a", ...marks }), 201), answerAll);
    const client = createClient({ fetch });
    const stored = await Promise.all(
      ["a", "b", "c", "d"].map((type) => client.enqueue(request(type))),
    );
    assert.deepEqual(stored.map(({ type }) => type), ["a", "b", "c", "d"]);
    assert.deepEqual(sent.map(({ call }) => call), ["POST /jobs", "POST /jobs/bulk"]);
  });

  it("one after the other, each have a call of their own", async () => {
    const one = () => json(wireJob(marks), 201);
    const { fetch, sent } = createScript(one, one);
    const client = createClient({ fetch });
    await client.enqueue(request("a"));
    await client.enqueue(request("b"));
    assert.deepEqual(sent.map(({ call }) => call), ["POST /jobs", "POST /jobs"]);
  });

  it("are sent alone when their call is refused: each hears of its own", async () => {
    const { fetch, sent } = createScript(
      json(wireJob(marks), 201),
      json({ error: "jobs[1]: no" }, 422),
      json(wireJob({ type: "b", ...marks }), 201),
      json({ error: "no" }, 422),
    );
    const client = createClient({ fetch });
    const [, b, c] = await Promise.allSettled(
      ["a", "b", "c"].map((type) => client.enqueue(request(type))),
    );
    assert.equal(b!.status === "fulfilled" && b!.value.type, "b");
    const { reason } = c as PromiseRejectedResult;
    assert.ok(reason instanceof RefusedError);
    assert.equal(reason.message, "no");
    assert.deepEqual(sent.map(({ call }) => call), [
      "POST /jobs",
      "POST /jobs/bulk",
      "POST /jobs",
      "POST /jobs",
    ]);
  });

  it("are not repeated when their call fails, if the server keeps no keys: it may have stored them", async () => {
    const { fetch, sent } = createScript(
      json(wireJob(marks), 201),
      new Error("gone"),
      json({ version: "1" }),
    );
    const client = createClient({ fetch });
    const [, ...others] = await Promise.allSettled(
      ["a", "b", "c"].map((type) => client.enqueue(request(type))),
    );
    for (const other of others) {
      assert.ok((other as PromiseRejectedResult).reason instanceof NetworkError);
    }
    assert.deepEqual(sent.map(({ call }) => call), [
      "POST /jobs",
      "POST /jobs/bulk",
      "GET /version",
    ]);
  });

  it("with bounds of their own are not gathered", async () => {
    const one = () => json(wireJob(marks), 201);
    const { fetch, sent } = createScript(one, one);
    const client = createClient({ fetch });
    const { signal } = new AbortController();
    await Promise.all([
      client.enqueue(request("a")),
      client.enqueue(request("b"), { signal }),
    ]);
    assert.deepEqual(sent.map(({ call }) => call), ["POST /jobs", "POST /jobs"]);
  });

  it("one that cannot be written does not harm the others", async () => {
    const { fetch } = createScript(
      json(wireJob(marks), 201),
      json(wireJob({ type: "b", ...marks }), 201),
    );
    const client = createClient({ fetch });
    const toJSON = () => {
      throw new TypeError("no");
    };
    const [, b, c] = await Promise.allSettled([
      client.enqueue(request("a")),
      client.enqueue(request("b")),
      client.enqueue({ ...request("c"), payload: { toJSON } }),
    ]);
    assert.equal(b!.status === "fulfilled" && b!.value.type, "b");
    assert.ok((c as PromiseRejectedResult).reason instanceof TypeError);
  });

  it("are told so when an answer leaves one of them out", async () => {
    const { fetch } = createScript(
      json(wireJob(marks), 201),
      json({ jobs: [wireJob(marks)] }, 201),
    );
    const client = createClient({ fetch });
    const [first, ...others] = await Promise.allSettled(
      ["a", "b", "c"].map((type) => client.enqueue(request(type))),
    );
    assert.equal(first!.status, "fulfilled");
    for (const other of others) {
      const { reason } = other as PromiseRejectedResult;
      assert.equal(reason.code, "protocol");
      assert.equal(reason.message, "Sent 2 jobs, and 1 were answered");
    }
  });

  it("hear of a job that cannot be written, each of their own", async () => {
    const one = (type: string) => json(wireJob({ type, ...marks }), 201);
    const { fetch } = createScript(one("a"), one("b"));
    const client = createClient({ fetch });
    const circle = new Proxy({}, {
      get(_, name) {
        if (name === "toJSON") throw new TypeError("no JSON");
        return undefined;
      },
    });
    const [a, b, c] = await Promise.allSettled([
      client.enqueue(request("a")),
      client.enqueue(request("b")),
      client.enqueue({ ...request("c"), payload: [circle] }),
    ]);
    assert.deepEqual([a!.status, b!.status, c!.status], ["fulfilled", "fulfilled", "rejected"]);
  });
});

/** Waiting for jobs of another server, which cannot say when they end. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient } from "../../src/client/mod.ts";
// Loaded when it is needed: here before, so that the clock does not run ahead of it.
import "../../src/client/poll-ends.ts";
import { createTestClock } from "../../src/testing/mod.ts";

const record = (status: string) => ({
  id: "a",
  type: "t",
  queue: "q",
  priority: 1,
  status,
  ready_at: 1,
  attempts: 0,
});

const error = { attempt: 1, message: "m", dequeued_at: 1, failed_at: 2 };

/** A server of the protocol that knows no more than that; its one job goes through these statuses. */
function withServer(...statuses: (string | undefined)[]) {
  const clock = createTestClock();
  const asked: string[] = [];
  const startedAt = clock.now();
  const client = createClient({
    clock,
    fetch(request) {
      const { pathname, search } = new URL(request.url);
      asked.push(`${clock.now() - startedAt} ${request.method} ${pathname}${search}`);
      const missing = () => Response.json({ error: "not found" }, { status: 404 });
      const answer = () => {
        if (pathname.endsWith("/errors")) {
          return Response.json({ errors: [error], pages: { self: "", next: null, prev: null } });
        }
        if (request.method !== "GET") return missing();
        const status = statuses.length > 1 ? statuses.shift() : statuses[0];
        if (status === undefined) return Response.json({ error: "job not found" }, { status: 404 });
        return Response.json(record(status));
      };
      return Promise.resolve(answer());
    },
  });
  return { client, clock, asked };
}

describe("waiting for jobs of another server", () => {
  it("asks again and again, a little later each time", async () => {
    const { client, clock, asked } = withServer("ready", "ready", "in_flight", "completed");
    const end = client.waitFor("a");
    await clock.advance(475);
    assert.deepEqual((await end).outcome, "completed");
    assert.deepEqual(asked, [
      "0 POST /jobs/wait",
      "0 GET /jobs/a",
      "100 GET /jobs/a",
      "250 GET /jobs/a",
      "475 GET /jobs/a",
    ]);
  });

  it("asks for what a dead job died of", async () => {
    const { client, asked } = withServer("dead");
    const end = await client.waitFor("a");
    assert.ok(end.outcome === "dead");
    assert.equal(end.error?.message, "m");
    assert.equal(asked.at(-1), "0 GET /jobs/a/errors?order=desc&limit=1");
  });

  it("cannot tell of a job that vanishes what became of it, and says so", async () => {
    const { client, clock } = withServer("ready", undefined);
    const end = client.waitFor(["a"]);
    await clock.advance(100);
    const [gone] = await end;
    assert.ok(gone?.outcome === "gone");
    assert.equal(gone.job?.status, "ready");
    assert.match(gone.error.message, /it was done and is not kept, or somebody deleted it/);
    const { client: other } = withServer(undefined);
    await assert.rejects(other.waitFor("a"), { name: "NotFoundError", message: /never was/ });
  });

  it("ends by its time and by its signal", async () => {
    const { client, clock } = withServer("ready");
    const late = assert.rejects(client.waitFor("a", { timeoutMs: 120 }), { name: "TimeoutError" });
    await clock.advance(120);
    await late;
    const leaving = new AbortController();
    const left = assert.rejects(client.waitFor("a", { signal: leaving.signal }), /left/);
    await clock.settle();
    leaving.abort(new Error("left"));
    await left;
  });
});

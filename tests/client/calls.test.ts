import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Client, createClient, defineJob } from "../../src/client/mod.ts";
import { createTestClock } from "../../src/testing/test-clock.ts";
import { createScript, json, type Line, wireJob } from "./script.ts";

const id = "03hacwdizl462selgr7jfdqch";
const job = {
  id,
  type: "t",
  queue: "q",
  priority: 32768,
  status: "ready",
  readyAt: 5,
  attempts: 0,
};
const enqueued = { ...wireJob(), duplicate: false, folded: false };

interface Case {
  readonly does: string;
  readonly call: (client: Client) => Promise<unknown>;
  readonly answer: Line;
  /** What is sent: method, path, and body if there is one. */
  readonly sends: string;
  readonly gives: unknown;
}

const cases: Case[] = [
  {
    does: "enqueues by hand",
    call: (client) => client.enqueue({ type: "t", queue: "q", payload: [1], readyAt: 5 }),
    answer: json(enqueued, 201),
    sends: 'POST /jobs {"type":"t","queue":"q","payload":[1],"ready_at":5}',
    gives: { ...job, duplicate: false, folded: false },
  },
  {
    does: "enqueues by definition, with the client's clock",
    call: (client) => client.enqueue(defineJob({ type: "t", queue: "q" }), 7, { delay: "1s" }),
    answer: json(enqueued, 200),
    sends: 'POST /jobs {"type":"t","queue":"q","payload":7,"ready_at":1001000,"delay_ms":1000}',
    gives: { ...job, duplicate: false, folded: false },
  },
  {
    does: "enqueues a job that has no payload",
    call: (client) => client.enqueue(defineJob<void>({ type: "t", queue: "q" })),
    answer: json(enqueued, 201),
    sends: 'POST /jobs {"type":"t","queue":"q","payload":null}',
    gives: { ...job, duplicate: false, folded: false },
  },
  {
    does: "enqueues many by definition",
    call: (client) => client.enqueueMany(defineJob({ type: "t", queue: "q" }), [1, 2]),
    answer: json({ jobs: [enqueued, enqueued] }, 201),
    sends: 'POST /jobs/bulk {"jobs":[{"type":"t","queue":"q","payload":1},' +
      '{"type":"t","queue":"q","payload":2}]}',
    gives: [{ ...job, duplicate: false, folded: false }, {
      ...job,
      duplicate: false,
      folded: false,
    }],
  },
  {
    does: "gets a job with everything that it can have",
    call: (client) => client.get("a/b"),
    answer: json(wireJob({
      status: "dead",
      payload: null,
      retry_limit: 0,
      backoff: { exponent: 1.5, base_ms: 1, jitter_ms: 2 },
      dequeued_at: 3,
      failed_at: 4,
      retention: { dead_ms: 6 },
      purge_at: 7,
      completed_at: 8,
      unique_key: "k",
      unique_while: "exists",
      news: true,
    })),
    sends: "GET /jobs/a%2Fb",
    gives: {
      ...job,
      status: "dead",
      payload: null,
      retryLimit: 0,
      backoff: { exponent: 1.5, baseMs: 1, jitterMs: 2 },
      dequeuedAt: 3,
      failedAt: 4,
      retention: { deadMs: 6 },
      purgeAt: 7,
      completedAt: 8,
      uniqueKey: "k",
      uniqueWhile: "exists",
    },
  },
  {
    does: "counts",
    call: (client) => client.count({ queue: ["a", "b c"], priority: { max: 3 } }),
    answer: json({ count: 3 }),
    sends: "GET /jobs/count?queue=a,b%20c&priority=..3",
    gives: 3,
  },
  {
    does: "patches",
    call: (client) => client.patch(id, { readyAt: null, priority: 1 }),
    answer: json(wireJob({ priority: 1 })),
    sends: `PATCH /jobs/${id} {"priority":1,"ready_at":null}`,
    gives: { ...job, priority: 1 },
  },
  {
    does: "patches many",
    call: (client) => client.patchMany({ status: "ready" }, { queue: "z" }),
    answer: json({ patched: 2 }),
    sends: 'PATCH /jobs?status=ready {"queue":"z"}',
    gives: 2,
  },
  {
    does: "deletes",
    call: (client) => client.delete(id),
    answer: new Response(null, { status: 204 }),
    sends: `DELETE /jobs/${id}`,
    gives: undefined,
  },
  {
    does: "deletes many",
    call: (client) => client.deleteMany({ type: "t" }),
    answer: json({ deleted: 4 }),
    sends: "DELETE /jobs?type=t",
    gives: 4,
  },
  {
    does: "deletes all when told to",
    call: (client) => client.deleteMany({ all: true }),
    answer: json({ deleted: 5 }),
    sends: "DELETE /jobs",
    gives: 5,
  },
  {
    does: "acknowledges",
    call: (client) => client.success(id),
    answer: new Response(null, { status: 204 }),
    sends: `POST /jobs/${id}/success`,
    gives: undefined,
  },
  {
    does: "acknowledges many",
    call: (client) => client.successMany(["a", "b"]),
    answer: new Response(null, { status: 204 }),
    sends: 'POST /jobs/success {"ids":["a","b"]}',
    gives: { notFound: [] },
  },
  {
    does: "acknowledges many of which some are gone",
    call: (client) => client.successMany(["a", "b"]),
    answer: json({ not_found: ["b"] }, 422),
    sends: 'POST /jobs/success {"ids":["a","b"]}',
    gives: { notFound: ["b"] },
  },
  {
    does: "reports a failure",
    call: (client) => client.failure(id, { message: "m", errorType: "E", retryAt: 9, kill: false }),
    answer: json(wireJob({ status: "scheduled", attempts: 1 })),
    sends: `POST /jobs/${id}/failure {"message":"m","error_type":"E","retry_at":9,"kill":false}`,
    gives: { ...job, status: "scheduled", attempts: 1 },
  },
  {
    does: "gets one failure",
    call: (client) => client.error(id, 1),
    answer: json({ attempt: 1, message: "m", error_type: "E", dequeued_at: 2, failed_at: 3 }),
    sends: `GET /jobs/${id}/errors/1`,
    gives: { attempt: 1, message: "m", errorType: "E", dequeuedAt: 2, failedAt: 3 },
  },
  {
    does: "lists the queues",
    call: (client) => client.queues(),
    answer: json({ queues: ["a"] }),
    sends: "GET /queues",
    gives: ["a"],
  },
  {
    does: "asks for health",
    call: (client) => client.health(),
    answer: json({ status: "ok" }),
    sends: "GET /health",
    gives: "ok",
  },
  {
    does: "asks for the version",
    call: (client) => client.version(),
    answer: json({ version: "0.6.1" }),
    sends: "GET /version",
    gives: "0.6.1",
  },
  {
    does: "resets",
    call: (client) => client.reset(),
    answer: new Response(null, { status: 204 }),
    sends: "POST /reset",
    gives: undefined,
  },
];

describe("createClient", () => {
  for (const { does, call, answer, sends, gives } of cases) {
    it(does, async () => {
      const { fetch, sent } = createScript(answer);
      const clock = createTestClock(1_000_000);
      assert.deepEqual(await call(createClient({ fetch, clock })), gives);
      assert.deepEqual(sent.map(({ call, body }) => body ? `${call} ${body}` : call), [sends]);
      assert.equal(sent[0]!.headers.get("accept"), "application/json");
      const contentType = sent[0]!.body === "" ? null : "application/json";
      assert.equal(sent[0]!.headers.get("content-type"), contentType);
      assert.equal(clock.timers, 0);
    });
  }

  it("answers a filter with an empty list itself, because the wire cannot carry it", async () => {
    const { fetch, sent } = createScript();
    const client = createClient({ fetch });
    assert.equal(await client.count({ queue: [] }), 0);
    assert.equal(await client.deleteMany({ id: [] }), 0);
    assert.equal(await client.patchMany({ status: [] }, { priority: 1 }), 0);
    assert.deepEqual((await client.page({ type: [] })).jobs, []);
    assert.deepEqual(await Array.fromAsync(client.list({ type: [] })), []);
    assert.deepEqual(await client.successMany([]), { notFound: [] });
    assert.deepEqual(await client.enqueueMany([]), []);
    assert.deepEqual(sent, []);
  });

  it("changes every job only with all: true", async () => {
    const { fetch, sent } = createScript();
    const client = createClient({ fetch });
    for (const filter of [{}, { queue: undefined }, { all: false }]) {
      await assert.rejects(client.deleteMany(filter), TypeError);
      await assert.rejects(client.patchMany(filter, { priority: 1 }), TypeError);
    }
    assert.deepEqual(sent, []);
  });

  it("sends nothing when a payload does not fit, and names it among many", async () => {
    const { fetch, sent } = createScript();
    const client = createClient({ fetch });
    const reject = {
      toRequest: (payload: number) =>
        defineJob({ type: "t", queue: "q", payload: even }).toRequest(payload),
    };
    await assert.rejects(client.enqueue(reject, 1), {
      name: "PayloadError",
      message: "Payload of 't' does not fit: is odd",
    });
    await assert.rejects(client.enqueueMany(reject, [2, 3]), {
      name: "PayloadError",
      message: "payloads[1]: Payload of 't' does not fit: is odd",
    });
    assert.deepEqual(sent, []);
  });

  it("sends its token with every request", async () => {
    const { fetch, sent } = createScript(json({ count: 0 }));
    await createClient({ fetch, token: "secret" }).count();
    assert.equal(sent[0]!.headers.get("authorization"), "Bearer secret");
  });

  it("keeps the path of its url", async () => {
    const urls: string[] = [];
    const fetch = (request: Request) => {
      urls.push(request.url);
      return Promise.resolve(json({ count: 0 }));
    };
    await createClient({ url: "https://example.org/mill//", fetch }).count();
    await createClient({ url: new URL("http://localhost:7890"), fetch }).count();
    assert.deepEqual(urls, [
      "https://example.org/mill/jobs/count",
      "http://localhost:7890/jobs/count",
    ]);
  });

  it("refuses options that are not allowed, with the value given", () => {
    const { fetch } = createScript();
    assert.throws(() => createClient({}), { name: "TypeError", message: /'url' and 'fetch'/ });
    for (const url of ["localhost:7890", "ftp://x", ""]) {
      assert.throws(() => createClient({ url }), { name: "TypeError", message: /'url'/ });
    }
    assert.throws(() => createClient({ fetch, format: "xml" as "json" }), /'format' "xml"/);
    assert.throws(() => createClient({ fetch, timeoutMs: -1 }), RangeError);
    assert.throws(() => createClient({ fetch, retry: { limit: NaN } }), /'retry.limit' NaN/);
  });
});

/** A schema that takes even numbers only. */
const even = {
  "~standard": {
    version: 1,
    validate: (value: unknown) =>
      Number(value) % 2 === 0 ? { value: Number(value) } : { issues: [{ message: "is odd" }] },
    types: undefined as { input: number; output: number } | undefined,
  },
} as const;

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toEnqueueWire } from "../../src/protocol/enqueue.ts";
import { checkEnqueue, newJobSchema, newJobsSchema } from "../../src/protocol/new-job.ts";
import { MessageError, readAs } from "../../src/protocol/schema.ts";

const minimal = { type: "t", queue: "q" };

/** What is said of a body of `POST /jobs/bulk` with one good job before these fields. */
function complaint(fields: object): string {
  try {
    readAs(newJobsSchema, { jobs: [minimal, { ...minimal, ...fields }] });
  } catch (error) {
    assert.ok(error instanceof MessageError);
    return error.message;
  }
  assert.fail("was accepted");
}

describe("newJobSchema", () => {
  it("fills in what is absent, and takes null for absent", () => {
    const nulls = {
      priority: null,
      ready_at: null,
      delay_ms: null,
      retry_limit: null,
      backoff: null,
      retention: null,
      unique_key: null,
      unique_while: null,
      batch: null,
    };
    const job = {
      ...minimal,
      payload: "",
      priority: 32768,
      readyAt: null,
      delayMs: null,
      retryLimit: null,
      backoff: null,
      retention: null,
      uniqueKey: null,
      uniqueWhile: null,
      batch: null,
      budgets: [],
      dependsOn: [],
      strictDependencies: null,
      tags: [],
      history: null,
      meta: null,
    };
    assert.deepEqual(readAs(newJobSchema, minimal), job);
    assert.deepEqual(readAs(newJobSchema, { ...minimal, ...nulls, unknown: 1 }), job);
  });

  it("keeps backoff and retention as the text of the wire, unknown members dropped", () => {
    const job = readAs(newJobSchema, {
      ...minimal,
      backoff: { jitter_ms: 2, exponent: 1.5, base_ms: 1, x: 1 },
      retention: { dead_ms: 2 ** 60, completed_ms: null, x: 1 },
    });
    assert.equal(job.backoff, '{"exponent":1.5,"base_ms":1,"jitter_ms":2}');
    assert.equal(job.retention, '{"dead_ms":9007199254740991}');
    assert.equal(readAs(newJobSchema, { ...minimal, retention: {} }).retention, "{}");
  });

  it("shows a 32-bit exponent as short as it was written", () => {
    const exponentOf = (exponent: number) => {
      const backoff = { exponent, base_ms: 0, jitter_ms: 0 };
      return JSON.parse(readAs(newJobSchema, { ...minimal, backoff }).backoff!).exponent;
    };
    assert.equal(exponentOf(Math.fround(1.1)), 1.1);
    assert.equal(exponentOf(-2), -2);
    assert.equal(exponentOf(16777217), 16777216);
    assert.equal(Math.fround(exponentOf(Math.PI)), Math.fround(Math.PI));
  });

  it("names the field, what was wanted and what was there", () => {
    const integer = (max: string) => `expected an integer from 0 to ${max}`;
    assert.equal(complaint({ priority: 1.5 }), `jobs[1].priority: ${integer("65535")}, got 1.5`);
    assert.equal(complaint({ priority: "1" }), `jobs[1].priority: ${integer("65535")}, got "1"`);
    assert.equal(
      complaint({ retry_limit: 2 ** 32 }),
      `jobs[1].retry_limit: ${integer("4294967295")}, got 4294967296`,
    );
    assert.equal(
      complaint({ ready_at: -1 }),
      `jobs[1].ready_at: ${integer("18446744073709551615")}, got -1`,
    );
    assert.equal(complaint({ type: undefined }), "jobs[1].type: is missing");
    assert.equal(complaint({ queue: null }), "jobs[1].queue: expected a text, got null");
    assert.equal(complaint({ retention: 5 }), "jobs[1].retention: expected an object, got 5");
    assert.equal(
      complaint({ backoff: { exponent: 1, base_ms: 1 } }),
      "jobs[1].backoff.jitter_ms: is missing",
    );
    assert.equal(
      complaint({ backoff: { exponent: 1e39, base_ms: 1, jitter_ms: 1 } }),
      "jobs[1].backoff.exponent: expected a number that fits a 32-bit float, got 1e+39",
    );
  });

  it("cuts a long value short", () => {
    assert.ok(complaint({ priority: "x".repeat(10_000) }).length < 150);
    assert.equal(complaint({ type: ["t"] }), "jobs[1].type: expected a text, got a list");
  });

  it("says so when the body is something else altogether", () => {
    assert.throws(() => readAs(newJobsSchema, null), { message: "expected an object, got null" });
    assert.throws(() => readAs(newJobsSchema, {}), { message: "jobs: is missing" });
    assert.throws(() => readAs(newJobsSchema, { jobs: 1 }), {
      message: "jobs: expected a list, got 1",
    });
  });
});

describe("checkEnqueue", () => {
  const check = (fields: object) => checkEnqueue(readAs(newJobSchema, { ...minimal, ...fields }));

  it("passes a good job", () => {
    assert.equal(check({}), undefined);
    assert.equal(check({ unique_key: "", unique_while: "exists" }), undefined);
  });

  it("complains in the order of the protocol", () => {
    const batch = { key: "k", when: "true", fold: "$new" };
    assert.equal(check({ type: "", queue: "" }), "type must not be empty");
    assert.equal(check({ queue: "a,b", unique_while: "x" }), "queue must not contain ','");
    assert.equal(check({ unique_while: "queued" }), "unique_while requires unique_key");
    assert.equal(
      check({ unique_key: "k", unique_while: "never", batch }),
      "unique_key and batch cannot be combined",
    );
    assert.equal(
      check({ unique_key: "k", unique_while: "never" }),
      'invalid unique_while: "never" (expected "queued", "active", or "exists")',
    );
  });
});

describe("toEnqueueWire", () => {
  it("is read by the other side as what was meant", () => {
    const wire = toEnqueueWire({
      type: "t",
      queue: "q",
      payload: { a: 1 },
      priority: 0,
      readyAt: 5,
      retryLimit: 0,
      backoff: { exponent: 2, baseMs: 3, jitterMs: 4 },
      retention: { completedMs: 6 },
      uniqueKey: "k",
      uniqueWhile: "active",
      history: true,
      meta: { a: "b" },
    }, 0);
    assert.deepEqual(readAs(newJobSchema, JSON.parse(JSON.stringify(wire))), {
      type: "t",
      queue: "q",
      payload: "",
      priority: 0,
      readyAt: 5,
      delayMs: null,
      retryLimit: 0,
      backoff: '{"exponent":2,"base_ms":3,"jitter_ms":4}',
      retention: '{"completed_ms":6}',
      uniqueKey: "k",
      uniqueWhile: "active",
      batch: null,
      budgets: [],
      dependsOn: [],
      strictDependencies: null,
      tags: [],
      history: true,
      meta: { a: "b" },
    });
  });

  it("sends a delay as such, and as an instant for servers that know no delays", () => {
    const wire = toEnqueueWire(
      { type: "t", queue: "q", payload: 1, readyAt: 5, delayMs: 70 },
      1000,
    );
    const { readyAt, delayMs } = readAs(newJobSchema, wire);
    assert.deepEqual([readyAt, delayMs], [1070, 70]);
    const never = toEnqueueWire({ type: "t", queue: "q", payload: 1, delayMs: 2 ** 53 - 1 }, 1000);
    assert.equal(readAs(newJobSchema, never).readyAt, 8.64e15);
  });

  it("sends a payload even when there is none", () => {
    const wire = toEnqueueWire({ type: "t", queue: "q", payload: undefined }, 0);
    assert.equal(JSON.stringify(wire), '{"type":"t","queue":"q","payload":null}');
  });

  it("refuses numbers that JSON would turn into null, or the server away", () => {
    const request = { type: "t", queue: "q", payload: 1 };
    for (
      const fields of [
        { readyAt: NaN },
        { readyAt: 1.5 },
        { delayMs: NaN },
        { delayMs: -1 },
        { priority: 65536 },
        { retryLimit: -1 },
        { backoff: { exponent: Infinity, baseMs: 0, jitterMs: 0 } },
        { backoff: { exponent: 1, baseMs: 0.5, jitterMs: 0 } },
        { retention: { deadMs: NaN } },
      ]
    ) {
      assert.throws(() => toEnqueueWire({ ...request, ...fields }, 0), RangeError);
    }
  });
});

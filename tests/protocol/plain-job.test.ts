import assert from "node:assert/strict";
import { test } from "node:test";
import { readEnqueuedJob, readJob } from "../../src/protocol/job-read.ts";
import { readPlainJob } from "../../src/protocol/plain-job.ts";

const wire = {
  id: "03hb5iqms3004vgtb8qbu1ukv",
  type: "mail",
  queue: "out",
  priority: 7,
  status: "ready",
  ready_at: 1764191234567,
  attempts: 0,
};

/** What makes a job one that only the schema reads. */
const unknown = { somebody_elses: true };

const inFlight = { ...wire, payload: { a: [null] }, status: "in_flight", dequeued_at: 5 };
const plain: readonly object[] = [
  wire,
  inFlight,
  { ...inFlight, deliveries: 3 },
  { ...inFlight, payload: null },
  { ...wire, duplicate: false },
  { ...wire, duplicate: true, folded: true },
  { ...wire, priority: 65_535, attempts: 2 ** 32 - 1, ready_at: Number.MAX_SAFE_INTEGER },
];

test("a plain job is read as the schema reads it", () => {
  for (const job of plain) {
    assert.ok(readPlainJob(job) !== undefined, JSON.stringify(job));
    assert.deepEqual(readJob(job), readJob({ ...job, ...unknown }));
    assert.deepEqual(readEnqueuedJob(job), readEnqueuedJob({ ...job, ...unknown }));
  }
});

test("what is no plain job is left to the schema", () => {
  const others: readonly unknown[] = [
    ...plain.map((job) => ({ ...job, ...unknown })),
    ...Object.keys(wire).flatMap((key) => [
      { ...wire, [key]: null },
      { ...wire, [key]: 1.5 },
      { ...wire, [key]: -1 },
      { ...wire, [key]: ["x"] },
    ]),
    { ...wire, priority: 65_536 },
    { ...wire, attempts: 2 ** 32 },
    { ...wire, ready_at: 2 ** 53 },
    { ...wire, status: "done" },
    { ...wire, dequeued_at: "5" },
    { ...wire, dequeued_at: null },
    { ...wire, deliveries: -1 },
    { ...wire, duplicate: 1 },
    { ...wire, tags: ["a"] },
    null,
    undefined,
    7,
    "job",
    [],
  ];
  for (const job of others) assert.equal(readPlainJob(job), undefined, JSON.stringify(job));
  // What was beyond is a number still, and what is null is absent.
  assert.equal(readJob({ ...wire, ready_at: 2 ** 60 }).readyAt, Number.MAX_SAFE_INTEGER);
  assert.deepEqual(readJob({ ...wire, dequeued_at: null }), readJob(wire));
});

test("what is wrong with a job is told in the same words", () => {
  const { type: _, ...without } = wire;
  assert.throws(() => readJob(without), { message: "type: is missing" });
  assert.throws(() => readJob({ ...wire, attempts: "0" }), {
    message: 'attempts: expected an integer from 0 to 4294967295, got "0"',
  });
  assert.throws(() => readEnqueuedJob({ ...wire, duplicate: 1 }), {
    message: "duplicate: expected true or false, got 1",
  });
  assert.throws(() => readJob([]), { message: "id: is missing" });
});

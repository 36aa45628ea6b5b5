/** What a new job has to be is checked alike on every way in: alone, in bulk, and as the job of a cron entry. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { type Broker, createBroker } from "../../src/broker/mod.ts";
import { createAdmission } from "../../src/broker/engine/admission.ts";
import { createEngine } from "../../src/broker/engine/engine.ts";
import { toSettings } from "../../src/broker/engine/settings.ts";
import { isRejection } from "../../src/protocol/rejection.ts";
import { createExpressions } from "../../src/store/expressions.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { withBroker } from "../support/broker.ts";
import { newJob } from "../support/new-job.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { type Answer, send } from "../support/send.ts";

const fine = { type: "t", queue: "q", payload: 1 };
const entryOf = (job: object) => ({ name: "e", expression: "* * * * *", timezone: "UTC", job });

/** A way in: how a job is sent, and how the answer names its place where it can be named. */
interface Way {
  readonly name: string;
  readonly isCron: boolean;
  readonly at: { readonly field: string; readonly job: string };
  send(broker: Broker, job: object): Promise<Answer>;
}

const ways: readonly Way[] = [
  {
    name: "POST /jobs",
    isCron: false,
    at: { field: "", job: "" },
    send: (broker, job) => send(broker, "POST", "/jobs", job),
  },
  {
    name: "POST /jobs/bulk",
    isCron: false,
    at: { field: "jobs[1].", job: "jobs[1]: " },
    send: (broker, job) => send(broker, "POST", "/jobs/bulk", { jobs: [fine, job, fine] }),
  },
  {
    name: "PUT /crons/{group}",
    isCron: true,
    at: { field: "entries[1].job.", job: "" },
    send(broker, job) {
      const entries = [{ ...entryOf(fine), name: "fine" }, entryOf(job)];
      return send(broker, "PUT", "/crons/g", { entries });
    },
  },
  {
    name: "POST /crons/{group}/entries",
    isCron: true,
    at: { field: "job.", job: "" },
    send: (broker, job) => send(broker, "POST", "/crons/g/entries", entryOf(job)),
  },
  {
    name: "PUT /crons/{group}/entries/{entry}",
    isCron: true,
    at: { field: "job.", job: "" },
    send: (broker, job) => send(broker, "PUT", "/crons/g/entries/e", entryOf(job)),
  },
];

const batch = { key: "b", when: "true", fold: "$existing + $new" };
const createWith = { allocation: 1, strategy: { type: "while_in_flight" } };

/** What is wrong with a job, where, and what is answered. */
type Row = [
  what: string,
  changes: object,
  kind: "field" | "invalid" | "unprocessable",
  message: string | RegExp,
];

const rows: readonly Row[] = [
  ["an empty type", { type: "" }, "invalid", "type must not be empty"],
  ["an empty queue", { queue: "" }, "invalid", "queue must not be empty"],
  ["a queue with a comma", { queue: "a,b" }, "invalid", "queue must not contain ','"],
  [
    "a priority out of range",
    { priority: 65536 },
    "field",
    "priority: expected an integer from 0 to 65535, got 65536",
  ],
  [
    "an unknown unique scope",
    { unique_key: "k", unique_while: "x" },
    "invalid",
    'invalid unique_while: "x" (expected "queued", "active", or "exists")',
  ],
  [
    "a unique key and a batch",
    { unique_key: "k", batch },
    "invalid",
    "unique_key and batch cannot be combined",
  ],
  ["a batch that is no program", { batch: { ...batch, when: "[" } }, "unprocessable", /when/],
  ["a fold that is no program", { batch: { ...batch, fold: "]" } }, "unprocessable", /fold/],
  [
    "an empty budget key",
    { budgets: [{ key: "", cost: 1 }] },
    "unprocessable",
    "budget key must not be empty",
  ],
  [
    "a budget that costs nothing",
    { budgets: [{ key: "k", cost: 0 }] },
    "unprocessable",
    "budget 'k' cost must be at least 1",
  ],
  [
    "a budget that is named twice",
    { budgets: [{ key: "k", cost: 1 }, { key: "k", cost: 1 }] },
    "unprocessable",
    "budget 'k' named more than once",
  ],
  [
    "a budget that is not there",
    { budgets: [{ key: "nope", cost: 1 }] },
    "unprocessable",
    "budget 'nope' does not exist and no create_with policy was supplied to create it with",
  ],
  [
    "a cost above what its budget holds",
    { budgets: [{ key: "k", cost: 9, create_with: createWith }] },
    "unprocessable",
    "cost 9 exceeds budget 'k', which holds at most 1",
  ],
];

describe("admission of new jobs over HTTP", () => {
  for (const { name, isCron, at, send: sendJob } of ways) {
    for (const [what, changes, kind, message] of rows) {
      it(`${name} refuses ${what}, and keeps nothing`, () =>
        withBroker(async ({ broker, client, clock }) => {
          const { status, body } = await sendJob(broker, { ...fine, ...changes });
          // A cron entry is refused as a request, whatever its job lacks.
          assert.equal(status, kind === "unprocessable" && !isCron ? 422 : 400);
          if (typeof message !== "string") assert.match(body.error, message);
          else {
            const prefix = kind === "field" ? `invalid JSON: ${at.field}` : at.job;
            assert.equal(body.error, prefix + message);
          }
          await clock.advance(120_000);
          assert.equal(await client.count(), 0);
          assert.deepEqual((await send(broker, "GET", "/crons")).body, { crons: [] });
          assert.deepEqual((await send(broker, "GET", "/budgets")).body.budgets, []);
        }));
    }

    it(`${name} takes the same job when nothing is wrong with it`, () =>
      withBroker(async ({ broker, client, clock }) => {
        const budgets = [{ key: "k", cost: 1, create_with: createWith }];
        const { status } = await sendJob(broker, { ...fine, priority: 65535, batch, budgets });
        assert.ok(status === 200 || status === 201, `${status}`);
        await clock.advance(60_000);
        assert.ok(await client.count() > 0);
      }));
  }

  it("a unique scope without a key is refused for a job, and has no effect on that of a cron entry", () =>
    withBroker(async ({ broker, client, clock }) => {
      for (const { isCron, at, send: sendJob } of ways) {
        await send(broker, "DELETE", "/crons/g");
        const { status, body } = await sendJob(broker, { ...fine, unique_while: "active" });
        if (isCron) assert.ok(status === 200 || status === 201, JSON.stringify(body));
        else assert.equal(body.error, `${at.job}unique_while requires unique_key`);
      }
      await clock.advance(180_000);
      assert.equal(await client.count(), 3);
    }));
});

describe("admission when a cron entry fires", () => {
  it("a stored job that no longer passes is refused and told, and the entry goes on", async () => {
    const database = openSqlite(":memory:");
    const { logger, errors } = createRecordingLogger();
    const fields: unknown[] = [];
    const telling = {
      ...logger,
      error(message: string, more?: Readonly<Record<string, unknown>>) {
        logger.error(message);
        fields.push(more?.["error"]);
      },
    };
    await withBroker(async ({ broker, client, clock }) => {
      const entries = [{ ...entryOf(fine), name: "fine" }, entryOf(fine)];
      assert.equal((await send(broker, "PUT", "/crons/g", { entries })).status, 200);
      const spoil = (sql: string, value: string) =>
        database.run(`UPDATE cron_entries SET ${sql} WHERE name = 'e'`, [value]);
      spoil("payload_json = ?", JSON.stringify("x".repeat(2000)));
      await clock.advance(60_000);
      spoil("payload_json = ?", "1");
      spoil("queue = ?", "a,b");
      await clock.advance(60_000);
      spoil("queue = ?", "q");
      await clock.advance(60_000);
      assert.deepEqual(errors, new Array(2).fill("Cannot enqueue the job of a cron entry"));
      assert.deepEqual(fields, [
        "payload is 2002 bytes, at most 1000 are accepted",
        "queue must not contain ','",
      ]);
      assert.equal(await client.count(), 4);
    }, { store: database, logger: telling, maxBodyBytes: 1000 });
  });

  it("a payload above a limit that was lowered is refused", async () => {
    const database = openSqlite(":memory:");
    const clock = createTestClock();
    const first = createBroker({ store: { ...database, close() {} }, clock });
    const entries = [entryOf({ ...fine, payload: "x".repeat(500) })];
    assert.equal((await send(first, "PUT", "/crons/g", { entries })).status, 200);
    await first.stop();
    const { logger, errors } = createRecordingLogger();
    const second = createBroker({ store: database, clock, logger, maxBodyBytes: 400 });
    await second.start();
    await clock.advance(60_000);
    assert.deepEqual(errors, ["Cannot enqueue the job of a cron entry"]);
    assert.equal((await send(second, "GET", "/jobs")).body.jobs.length, 0);
    await second.stop();
  });
});

describe("admission without HTTP", () => {
  const clock = createTestClock();
  const settings = toSettings({ maxBodyBytes: 100 });
  const expressions = createExpressions({ ...settings, now: clock.now });
  const admission = createAdmission({
    expressions,
    maxPayloadBytes: 100,
    recordsAll: false,
    identities: { next: () => ({ id: "id", seq: 1 }) },
    clock: createTestClock(),
  });

  const sizes: [what: string, payload: string | Uint8Array<ArrayBuffer>, bytes: number][] = [
    ["a text", JSON.stringify("x".repeat(99)), 101],
    ["a text of few characters and many bytes", JSON.stringify("é".repeat(50)), 102],
    ["a text of characters of four bytes", JSON.stringify("🎡".repeat(25)), 102],
    ["bytes", new Uint8Array(101), 101],
  ];
  for (const [what, payload, bytes] of sizes) {
    it(`a payload above 'maxBodyBytes' is refused with field and value: ${what}`, () => {
      assert.deepEqual(admission.check([newJob, { ...newJob, payload }]), {
        kind: "invalid",
        message: `payload is ${bytes} bytes, at most 100 are accepted`,
        index: 1,
      });
    });
  }

  it("a payload of exactly 'maxBodyBytes' is taken", () => {
    for (const payload of ["1".repeat(100), JSON.stringify("é".repeat(49)), new Uint8Array(100)]) {
      assert.equal(admission.check([{ ...newJob, payload }]), undefined);
    }
  });

  it("what a job is comes before what it asks for, whichever of the jobs it is", () => {
    const greedy = { ...newJob, budgets: [{ key: "", cost: 1, createWith: null, bucket: false }] };
    assert.equal(admission.check([greedy])?.kind, "unprocessable");
    assert.deepEqual(admission.check([greedy, { ...newJob, type: "" }]), {
      kind: "invalid",
      message: "type must not be empty",
      index: 1,
    });
  });

  it("engine.enqueue() refuses a large payload, and stores none of the jobs beside it", async () => {
    const engine = createEngine({
      database: openSqlite(":memory:"),
      settings,
      clock,
      random: () => 0,
      logger: createRecordingLogger().logger,
      timers: false,
    });
    await engine.start();
    const stored = await engine.enqueue([newJob, { ...newJob, payload: "1".repeat(101) }]);
    assert.ok(isRejection(stored));
    assert.equal(stored.message, "payload is 101 bytes, at most 100 are accepted");
    assert.equal(await engine.count({}), 0);
    await engine.stop();
    await engine.close();
  });
});

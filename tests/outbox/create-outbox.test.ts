/** What is enqueued within a transaction, and what is refused at once. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as v from "valibot";
import { createClient, defineJob, PayloadError } from "../../src/client/mod.ts";
import { createOutbox, withOutbox } from "../../src/outbox/mod.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { job } from "../support/broker.ts";

const mail = defineJob({
  type: "mail",
  queue: "q",
  payload: v.object({ to: v.string() }),
  retryLimit: 3,
});

/** A transaction that remembers what it was to run. */
function createRecorder() {
  const statements: { text: string; values: readonly string[] }[] = [];
  const run = (text: string, values: readonly string[]) => {
    statements.push({ text, values });
    return Promise.resolve([]);
  };
  /** The ids and the jobs of the last statement. */
  const written = () => {
    const { values } = statements.at(-1)!;
    return { ids: JSON.parse(values[0]!), jobs: JSON.parse(values[1]!) };
  };
  return { run, statements, written };
}

describe("within a transaction", () => {
  const clock = createTestClock(1_700_000_000_000);
  const outbox = createOutbox({ clock });

  it("a job is one statement, which also tells the brokers", async () => {
    const { run, statements, written } = createRecorder();
    const { id } = await outbox.within(run).enqueue(mail, { to: "a" }, { priority: 3 });
    assert.match(id, /^018bcfe5-6800-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(statements.length, 1);
    assert.match(
      statements[0]!.text,
      /^WITH sent AS \(INSERT INTO "millrace"\."outbox" .*pg_notify/s,
    );
    assert.deepEqual(statements[0]!.values.slice(2), [
      "millrace millrace",
      '["",["due","outbox",0]]',
    ]);
    assert.deepEqual(written(), {
      ids: [id],
      jobs: [{ type: "mail", queue: "q", payload: { to: "a" }, retry_limit: 3, priority: 3 }],
    });
  });

  it("tells nobody when it is not to, and knows other schemas and tables", async () => {
    const { run, statements } = createRecorder();
    const quiet = createOutbox({ notify: false, schema: "shop", table: "jobs to come" });
    await quiet.within(run).enqueue(job());
    assert.match(statements[0]!.text, /^INSERT INTO "shop"\."jobs to come"/);
    assert.equal(statements[0]!.values.length, 2);
    assert.match(quiet.sql, /CREATE TABLE "shop"\."jobs to come_refused"/);
  });

  it("many jobs are one statement, and none is no statement", async () => {
    const { run, statements, written } = createRecorder();
    const within = outbox.within(run);
    assert.deepEqual(await within.enqueueMany(mail, []), []);
    assert.equal(statements.length, 0);
    const receipts = await within.enqueueMany(
      Array.from({ length: 2500 }, (_, at) => mail.of({ to: String(at) })),
    );
    assert.equal(statements.length, 1);
    assert.equal(new Set(receipts.map(({ id }) => id)).size, 2500);
    assert.deepEqual(written().ids, receipts.map(({ id }) => id));
    assert.equal(written().jobs[2499].payload.to, "2499");
  });

  it("a delay stays one, and jobs of one call that wait for each other name their ids", async () => {
    const { run, written } = createRecorder();
    const receipts = await outbox.within(run).enqueueMany([
      job({ delayMs: 5000 }),
      job({ readyAt: 7, dependsOn: [{ item: 0, onDead: "run" }, "other"] }),
    ]);
    const [first, second] = written().jobs;
    assert.deepEqual([first.delay_ms, first.ready_at], [5000, undefined]);
    assert.equal(second.ready_at, 7);
    assert.deepEqual(second.depends_on, [{ id: receipts[0]!.id, on_dead: "run" }, "other"]);
    const none = outbox.within(run).enqueue(job({ dependsOn: [{ item: 1 }] }));
    await assert.rejects(none, /Cannot wait for item 1: expected the place of one of these 1 jobs/);
  });

  it("nothing is written of what no broker would take", async () => {
    const { run, statements } = createRecorder();
    const within = outbox.within(run);
    await assert.rejects(within.enqueue(mail, { to: 5 as never }), PayloadError);
    await assert.rejects(within.enqueue(job({ type: "a, b" })), /Cannot enqueue: .*type/);
    const many = within.enqueueMany([job(), job({ payload: "\ud800" })]);
    await assert.rejects(many, /requests\[1\]: .*surrogate/);
    const child = { childOf: { id: "x", slot: "1" } };
    await assert.rejects(within.enqueue(job(child)), /Cannot enqueue a child/);
    const keyed = { idempotencyKey: "k" } as never;
    await assert.rejects(within.enqueue(mail, { to: "a" }, keyed), /expected a 'uniqueKey'/);
    assert.equal(statements.length, 0);
  });

  it("layers see each job, and its id", async () => {
    const { run, written } = createRecorder();
    const seen: string[] = [];
    const layered = createOutbox({
      layers: [async (request, next) => {
        const stored = await next({ ...request, meta: { tenant: "acme" } });
        seen.push(stored.id);
        return stored;
      }],
    });
    const within = layered.within(run);
    const { id } = await within.enqueue(mail, { to: "a" });
    assert.deepEqual(written().jobs[0].meta, { tenant: "acme" });
    const many = await within.enqueueMany(mail, [{ to: "b" }, { to: "c" }]);
    assert.deepEqual(seen, [id, ...many.map(({ id }) => id)]);
    assert.throws(() => layered.withinSync({ prepare: () => assert.fail() }), /they answer later/);
  });

  it("what is surely no transaction is refused, and so is what is unknown", () => {
    const query = () => {};
    const wrong: Readonly<Record<string, unknown>> = {
      "a pool of 'pg'": { query, totalCount: 0 },
      "a pool of postgres.js": Object.assign(() => {}, { unsafe() {}, begin() {} }),
      "a database of Drizzle": { execute() {}, transaction() {}, select() {} },
      "what cannot wait": {
        run() {},
        all() {},
        transaction() {},
        select() {},
        rollback() {},
        resultKind: "sync",
      },
      "a database of Kysely": { executeQuery() {}, isTransaction: false },
      "Knex itself": Object.assign(() => {}, { raw() {} }),
      "a client of Prisma": { $queryRawUnsafe() {}, $executeRawUnsafe() {}, $connect() {} },
      "a database of D1": { prepare() {}, batch() {} },
      "an object": {},
      "null": null,
      "undefined": undefined,
      '"a text"': "a text",
    };
    for (const [name, one] of Object.entries(wrong)) {
      assert.throws(() => outbox.within(one as never), (error: Error) => {
        assert.ok(error instanceof TypeError);
        assert.ok(error.message.startsWith(`Cannot use ${name} as the transaction of 'within': `));
        return true;
      });
    }
  });

  it("a client has it besides all else", async () => {
    const { run, statements } = createRecorder();
    const client = withOutbox(createClient({ url: "http://localhost" }));
    await client.within(run).enqueue(mail, { to: "a" });
    assert.equal(statements.length, 1);
    assert.equal(client.url, "http://localhost");
  });

  it("options are looked at", () => {
    const bad: Readonly<Record<string, object>> = {
      "did you mean 'schema'": { schemas: "x" },
      "expected 'postgres' or 'sqlite'": { dialect: "mysql" },
      "which has none": { dialect: "sqlite", schema: "x" },
      "expected 1 to 55 bytes": { table: "x".repeat(56) },
      "expected true or false": { notify: "yes" },
    };
    for (const [message, options] of Object.entries(bad)) {
      assert.throws(() => createOutbox(options as never), (error: Error) => {
        assert.ok(error instanceof TypeError && error.message.includes(message), error.message);
        return true;
      });
    }
  });
});

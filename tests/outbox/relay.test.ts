/** A relay from an application's own SQLite to a broker, and what becomes of it when something fails. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { defineJob, type Fetch } from "../../src/client/mod.ts";
import {
  createOutbox,
  createOutboxRelay,
  type OutboxRelayOptions,
  type Within,
} from "../../src/outbox/mod.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { job, type TestBroker, withBroker } from "../support/broker.ts";

const mail = defineJob<{ to: string }>({ type: "mail", queue: "q" });

/** An outbox in SQLite, and what tests ask of it. */
function open({ broker, clock }: TestBroker, change: (fetch: Fetch) => Fetch = (fetch) => fetch) {
  const db = new DatabaseSync(":memory:");
  const outbox = createOutbox({ dialect: "sqlite", clock });
  db.exec(outbox.sql);
  const { logger, errors } = createRecordingLogger();
  const calls: string[] = [];
  const fetch = change(broker.fetch);
  const to = {
    fetch: (request: Request) => {
      calls.push(`${request.method} ${new URL(request.url).pathname}`);
      return fetch(request);
    },
    retry: { limit: 0 },
  };
  const relay = (options: Partial<OutboxRelayOptions> = {}) =>
    createOutboxRelay({ database: db, dialect: "sqlite", to, logger, clock, ...options });
  const left = () => db.prepare("SELECT id FROM millrace_outbox ORDER BY entry").all().length;
  const within: Within = outbox.within(db);
  return { db, outbox, within, relay, left, calls, errors };
}

const answer = (status: number, error: string) => () =>
  Promise.resolve(Response.json({ error }, { status }));

describe("a relay of an outbox", () => {
  it("hands jobs on under their ids, and deletes them", () =>
    withBroker(async (parts) => {
      const { within, relay, left, db } = open(parts);
      const receipts = await within.enqueueMany(mail, [{ to: "a" }, { to: "b" }]);
      db.exec(
        'INSERT INTO millrace_outbox (job) VALUES (\'{"type":"t","queue":"q","payload":1}\')',
      );
      assert.deepEqual(await relay().runOnce(), { found: 3, sent: 3, refused: 0 });
      assert.deepEqual(await relay().runOnce(), { found: 0, sent: 0, refused: 0 });
      assert.equal(left(), 0);
      assert.deepEqual((await parts.client.get(mail, receipts[1]!.id)).payload, { to: "b" });
      assert.equal(await parts.client.count(), 3);
    }));

  it("stores no job twice when it is killed before it deletes, also if the job is done and gone", () =>
    withBroker(async (parts) => {
      const { client, clock, take } = parts;
      const { db, within, relay, left } = open(parts);
      await within.enqueueMany(mail, [{ to: "a" }, { to: "b" }]);
      const run = (text: string, values: readonly string[]) => {
        if (/^DELETE/.test(text)) return Promise.reject(new Error("killed"));
        return Promise.resolve(db.prepare(text).all(...values));
      };
      await assert.rejects(relay({ database: run }).runOnce(), /killed/);
      const taken = await take();
      await clock.advance(1);
      await client.success(taken.jobs[0]!);
      assert.equal(await client.count(), 1);
      assert.equal((await relay().runOnce()).found, 0, "they are held for a while");
      await clock.advance(60_000);
      assert.deepEqual(await relay().runOnce(), { found: 2, sent: 2, refused: 0 });
      assert.deepEqual([await client.count(), left()], [1, 0]);
    }));

  it("keeps what is refused apart, from where it can be tried again", () =>
    withBroker(async (parts) => {
      const { db, outbox, within, relay, left, errors } = open(parts);
      await within.enqueue(mail, { to: "x".repeat(200) });
      await within.enqueue(mail, { to: "b" });
      db.exec("INSERT INTO millrace_outbox (job) VALUES ('5'), ('no')");
      assert.deepEqual(await relay().runOnce(), { found: 4, sent: 1, refused: 3 });
      assert.equal(left(), 0);
      const refused = outbox.refused(db);
      const [first, second] = await refused.list();
      assert.match(first!.reason, /payload is 209 bytes/);
      assert.match(second!.reason, /cannot be read: expected an object/);
      assert.equal(errors.length, 3);
      db.exec(`UPDATE millrace_outbox_refused SET job = replace(job, '${"x".repeat(200)}', 'y')`);
      assert.equal(await refused.retry({ entries: [first!.entry] }), 1);
      assert.deepEqual(await relay().runOnce(), { found: 1, sent: 1, refused: 0 });
      assert.deepEqual((await parts.client.get(mail, first!.id!)).payload, { to: "y" });
    }, { maxPayloadBytes: 100 }));

  it("takes no more than 8 MiB at once, and does not read what is too long", () =>
    withBroker(async (parts) => {
      const { db, outbox, within, relay, left, calls } = open(parts);
      const to = "x".repeat(3 * 1024 * 1024);
      await within.enqueueMany(mail, [{ to }, { to: "a" }, { to }, { to }, { to: "b" }]);
      let most = 0;
      const run = (text: string, values: readonly string[]) => {
        const rows = db.prepare(text).all(...values);
        const bytes = rows.reduce((sum, { job }) => sum + String(job ?? "").length, 0);
        most = Math.max(most, bytes);
        return Promise.resolve(rows);
      };
      assert.equal((await relay({ database: run }).runOnce()).found, 3);
      assert.equal((await relay({ database: run }).runOnce()).found, 2);
      assert.ok(most > 6 * 1024 * 1024 && most < 8 * 1024 * 1024, String(most));
      assert.equal(await parts.client.count(), 5);

      calls.length = 0;
      db.exec(`INSERT INTO millrace_outbox (id, job) VALUES ('long', hex(zeroblob(5000))),
        ('good', '{"type":"t","queue":"q","payload":1}'), (hex(zeroblob(5000)), '{}')`);
      most = 0;
      const passed = await relay({ database: run, maxEntryBytes: 9999 }).runOnce();
      assert.deepEqual(passed, { found: 3, sent: 1, refused: 2 });
      assert.equal(most, 36);
      assert.deepEqual(calls, ["PUT /jobs/good"]);
      assert.equal(left(), 0);
      assert.deepEqual((await outbox.refused(db).list()).map(({ reason }) => reason), [
        "job is 10004 bytes, at most 9999 are accepted",
        "job is 10002 bytes, at most 9999 are accepted",
      ]);

      // One that is larger than a piece may be is a piece of its own.
      await within.enqueueMany(mail, [{ to: to.repeat(3) }, { to: "c" }]);
      assert.equal((await relay({ database: run }).runOnce()).found, 1);
      assert.equal((await relay({ database: run, maxEntryBytes: 30 }).runOnce()).refused, 1);
    }, { maxPayloadBytes: 20 * 1024 * 1024 }));

  it("is held up by no number that a driver cannot read", () =>
    withBroker(async (parts) => {
      const { db, outbox, within, relay, left } = open(parts);
      const greatest = "9223372036854775806";
      const one = '{"type":"t","queue":"q","payload":1}';
      await within.enqueue(mail, { to: "a" });
      const times = [greatest, "-9007199254740993", "1e300", "'soon'", "x'00'"];
      for (const [at, time] of times.entries()) {
        db.exec(
          `INSERT INTO millrace_outbox (id, stored_at, job) VALUES ('${at}', ${time}, '${one}')`,
        );
      }
      db.exec(`INSERT INTO millrace_outbox (entry, id, job)
        VALUES (${greatest}, 'great', '${one}'), (-9007199254740993, 'small', '${one}')`);
      assert.deepEqual(await relay().runOnce(), { found: 8, sent: 3, refused: 5 });
      assert.equal(left(), 0);
      assert.equal((await parts.client.get("great")).payload, 1);
      assert.equal((await parts.client.get("small")).payload, 1);
      const refused = outbox.refused(db);
      const listed = await refused.list();
      assert.deepEqual(listed.map(({ id }) => id), ["0", "1", "2", "3", "4"]);
      for (const { reason } of listed) assert.match(reason, /^stored_at is no time/);
      assert.equal(await refused.delete({ entries: [listed[0]!.entry] }), 1);
      assert.equal(await refused.delete(), 4);
    }));

  for (
    const [what, fetch] of Object.entries({
      "is away": () => Promise.reject(new TypeError("away")),
      "cannot now": answer(503, "full"),
      "does not know its token": answer(401, "who?"),
      "does not allow it": answer(403, "no"),
    })
  ) {
    it(`keeps all when the server ${what}`, () =>
      withBroker(async (parts) => {
        let isBad = true;
        const { within, relay, left } = open(
          parts,
          (good) => (request) => isBad ? fetch() : good(request),
        );
        await within.enqueueMany(mail, [{ to: "a" }, { to: "b" }]);
        await assert.rejects(relay().runOnce());
        assert.equal(left(), 2);
        isBad = false;
        assert.equal((await relay().runOnce()).sent, 2, "nothing is held");
        assert.equal(await parts.client.count(), 2);
      }));
  }

  it("enqueues at a server that has no ids of others, and says so once", () =>
    withBroker(async (parts) => {
      const { client, clock } = parts;
      const { within, relay, calls, errors } = open(
        parts,
        (fetch) => (request) => request.method === "PUT" ? answer(405, "no")() : fetch(request),
      );
      await within.enqueueMany([job(), job({ delayMs: 5000 })]);
      const at = clock.now();
      await clock.advance(1000);
      assert.equal((await relay({ concurrency: 1 }).runOnce()).sent, 2);
      assert.deepEqual(calls.map((call) => call.slice(0, 4)), ["PUT ", "POST", "POST"]);
      const [, late] = await Array.fromAsync(client.list());
      assert.equal(late!.readyAt, at + 5000, "a delay is counted from when it was written");
      assert.equal(errors.length, 1);
    }));

  it("keeps the order where it is told to, and sends a job that waits for others after them", () =>
    withBroker(async (parts) => {
      const { client } = parts;
      const { within, relay } = open(parts);
      const payloads = Array.from({ length: 30 }, (_, at) => ({ to: String(at) }));
      await within.enqueueMany(mail, payloads);
      await relay({ concurrency: 1 }).runOnce();
      const jobs = await Array.fromAsync(client.list(mail));
      assert.deepEqual(jobs.map(({ payload }) => payload), payloads);
      const many = Array.from({ length: 20 }, () => job());
      await within.enqueueMany([...many, job({ dependsOn: [{ item: 19 }] })]);
      await relay().runOnce();
      assert.equal(await client.count({ status: ["blocked"] }), 1);
    }));

  it("goes on until it is stopped: by looking, when it is woken, and after failures", () =>
    withBroker(async (parts) => {
      const { client, clock } = parts;
      let isAway = false;
      const { within, relay, errors } = open(
        parts,
        (fetch) => (request) => isAway ? Promise.reject(new TypeError("away")) : fetch(request),
      );
      const running = relay({ batchSize: 2, random: () => 0 });
      await running.start();
      await running.start();
      await clock.settle();
      await within.enqueueMany(mail, [{ to: "a" }, { to: "b" }, { to: "c" }]);
      await clock.advance(999);
      assert.equal(await client.count(), 0);
      await clock.advance(1);
      await clock.settle();
      assert.equal(await client.count(), 3, "a piece is followed by the next one");
      await within.enqueue(mail, { to: "d" });
      running.wake();
      await clock.settle();
      assert.equal(await client.count(), 4);
      isAway = true;
      await within.enqueue(mail, { to: "e" });
      running.wake();
      await clock.settle();
      assert.equal(errors.length, 1);
      isAway = false;
      await clock.advance(500);
      await clock.settle();
      assert.equal(await client.count(), 5);
      await running.stop();
      await within.enqueue(mail, { to: "f" });
      await clock.advance(100_000);
      assert.equal(await client.count(), 5);
      await assert.rejects(running.start(), /was stopped/);
      await running[Symbol.asyncDispose]();
      await relay().stop();
    }));

  it("shares the work with others", () =>
    withBroker(async (parts) => {
      const { within, relay, calls, left } = open(parts);
      await within.enqueueMany(mail, Array.from({ length: 50 }, (_, at) => ({ to: String(at) })));
      const some = { batchSize: 10 };
      const passed = await Promise.all(
        Array.from({ length: 5 }, () => relay(some).runOnce()),
      );
      assert.deepEqual(passed.map(({ sent }) => sent), [10, 10, 10, 10, 10]);
      assert.deepEqual([calls.length, new Set(calls).size, left()], [50, 50, 0]);
      assert.equal(await parts.client.count(), 50);
    }));

  it("looks at its options", () => {
    const db = new DatabaseSync(":memory:");
    const to = { url: "http://localhost" };
    const bad: Readonly<Record<string, object>> = {
      "did you mean 'pollMs'": { database: db, to, poll: 5 },
      "expected an integer of 1 or more": { database: db, to, batchSize: 0 },
      "as 'to' of 'createOutboxRelay'": { database: db },
      "as the transaction of 'createOutboxRelay'": { to },
      "give one of them": { database: db, to: {} },
    };
    for (const [message, options] of Object.entries(bad)) {
      assert.throws(() => createOutboxRelay(options as never), (error: Error) => {
        assert.ok(error.message.includes(message), error.message);
        return true;
      });
    }
  });
});

/**
 * A client that only enqueues: the same calls, with a broker and without one.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, createEnqueuer, defineJob } from "../../src/client/mod.ts";
import { formats } from "../support/formats.ts";
import { withBroker } from "../support/broker.ts";

const mail = defineJob<{ to: string }>({ type: "mail", queue: "default", priority: 7 });

describe("createEnqueuer", () => {
  for (const format of ["json", "msgpack"] as const) {
    it(`stores one job and many, in ${format}`, () =>
      withBroker(async ({ broker, clock }) => {
        const fetch = (request: Request) => broker.fetch(request);
        const enqueuer = createEnqueuer({ fetch, clock, format: formats[format] });
        const client = createClient({ fetch, clock });

        const one = await enqueuer.enqueue(mail, { to: "a" }, { uniqueKey: "k" });
        assert.equal(one.duplicate, false);
        assert.equal((await client.get(one.id)).priority, 7);
        const again = await enqueuer.enqueue(mail, { to: "b" }, { uniqueKey: "k" });
        assert.deepEqual([again.id, again.duplicate], [one.id, true]);

        const many = await enqueuer.enqueueMany(mail, [{ to: "c" }, { to: "d" }]);
        assert.deepEqual(many.map(({ status }) => status), ["ready", "ready"]);
        assert.deepEqual((await client.get(many[1]!.id)).payload, { to: "d" });
      }));
  }

  it("tells what every job has, and nothing else", () =>
    withBroker(async ({ broker, clock }) => {
      const enqueuer = createEnqueuer({ fetch: (request) => broker.fetch(request), clock });
      const { id, readyAt, ...rest } = await enqueuer.enqueue(mail, { to: "a" }, { delay: "1s" });
      assert.equal(readyAt, clock.now() + 1000);
      assert.match(id, /^\w{25}$/);
      assert.deepEqual(rest, {
        type: "mail",
        queue: "default",
        priority: 7,
        status: "scheduled",
        attempts: 0,
        duplicate: false,
        folded: false,
      });
    }));

  it("repeats an enqueue by its key, and fails as a client does", async () => {
    const keys: (string | null)[] = [];
    const answers = [
      Response.json({ error: "busy" }, { status: 503 }),
      Response.json({ version: "1" }, { headers: { "millrace-extensions": "1" } }),
      Response.json({ error: "queue must not be empty" }, { status: 422 }),
    ];
    const enqueuer = createEnqueuer({
      fetch(request) {
        keys.push(request.headers.get("idempotency-key"));
        return Promise.resolve(answers.shift()!);
      },
      retry: { baseDelayMs: 0 },
    });
    await assert.rejects(enqueuer.enqueue(mail, { to: "a" }), {
      name: "RefusedError",
      message: "queue must not be empty",
    });
    assert.equal(keys[1], null);
    assert.equal(keys[2], keys[0]);
  });

  for (const [what, body] of [["is no job", { id: "x" }], ["is no list", { jobs: 1 }]] as const) {
    it(`refuses an answer that ${what}`, async () => {
      const enqueuer = createEnqueuer({ fetch: () => Promise.resolve(Response.json(body)) });
      const call = "jobs" in body
        ? enqueuer.enqueueMany(mail, [{ to: "a" }])
        : enqueuer.enqueue(mail, { to: "a" });
      await assert.rejects(call, /ProtocolError: Cannot understand the answer: expected a/);
    });
  }

  it("refuses a format by its name, as every client does", () => {
    for (const create of [createClient, createEnqueuer]) {
      assert.throws(() => create({ url: "http://h", format: "msgpack" as unknown as "json" }), {
        name: "TypeError",
        message: "Cannot use 'format' \"msgpack\": expected 'json', or the 'msgpack' that " +
          "'@millrace/millrace/msgpack' exports",
      });
    }
  });
});

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

  it("stores many that are asked for at once, each for itself if one is refused", () =>
    withBroker(async ({ broker, clock }) => {
      const enqueuer = createEnqueuer({ fetch: (request) => broker.fetch(request), clock });
      const asked = ["a", "", "c", "d"].map((queue) =>
        enqueuer.enqueue({ type: "t", queue, payload: 1 }).then(({ queue }) => queue, String)
      );
      assert.deepEqual(await Promise.all(asked), [
        "a",
        "RefusedError: queue must not be empty",
        "c",
        "d",
      ]);
    }));

  it("does without the protocol in the process of its broker", () =>
    withBroker(async ({ broker }) => {
      const enqueuer = createEnqueuer({ fetch: broker.fetch });
      const { id } = await enqueuer.enqueue(mail, { to: "a" });
      assert.deepEqual(Object.keys(enqueuer), ["enqueue", "enqueueMany"]);
      assert.deepEqual((await createClient({ fetch: broker.fetch }).get(id)).payload, { to: "a" });
    }));

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

/** Enqueues with an idempotency key: done once, answered the same, refused for another call. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { type Broker, createBroker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import { msgpackCodec } from "../../src/protocol/msgpack.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { withBroker } from "../support/broker.ts";

const minute = 60_000;
const one = { type: "t", queue: "q", payload: 1 };

/** An answer, with the body as it came. */
interface Answered {
  readonly status: number;
  readonly text: string;
}

/** Sends one call with a key. */
async function call(
  broker: Broker,
  key: string,
  body: unknown,
  path = "/jobs",
): Promise<Answered> {
  const response = await broker.fetch(
    new Request(`http://broker${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify(body),
    }),
  );
  return { status: response.status, text: await response.text() };
}

const idOf = ({ text }: Answered): string => JSON.parse(text).id;

describe("a call with an idempotency key", () => {
  it("is done once, and answered again byte for byte", () =>
    withBroker(async ({ broker, client, clock }) => {
      const body = { ...one, priority: 3, retry_limit: 5, backoff: backoff(), unique_key: "u" };
      const first = await call(broker, "one", body);
      await clock.advance(1000);
      assert.deepEqual(await call(broker, "one", body), first);
      assert.equal(first.status, 201);
      assert.equal(await client.count(), 1);
    }));

  it("is answered the same when its job was taken, finished and deleted", () =>
    withBroker(async ({ broker, client, take, clock }) => {
      const first = await call(broker, "one", one);
      const again = () => call(broker, "one", one);
      await take();
      await clock.settle();
      assert.equal((await client.get(idOf(first))).status, "in_flight");
      assert.deepEqual(await again(), first);
      await client.success(idOf(first));
      assert.deepEqual(await again(), first);
      assert.equal(await client.count(), 0);
    }));

  it("is done once when it comes several times at once", () =>
    withBroker(async ({ broker, client }) => {
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => call(broker, "one", one)),
      );
      for (const answer of answers) assert.deepEqual(answer, answers[0]);
      assert.equal(await client.count(), 1);
    }));

  it("is done again with another key", () =>
    withBroker(async ({ broker, client }) => {
      const [first, second] = [await call(broker, "one", one), await call(broker, "two", one)];
      assert.notEqual(idOf(first), idOf(second));
      assert.equal(await client.count(), 2);
    }));

  it("that was scheduled by an instant of its own shows that instant, and its status then", () =>
    withBroker(async ({ broker, clock }) => {
      const body = { ...one, ready_at: clock.now() + 5000 };
      const first = await call(broker, "one", body);
      await clock.advance(10_000);
      assert.deepEqual(await call(broker, "one", body), first);
      assert.equal(JSON.parse(first.text).status, "scheduled");
    }));

  it("tells again that it was a duplicate, or folded, of a job that is gone", () =>
    withBroker(async ({ broker, client }) => {
      const batch = { key: "b", when: "true", fold: "$existing + $new" };
      const unique = { ...one, unique_key: "u", unique_while: "exists" };
      const part = { ...one, payload: [1], batch };
      const holder = await call(broker, "one", { ...unique, priority: 9 });
      const head = await call(broker, "two", { ...part, queue: "other" });
      const duplicate = await call(broker, "three", unique);
      const folded = await call(broker, "four", part);
      assert.deepEqual([idOf(duplicate), duplicate.status], [idOf(holder), 200]);
      assert.deepEqual([idOf(folded), folded.status], [idOf(head), 200]);
      assert.deepEqual(await call(broker, "four", part), folded);
      assert.deepEqual((await client.get(idOf(head))).payload, [1, 1]);
      await client.deleteMany({ all: true });
      assert.deepEqual(await call(broker, "three", unique), duplicate);
      assert.deepEqual(await call(broker, "four", part), folded);
      assert.equal(await client.count(), 0);
    }));

  it("may bring many jobs, and is one row whatever it brings", () =>
    withBroker(async ({ broker, client }) => {
      const jobs = Array.from({ length: 3000 }, (_, n) => ({ ...one, payload: n }));
      const first = await call(broker, "one", { jobs }, "/jobs/bulk");
      assert.deepEqual(await call(broker, "one", { jobs }, "/jobs/bulk"), first);
      assert.equal(JSON.parse(first.text).jobs.length, 3000);
      assert.equal(await client.count(), 3000);
      const none = await call(broker, "none", { jobs: [] }, "/jobs/bulk");
      assert.deepEqual(none, { status: 201, text: '{"jobs":[]}' });
      assert.deepEqual(await call(broker, "none", { jobs: [] }, "/jobs/bulk"), none);
    }));

  it("may be in MessagePack", () =>
    withBroker(async ({ broker, client }) => {
      const send = async () => {
        const response = await broker.fetch(
          new Request("http://broker/jobs", {
            method: "POST",
            headers: {
              "content-type": "application/msgpack",
              "accept": "application/msgpack",
              "idempotency-key": "one",
            },
            body: msgpackCodec.encode(one),
          }),
        );
        return msgpackCodec.decode(new Uint8Array(await response.arrayBuffer()));
      };
      assert.deepEqual(await send(), await send());
      assert.equal(await client.count(), 1);
    }));

  it("is refused when the key was used for another call", () =>
    withBroker(async ({ broker, client }) => {
      await call(broker, "one", one);
      const refused = {
        status: 422,
        text: '{"error":"idempotency key \'one\' was used for another call"}',
      };
      assert.deepEqual(await call(broker, "one", { ...one, payload: 2 }), refused);
      const both = { ...one, jobs: [one] };
      assert.equal((await call(broker, "both", both)).status, 201);
      assert.equal((await call(broker, "both", both, "/jobs/bulk")).status, 422);
      assert.deepEqual(await call(broker, "one", { jobs: [one] }, "/jobs/bulk"), refused);
      assert.equal(await client.count(), 2);
    }));

  it("leaves no key when it is refused", () =>
    withBroker(async ({ broker, client }) => {
      const bad = [
        { ...one, priority: -1 },
        { ...one, queue: "" },
        { ...one, budgets: [{ key: "none" }] },
      ];
      for (const body of bad) {
        assert.ok((await call(broker, "one", body)).status >= 400);
        const jobs = [one, body];
        assert.ok((await call(broker, "one", { jobs }, "/jobs/bulk")).status >= 400);
      }
      assert.equal((await call(broker, "one", one)).status, 201);
      assert.equal(await client.count(), 1);
    }));

  const keys: [key: string, status: number][] = [
    ["!~", 201],
    ["k".repeat(255), 201],
    ["k".repeat(256), 400],
    ["", 400],
    ["a b", 400],
    ["ä", 400],
  ];
  for (const [key, status] of keys) {
    it(`is answered ${status} with the key '${key.slice(0, 9)}' of ${key.length} characters`, () =>
      withBroker(async ({ broker }) => {
        for (const path of ["/jobs", "/jobs/bulk"]) {
          const body = path === "/jobs" ? one : { jobs: [] };
          const answer = await call(broker, key, body, path);
          if (path === "/jobs/bulk" && status === 201) assert.equal(answer.status, 422);
          else assert.equal(answer.status, status);
          if (status !== 400) continue;
          const shown = key.length > 100 ? `${key.slice(0, 100)}…` : key;
          assert.equal(
            JSON.parse(answer.text).error,
            `idempotency-key is '${shown}', must be 1 to 255 visible ASCII characters`,
          );
        }
      }));
  }
});

describe("a key", () => {
  it("is forgotten ten minutes later, or in the next round", () =>
    withBroker(async ({ broker, client, clock }) => {
      const first = await call(broker, "one", one);
      await clock.advance(5 * minute);
      await call(broker, "two", one);
      await clock.advance(5 * minute - 1);
      assert.deepEqual(await call(broker, "one", one), first);
      await clock.advance(1);
      const second = await call(broker, "one", one);
      assert.notEqual(idOf(second), idOf(first));
      await call(broker, "two", one); // is known still
      assert.equal(await client.count(), 3);
      await clock.advance(16 * minute);
      assert.equal(clock.timers, 0); // No key is left to be forgotten.
    }, { statistics: false }));

  it("is known as long as its setting says", () =>
    withBroker(async ({ broker, client, clock }) => {
      await call(broker, "one", one);
      await clock.advance(60 * minute - 1);
      await call(broker, "one", one);
      assert.equal(await client.count(), 1);
      await clock.advance(1);
      await call(broker, "one", one);
      assert.equal(await client.count(), 2);
    }, { idempotencyMs: 60 * minute }));

  it("is known for a while when the clock is set back, and not until it has caught up", () =>
    withBroker(async ({ broker, client, clock }) => {
      await call(broker, "one", one);
      await clock.advance(1000);
      clock.setNow(clock.now() - 24 * 60 * minute);
      await call(broker, "two", one);
      await clock.advance(9 * minute);
      await call(broker, "one", one);
      await call(broker, "two", one);
      assert.equal(await client.count(), 2);
      await clock.advance(7 * minute);
      await call(broker, "one", one);
      await call(broker, "two", one);
      assert.equal(await client.count(), 4);
    }));

  it("is forgotten when the broker is reset", () =>
    withBroker(async ({ broker, client }) => {
      await call(broker, "one", one);
      await client.reset();
      await call(broker, "one", one);
      assert.equal(await client.count(), 1);
    }));
});

describe("a broker that was killed before it answered", () => {
  let folder = "";
  before(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-idempotency-"))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("knows the call after its restart, and forgets it in time", async () => {
    const clock = createTestClock();
    const path = join(folder, "jobs.db");
    const run = async (test: (broker: Broker) => Promise<void>) => {
      const broker = createBroker({ store: openSqlite(path), clock });
      await test(broker).finally(() => broker.stop());
    };
    let lost: Answered | undefined;
    await run(async (broker) => {
      lost = await call(broker, "one", one);
      await createClient({ fetch: broker.fetch }).delete(idOf(lost));
    });
    clock.setNow(clock.now() - 60 * minute); // While nobody looks.
    await run(async (broker) => {
      assert.deepEqual(await call(broker, "one", one), lost);
      assert.equal((await call(broker, "two", one)).status, 201);
      assert.equal(await createClient({ fetch: broker.fetch }).count(), 1);
      await clock.advance(16 * minute);
      assert.notEqual(idOf(await call(broker, "one", one)), idOf(lost!));
    });
  });
});

describe("a broker that never runs for long", () => {
  it("forgets keys too", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-idempotency-"));
    const clock = createTestClock();
    const ids: string[] = [];
    for (let start = 0; start < 5; start++) {
      const broker = createBroker({ store: openSqlite(join(folder, "jobs.db")), clock });
      await broker.start();
      await clock.settle();
      ids.push(idOf(await call(broker, "one", one)));
      await clock.advance(4 * minute);
      await broker.stop();
    }
    rmSync(folder, { recursive: true, force: true });
    const [first, , , fourth] = ids;
    assert.deepEqual(ids, [first, first, first, fourth, fourth]);
    assert.notEqual(fourth, first);
  });
});

describe("a server that keeps keys says so", () => {
  const ask = async (broker: Broker, path: string, headers: Record<string, string>) => {
    const body = path === "/version" ? null : JSON.stringify(one);
    const method = body === null ? "GET" : "POST";
    const response = await broker.fetch(
      new Request(`http://broker${path}`, { method, headers, body }),
    );
    await response.body?.cancel();
    return response.headers.get("millrace-extensions");
  };

  it("to who asks for extensions, and to nobody else", () =>
    withBroker(async ({ broker }) => {
      const asking = { "millrace-extensions": "1" };
      const keyed = { "content-type": "application/json", "idempotency-key": "k" };
      assert.equal(await ask(broker, "/version", asking), "1");
      assert.equal(await ask(broker, "/version", {}), null);
      assert.equal(await ask(broker, "/jobs", { ...keyed, ...asking }), "1");
      assert.equal(await ask(broker, "/jobs", keyed), null);
      assert.equal(await ask(broker, "/jobs", { "content-type": "application/json" }), null);
    }));
});

function backoff(): object {
  return { exponent: 1.1, base_ms: 5, jitter_ms: 6 };
}

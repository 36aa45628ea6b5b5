import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { openSqlite } from "../../../adapters/node/mod.ts";
import { type Broker, createBroker } from "../../../src/broker/mod.ts";
import { NetworkError, NotFoundError, RefusedError } from "../../../src/errors.ts";
import { createBrokerStore, createPayloads, type PayloadRef } from "../../../src/offload/mod.ts";
import { withBroker } from "../../support/broker.ts";
import { withCallers } from "../../support/callers.ts";
import { toBytes, toStream, tryPayloadStore } from "./store-suite.ts";

describe("a payload store in the database of a broker", () => {
  let broker: Broker | undefined;
  tryPayloadStore({
    async create() {
      await broker?.close();
      broker = createBroker({ store: openSqlite(":memory:") });
      return createBrokerStore({ fetch: broker.fetch });
    },
    longBytes: 2_500_000,
  });

  it("is let go", () => broker?.close());

  it("forgets by itself", () =>
    withBroker(async ({ broker, clock }) => {
      const store = createBrokerStore({ fetch: broker.fetch });
      await store.put("short", toBytes(3), { ttlMs: 1000.5 });
      await store.put("month", toBytes(3));
      await clock.advance(1000);
      assert.deepEqual(await store.get("short"), toBytes(3));
      await clock.advance(1);
      assert.equal(await store.get("short"), undefined);
      const day = 86_400_000;
      await clock.advance(30 * day - 1002);
      assert.deepEqual(await store.get("month"), toBytes(3));
      await clock.advance(day);
      assert.equal(await store.get("month"), undefined);
    }));

  it("takes an answer while it comes, and gives it back whole", () =>
    withBroker(async ({ broker }) => {
      const payloads = createPayloads({ stores: [createBrokerStore({ fetch: broker.fetch })] });
      const ref = await payloads.sink("a")!(toStream(toBytes(100_000))) as PayloadRef;
      assert.equal(ref.store, "broker");
      assert.deepEqual(await payloads.unpack({ ref }, "a"), toBytes(100_000));
      await payloads.discard({ ref });
      await assert.rejects(payloads.unpack({ ref }, "a"), /is not in store 'broker'/);
    }));

  it("takes no more than the broker does, and no more of a stream than it may hold", () =>
    withBroker(async ({ broker }) => {
      const store = createBrokerStore({ fetch: broker.fetch, maxBytes: 5000 });
      await assert.rejects(store.put("a", toBytes(2001)), { name: "RefusedError", status: 413 });
      await assert.rejects(store.put("a", toStream(toBytes(5001))), /at most 5000/);
      assert.equal(await store.get("a"), undefined);
    }, { maxBodyBytes: 2000 }));

  it("is empty after a reset", () =>
    withBroker(async ({ broker }) => {
      const store = createBrokerStore({ fetch: broker.fetch });
      await store.put("a", toBytes(3));
      await broker.fetch(new Request("http://broker/reset", { method: "POST" }));
      assert.equal(await store.get("a"), undefined);
    }));

  it("lets who stores jobs put, and who works get and delete", () =>
    withCallers(
      {
        edge: { scopes: ["enqueue"], queues: ["http"] },
        worker: { scopes: ["work"], queues: ["http"] },
        viewer: { scopes: ["read"] },
      },
      async ({ broker }) => {
        const as = (token: string) => createBrokerStore({ fetch: broker.fetch, token });
        await as("edge").put("a", toBytes(3));
        assert.deepEqual(await as("worker").get("a"), toBytes(3));
        await assert.rejects(as("edge").get("a"), /lacks the scope 'work'/);
        await assert.rejects(as("viewer").get("a"), /lacks the scope 'work'/);
        await assert.rejects(as("worker").put("a", toBytes(3)), /lacks the scope 'enqueue'/);
        await assert.rejects(as("edge").delete("a"), RefusedError);
        await as("worker").delete("a");
        assert.equal(await as("worker").get("a"), undefined);
      },
    ));

  it("says that another server has no such endpoint, and does not take that for a payload that is missing", async () => {
    const fetch = () => Promise.resolve(Response.json({ error: "not found" }, { status: 404 }));
    const store = createBrokerStore({ fetch, retry: { limit: 0 } });
    for (const calling of [store.get("a"), store.put("a", toBytes(1)), store.delete("a")]) {
      await assert.rejects(calling, (error) => {
        assert.ok(error instanceof NotFoundError);
        assert.match(error.message, /no endpoint '\w+ \/payloads\/\{key\}', which a Millrace/);
        return true;
      });
    }
  });

  it("tries again when the network fails, but for a delete", async () => {
    let calls = 0;
    const fetch = () => (calls++, Promise.reject(new TypeError("gone")));
    const store = createBrokerStore({ fetch, retry: { limit: 2, baseDelayMs: 0 } });
    await assert.rejects(store.get("a"), NetworkError);
    await assert.rejects(store.put("a", toBytes(1)), NetworkError);
    assert.equal(calls, 6);
    await assert.rejects(store.delete("a"), NetworkError);
    assert.equal(calls, 7);
  });

  it("says what is wrong with its options", () => {
    assert.throws(() => createBrokerStore({} as never), TypeError);
    assert.throws(() => createBrokerStore({ url: "http://a", name: "a b" }), /as 'name'/);
    assert.throws(() => createBrokerStore({ url: "http://a", maxBytes: -1 }), /as 'maxBytes'/);
    assert.throws(() => createBrokerStore({ url: "http://a", tokn: "x" } as never), /'token'/);
  });
});

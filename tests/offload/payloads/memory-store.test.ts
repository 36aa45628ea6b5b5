import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { createMemoryStore } from "../../../src/offload/mod.ts";
import { createTestClock } from "../../../src/testing/mod.ts";
import { toBytes, toStream, tryPayloadStore } from "./store-suite.ts";

describe("a payload store in memory", () => {
  let clock = createTestClock();
  tryPayloadStore({
    create() {
      clock = createTestClock();
      return createMemoryStore({ clock });
    },
    advance: (ms) => clock.advance(ms),
  });

  it("forgets what has expired, when it is asked for and when it sweeps", async () => {
    const store = createMemoryStore({ clock });
    await store.put("short", toBytes(10), { ttlMs: 1000 });
    await store.put("other", toBytes(10), { ttlMs: 1000 });
    await store.put("long", toBytes(10), { ttlMs: 5000 });
    await clock.advance(999);
    assert.deepEqual(await store.get("short"), toBytes(10));
    await clock.advance(1);
    assert.equal(await store.get("short"), undefined);
    assert.deepEqual([store.count, store.bytes], [2, 20]);
    assert.equal(await store.sweep(60_000), 1);
    assert.deepEqual([store.count, store.bytes], [1, 10]);
  });

  it("takes no more than it may, and makes room by what has expired", async () => {
    const store = createMemoryStore({ clock, name: "small", maxBytes: 100 });
    await store.put("a", toBytes(60), { ttlMs: 1000 });
    await assert.rejects(store.put("b", toBytes(41)), {
      name: "RangeError",
      message:
        "Cannot keep 41 bytes in payload store 'small', which has 60: expected at most 100 in all",
    });
    await assert.rejects(store.put("b", toStream(toBytes(101))), /expected at most 100/);
    await store.put("a", toBytes(100), { ttlMs: 1000 });
    assert.equal(store.bytes, 100);
    await clock.advance(1000);
    await store.put("b", toBytes(41));
    assert.equal(store.bytes, 41);
  });

  it("says what is wrong with its options", () => {
    assert.throws(() => createMemoryStore({ name: "a b" }), /Cannot use "a b" as 'name'/);
    assert.throws(() => createMemoryStore({ maxBytes: 0.5 }), /Cannot use 0.5 as 'maxBytes'/);
    assert.throws(
      () => createMemoryStore({ maxByte: 1 } as never),
      /did you mean 'maxBytes'/,
    );
  });
});

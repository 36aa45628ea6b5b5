import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { PayloadError } from "../../../src/errors.ts";
import {
  createEncryptor,
  createMemoryStore,
  createPayloads,
  type PackedPayload,
  type PayloadRef,
  type PayloadStore,
} from "../../../src/offload/mod.ts";
import { sha256Hex } from "../../../src/offload/payloads/sha256.ts";
import { createTestClock } from "../../../src/testing/mod.ts";
import { toBytes, toStream } from "./store-suite.ts";

const text = (value: string) => new TextEncoder().encode(value);
const encryptor = createEncryptor({ keys: [{ id: "k", key: toBytes(32) }] });

/** As it comes out of a job. */
const throughJob = (packed: PackedPayload): PackedPayload => JSON.parse(JSON.stringify(packed));

const refOf = (packed: PackedPayload): PayloadRef => {
  assert.ok("ref" in packed, "it lies in a store");
  return packed.ref;
};

describe("payloads in jobs", () => {
  it("stand as text where they are text, else as base64, and come back equal", async () => {
    const payloads = createPayloads();
    const bytes: [Uint8Array, "text" | "base64"][] = [
      [text(""), "text"],
      [text('{"ok":true}\r\n\t"ü€𝄞"'), "text"],
      [text("\ufeffwith a mark"), "text"],
      [text("a\0b"), "base64"],
      [text("\u001b[31m"), "base64"],
      [new Uint8Array([0xff, 0xfe]), "base64"],
      [new Uint8Array([0xe2, 0x82]), "base64"],
      [new Uint8Array([0xed, 0xa0, 0x80]), "base64"],
      [toBytes(100_000), "base64"],
    ];
    for (const [given, as] of bytes) {
      const packed = throughJob(await payloads.pack(given, "a"));
      assert.deepEqual(Object.keys(packed), [as]);
      assert.deepEqual(await payloads.unpack(packed, "a"), given);
      await payloads.discard(packed);
    }
  });

  it("lie in the store from one byte above the threshold, until they are discarded", async () => {
    const store = createMemoryStore();
    const payloads = createPayloads({ stores: [store], thresholdBytes: 100 });
    assert.deepEqual(Object.keys(await payloads.pack(toBytes(100), "a")), ["base64"]);
    assert.equal(store.count, 0);
    const packed = throughJob(await payloads.pack(toBytes(101), "a"));
    const { key } = refOf(packed);
    assert.deepEqual(packed, {
      ref: { store: "memory", key, size: 101, sha256: await sha256Hex(toBytes(101)) },
    });
    assert.deepEqual(await payloads.unpack(packed, "a"), toBytes(101));
    await payloads.discard(packed);
    assert.equal(store.count, 0);
    await payloads.discard(packed);
    await assert.rejects(payloads.unpack(packed, "a"), {
      name: "PayloadError",
      message: `Payload '${key}' is not in store 'memory': it was deleted, or expired`,
    });
  });

  it("get a key of their own each time", async () => {
    const payloads = createPayloads({ stores: [createMemoryStore()], thresholdBytes: 0 });
    const first = refOf(await payloads.pack(toBytes(10), "a"));
    const second = refOf(await payloads.pack(toBytes(10), "a"));
    assert.notEqual(first.key, second.key);
  });

  it("are not taken for what somebody put in their place", async () => {
    const store = createMemoryStore();
    const payloads = createPayloads({ stores: [store], thresholdBytes: 0 });
    const packed = await payloads.pack(toBytes(10), "a");
    const { key } = refOf(packed);
    await store.put(key, toBytes(9));
    await assert.rejects(payloads.unpack(packed, "a"), /has 9 bytes, expected 10/);
    await store.put(key, toBytes(10).reverse());
    await assert.rejects(payloads.unpack(packed, "a"), PayloadError);
  });

  it("move from store to store: new ones go to the first, old ones are read and deleted", async () => {
    const old = createMemoryStore({ name: "old" });
    const fresh = createMemoryStore({ name: "new" });
    const before = createPayloads({ stores: [old], thresholdBytes: 0 });
    const packed = await before.pack(toBytes(10), "a");
    const after = createPayloads({ stores: [fresh, old], thresholdBytes: 0 });
    assert.equal(refOf(await after.pack(toBytes(5), "a")).store, "new");
    assert.deepEqual(await after.unpack(packed, "a"), toBytes(10));
    await after.discard(packed);
    assert.deepEqual([old.count, fresh.count], [0, 1]);
    const end = createPayloads({ stores: [fresh] });
    await assert.rejects(end.unpack(packed, "a"), {
      name: "PayloadError",
      message: "Unknown payload store 'old', expected one of new",
    });
    await end.discard(packed);
  });

  it("are swept when their time is over", async () => {
    const clock = createTestClock();
    const store = createMemoryStore({ clock });
    const payloads = createPayloads({ stores: [store], thresholdBytes: 0, ttlMs: 1000 });
    const packed = await payloads.pack(toBytes(10), "a");
    await clock.advance(999);
    assert.equal(await payloads.sweep(), 0);
    await clock.advance(2);
    assert.equal(await payloads.sweep(), 1);
    await assert.rejects(payloads.unpack(packed, "a"), PayloadError);
  });

  it("say what a store throws as it is: it may pass", async () => {
    const failure = new Error("the store is away");
    const store: PayloadStore = {
      name: "away",
      put: () => Promise.reject(failure),
      get: () => Promise.reject(failure),
      delete: () => Promise.reject(failure),
    };
    const payloads = createPayloads({ stores: [store], thresholdBytes: 0 });
    const ref = { store: "away", key: "a", size: 1, sha256: "" };
    await assert.rejects(payloads.pack(toBytes(1), "a"), failure);
    await assert.rejects(payloads.unpack({ ref }, "a"), failure);
    await assert.rejects(payloads.discard({ ref }), failure);
  });

  it("refuse options that make no sense", () => {
    const store = createMemoryStore();
    assert.throws(() => createPayloads({ stores: [store, createMemoryStore()] }), /are named 'm/);
    assert.throws(() => createPayloads({ stores: [{ name: "a" } as never] }), /has no 'put'/);
    assert.throws(() => createPayloads({ stores: store as never }), /expected a list/);
    assert.throws(() => createPayloads({ threshold: 1 } as never), /'thresholdBytes'/);
    assert.throws(() => createPayloads({ onlyEncrypted: true }), /without 'encryptor'/);
  });
});

describe("encrypted payloads", () => {
  it("show nothing in the job nor in the store, and come back equal", async () => {
    const store = createMemoryStore();
    const payloads = createPayloads({ stores: [store], thresholdBytes: 200, encryptor });
    for (const given of [text("a secret"), text("a secret".repeat(100))]) {
      const packed = throughJob(await payloads.pack(given, "job 1"));
      assert.equal(JSON.stringify(packed).includes("secret"), false);
      if ("ref" in packed) {
        const stored = await store.get(packed.ref.key);
        assert.equal(new TextDecoder("latin1").decode(stored).includes("secret"), false);
        assert.equal(packed.ref.sha256, await sha256Hex(stored!), "the digest tells no secret");
      }
      assert.deepEqual(await payloads.unpack(packed, "job 1"), given);
      await assert.rejects(payloads.unpack(packed, "job 2"), PayloadError);
      await assert.rejects(
        createPayloads({ stores: [store] }).unpack(packed, "job 1"),
        /expected an 'encryptor'/,
      );
    }
  });

  it("are read beside those from before, unless only they may be", async () => {
    const before = await createPayloads().pack(text("plain"), "a");
    const payloads = createPayloads({ encryptor });
    assert.deepEqual(await payloads.unpack(before, "a"), text("plain"));
    const strict = createPayloads({ encryptor, onlyEncrypted: true });
    await assert.rejects(strict.unpack(before, "a"), /expected an encrypted one/);
    assert.deepEqual(await strict.unpack(await payloads.pack(text("x"), "a"), "a"), text("x"));
  });
});

describe("a body that streams into a store", () => {
  const setup = (options: { encryptor?: typeof encryptor } = {}) => {
    const store = createMemoryStore();
    const payloads = createPayloads({ stores: [store], thresholdBytes: 1000, ...options });
    return { store, payloads, sink: payloads.sink("a")! };
  };

  it("is given back if it is short", async () => {
    const { store, sink } = setup();
    for (const length of [0, 999, 1000]) {
      assert.deepEqual(await sink(toStream(toBytes(length), { pieceBytes: 300 })), toBytes(length));
    }
    assert.equal(store.count, 0);
  });

  it("lies in the store if it is long", async () => {
    const { payloads, sink } = setup();
    for (const [length, pieceBytes] of [[1001, 1001], [1001, 1], [50_000, 333]] as const) {
      const ref = await sink(toStream(toBytes(length), { pieceBytes })) as PayloadRef;
      assert.deepEqual(ref, {
        store: "memory",
        key: ref.key,
        size: length,
        sha256: await sha256Hex(toBytes(length)),
      });
      assert.deepEqual(await payloads.unpack({ ref }, "a"), toBytes(length));
    }
  });

  it("is encrypted in segments that can be neither cut, moved nor left out", async () => {
    const { store, payloads, sink } = setup({ encryptor });
    const mebibyte = 1024 * 1024;
    for (const length of [1001, mebibyte - 1, mebibyte, mebibyte + 1, 2 * mebibyte + 5]) {
      const ref = await sink(toStream(toBytes(length), { pieceBytes: 700_001 })) as PayloadRef;
      assert.equal(ref.encrypted, true);
      assert.deepEqual(await payloads.unpack({ ref }, "a"), toBytes(length));
      await assert.rejects(payloads.unpack({ ref }, "b"), PayloadError);
    }
    // Somebody who can write to the store and to the job still cannot make another body of it.
    const ref = await sink(toStream(toBytes(2 * mebibyte + 5), { pieceBytes: 1 << 16 }));
    const { key } = ref as PayloadRef;
    const whole = (await store.get(key))!;
    const view = new DataView(whole.buffer);
    const segments: Uint8Array[] = [];
    for (let at = 0; at < whole.length;) {
      const end = at + 4 + view.getUint32(at);
      segments.push(whole.slice(at, end));
      at = end;
    }
    assert.equal(segments.length, 3);
    const [first, second, third] = segments as [Uint8Array, Uint8Array, Uint8Array];
    const forgeries = [
      [first],
      [first, second],
      [second, first, third],
      [first, third],
      [third],
      [
        first,
        first,
        third,
      ],
      [first, second, third.subarray(0, 20)],
      [first, second, third, third],
    ];
    for (const pieces of forgeries) {
      const bytes = new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
      await store.put(key, bytes);
      const forged = {
        ...ref as PayloadRef,
        size: bytes.length,
        sha256: await sha256Hex(bytes),
      };
      await assert.rejects(payloads.unpack({ ref: forged }, "a"), PayloadError);
    }
  });

  it("leaves nothing behind when it fails, before the threshold and after", async () => {
    const { store, sink } = setup();
    for (const length of [500, 5000]) {
      const error = new Error("cut");
      await assert.rejects(sink(toStream(toBytes(length), { error })), error);
      assert.equal(store.count, 0);
    }
  });

  it("is let go when the call is ended, before the threshold and after", async () => {
    for (const at of [0, 5]) {
      const { store, sink } = setup();
      const ending = new AbortController();
      let reads = 0;
      let reason: unknown;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (reads++ === at) ending.abort(new Error("enough"));
          controller.enqueue(toBytes(300));
        },
        cancel(given) {
          reason = given;
        },
      });
      await assert.rejects(sink(body, { signal: ending.signal }), /enough/);
      assert.equal((reason as Error).message, "enough");
      assert.equal(store.count, 0);
    }
  });

  it("is let go when the store fails, and when the store does not read it to its end", async () => {
    for (const put of [() => Promise.reject(new Error("full")), () => Promise.resolve()]) {
      let isCancelled = false;
      const body = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(toBytes(100)),
        cancel() {
          isCancelled = true;
        },
      });
      const store: PayloadStore = {
        name: "bad",
        put,
        get: () => Promise.resolve(undefined),
        delete: () => Promise.resolve(),
      };
      const sink = createPayloads({ stores: [store], thresholdBytes: 50 }).sink("a")!;
      await assert.rejects(sink(body), /full|expected it to read all/);
      assert.equal(isCancelled, true);
    }
  });

  it("has no place without a store", () => {
    assert.equal(createPayloads().sink("a"), undefined);
  });
});

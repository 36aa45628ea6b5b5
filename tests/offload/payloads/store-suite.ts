/**
 * What every payload store keeps to: one suite, for all of them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { it } from "node:test";

import type { PayloadStore } from "../../../src/offload/mod.ts";

/** What a store is tried with. */
export interface StoreSuiteOptions {
  /** Makes a store with nothing in it. */
  create(): PayloadStore | Promise<PayloadStore>;
  /** Lets time pass for the store; without it, it is not tried whether payloads expire. */
  advance?(ms: number): Promise<void>;
  /** Bytes of the longest stream that is tried. */
  readonly longBytes?: number;
}

/** Bytes that differ from their neighbours. */
export function toBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >>> 8)) & 0xff;
  return bytes;
}

/** A stream of pieces; it fails behind them if it is told to. */
export function toStream(
  bytes: Uint8Array,
  { pieceBytes = 1000, error }: { pieceBytes?: number; error?: Error } = {},
): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.slice(at, at += pieceBytes));
      else if (error !== undefined) controller.error(error);
      else controller.close();
    },
  });
}

/** Demands the same bytes, quickly also where there are millions. */
export function demandSame(got: Uint8Array | undefined, wanted: Uint8Array): void {
  assert.equal(got?.length, wanted.length);
  assert.equal(got.findIndex((byte, at) => byte !== wanted[at]), -1, "the first other byte");
}

/** Tries a store. Call it in a `describe`. */
export function tryPayloadStore({ create, advance, longBytes = 300_000 }: StoreSuiteOptions): void {
  it("gives back what was put, and nothing where nothing is", async () => {
    const store = await create();
    assert.equal(await store.get("there-is.none_1"), undefined);
    for (const length of [0, 1, 5000]) {
      const bytes = toBytes(length);
      await store.put(`of-${length}`, bytes, { contentType: "text/plain" });
      assert.deepEqual(await store.get(`of-${length}`), bytes);
    }
  });

  it("keeps its own copy", async () => {
    const store = await create();
    const bytes = toBytes(10);
    await store.put("a", bytes);
    bytes.fill(0);
    const got = await store.get("a");
    got?.fill(1);
    assert.deepEqual(await store.get("a"), toBytes(10));
  });

  it("replaces what a key had", async () => {
    const store = await create();
    await store.put("a", toBytes(5000));
    await store.put("a", toBytes(3));
    assert.deepEqual(await store.get("a"), toBytes(3));
  });

  it("takes streams, short, empty and long", async () => {
    const store = await create();
    for (const length of [0, 10, longBytes]) {
      await store.put("a", toStream(toBytes(length), { pieceBytes: 7001 }));
      demandSame(await store.get("a"), toBytes(length));
    }
  });

  it("keeps nothing of a stream that fails", async () => {
    const store = await create();
    for (const length of [10, longBytes]) {
      const error = new Error(`no more after ${length}`);
      await assert.rejects(store.put("a", toStream(toBytes(length), { error })));
      assert.equal(await store.get("a"), undefined);
    }
    await store.put("a", toBytes(3));
    const failing = toStream(toBytes(10), { error: new Error("no more") });
    await assert.rejects(store.put("a", failing));
    assert.deepEqual(await store.get("a"), toBytes(3), "what was there stays");
  });

  it("keeps nothing when the call is ended", async () => {
    const store = await create();
    const ending = new AbortController();
    let reads = 0;
    let isCancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (reads++ === 1) ending.abort(new Error("enough"));
        controller.enqueue(toBytes(100));
      },
      cancel() {
        isCancelled = true;
      },
    });
    await assert.rejects(store.put("a", body, { signal: ending.signal }), /enough/);
    assert.equal(await store.get("a"), undefined);
    assert.equal(isCancelled, true, "the body is let go");
  });

  it("deletes, twice if it is told to", async () => {
    const store = await create();
    await store.put("a", toBytes(3));
    await store.put("b", toBytes(4));
    await store.delete("a");
    await store.delete("a");
    assert.equal(await store.get("a"), undefined);
    assert.deepEqual(await store.get("b"), toBytes(4));
  });

  it("refuses a key that could be a path", async () => {
    const store = await create();
    for (const key of ["", "../a", "a/b", ".hidden", "a\\b", "a b", "ä", "x".repeat(201)]) {
      await assert.rejects(store.put(key, toBytes(1)), /as the key of a payload/);
      await assert.rejects(store.get(key), /as the key of a payload/);
      await assert.rejects(store.delete(key), /as the key of a payload/);
    }
  });

  it("sweeps what is older, if it sweeps", async () => {
    const store = await create();
    if (store.sweep === undefined || advance === undefined) return;
    await store.put("old", toBytes(3));
    await advance(60_000);
    await store.put("new", toBytes(3));
    assert.equal(await store.sweep(90_000), 0);
    assert.equal(await store.sweep(30_000), 1);
    assert.equal(await store.get("old"), undefined);
    assert.deepEqual(await store.get("new"), toBytes(3));
  });
}

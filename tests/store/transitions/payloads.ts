/** Payloads that are kept for others, beside jobs. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concatBytes } from "../../../src/protocol/concat-bytes.ts";
import {
  deletePayload,
  expirePayloads,
  getPayload,
  nextPayloadExpiry,
  putPayload,
  removePayloads,
} from "../../../src/store/payloads.ts";
import { start, type TestStore } from "./test-store.ts";

/** Bytes that differ from their neighbours, across the edges of pieces too. */
function toBytes(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, at) => (at * 7 + (at >> 10)) & 0xff);
}

/** Defines the tests. */
export function describePayloads(open: () => Promise<TestStore>): void {
  const put = (store: TestStore, key: string, length: number, expiresAt = start + 1000) =>
    store.write(() => putPayload({ key, bytes: toBytes(length), expiresAt }));
  const get = async (store: TestStore, key: string, now = start) => {
    const pieces = await store.read(getPayload(key, now));
    return pieces.length === 0 ? undefined : concatBytes(pieces);
  };

  describe("payloads beside jobs", () => {
    it("come back as they were put, in however many pieces, until they are deleted", async () => {
      const store = await open();
      const mebibyte = 1024 * 1024;
      for (const length of [0, 1, mebibyte, mebibyte + 1, 2 * mebibyte + 5]) {
        await put(store, "a", length);
        const got = await get(store, "a");
        const wanted = toBytes(length);
        assert.equal(got?.length, length);
        assert.equal(got.findIndex((byte, at) => byte !== wanted[at]), -1);
      }
      await put(store, "b", 3);
      await store.write(() => deletePayload("a"));
      await store.write(() => deletePayload("a"));
      assert.equal(await get(store, "a"), undefined);
      assert.deepEqual(await get(store, "b"), toBytes(3));
      await store.write(removePayloads);
      assert.deepEqual(await store.all("SELECT key FROM payloads"), []);
    });

    it("are not given when their time is over, and are deleted then", async () => {
      const store = await open();
      assert.equal(await store.read(nextPayloadExpiry()), undefined);
      await put(store, "late", 3, start + 2000);
      await put(store, "soon", 1024 * 1024 + 1, start + 1000);
      assert.equal(await store.read(nextPayloadExpiry()), start + 1000);
      assert.notEqual(await get(store, "soon", start + 999), undefined);
      assert.equal(await get(store, "soon", start + 1000), undefined);
      assert.equal(await store.write(() => expirePayloads(start + 999)), false);
      assert.equal((await store.all("SELECT key FROM payloads")).length, 3);
      assert.equal(await store.write(() => expirePayloads(start + 1000)), false);
      assert.deepEqual(await store.all("SELECT DISTINCT key FROM payloads"), [{ key: "late" }]);
    });

    it("are deleted some at a time", async () => {
      const store = await open();
      for (let at = 0; at < 60; at++) await put(store, `${at}`, 1);
      assert.equal(await store.write(() => expirePayloads(start + 1000)), true);
      assert.equal((await store.all("SELECT key FROM payloads")).length, 10);
      assert.equal(await store.write(() => expirePayloads(start + 1000)), false);
      assert.deepEqual(await store.all("SELECT key FROM payloads"), []);
    });
  });
}

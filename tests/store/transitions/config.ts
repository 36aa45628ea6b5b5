/**
 * Settings that were changed while a broker ran.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listConfig, putConfig, removeConfig } from "../../../src/store/config.ts";
import type { TestStore } from "./test-store.ts";

/** Defines the tests. */
export function describeConfig(open: () => Promise<TestStore>): void {
  describe("putConfig() and removeConfig()", () => {
    it("keep one value of each key, and tell of what changed", async () => {
      const store = await open();
      const list = async () =>
        (await store.read(listConfig())).map(({ key, value }) => `${key} ${value}`);
      await store.write(() => putConfig("b", "1"));
      await store.write(() => putConfig("a", '"x"'));
      await store.write(() => putConfig("b", "2"));
      assert.deepEqual(store.changes(), ["config b", "config a", "config b"]);
      assert.deepEqual(await list(), ['a "x"', "b 2"]);
      await store.write(() => removeConfig("b"));
      await store.write(() => removeConfig("b"));
      assert.deepEqual(store.changes(), ["config b"]);
      assert.deepEqual(await list(), ['a "x"']);
    });
  });
}

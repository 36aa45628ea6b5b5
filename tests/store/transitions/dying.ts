/**
 * A transition that is killed between any two of its statements leaves nothing behind.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Transition } from "../../../src/store/transition.ts";
import { dumpTables, type TestStore } from "./test-store.ts";

/**
 * Kills a transition before its first statement, then before its second, and so on; at last it is let through.
 *
 * @returns What it gives at last.
 */
export async function killAtEach<Result>(
  store: TestStore,
  transition: () => Transition<Result>,
): Promise<Result> {
  const before = await store.read(dumpTables());
  for (let statements = 0;; statements++) {
    try {
      return await store.write(() => dying(transition(), statements));
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      assert.deepEqual(await store.read(dumpTables()), before, `after ${statements} statements`);
      assert.deepEqual(store.changes(), []);
    }
  }
}

class Killed extends Error {}

function* dying<Result>(transition: Transition<Result>, statements: number): Transition<Result> {
  let left = statements;
  let step = transition.next();
  while (!step.done) {
    if (step.value.kind !== "change" && left-- === 0) throw new Killed();
    step = transition.next(yield step.value);
  }
  // The last statement is that of the commit, which does not come.
  if (left-- === 0) throw new Killed();
  return step.value;
}

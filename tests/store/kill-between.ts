/**
 * A broker that is killed between two statements of a transition, before each of them in turn.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Transition } from "../../src/store/transition.ts";
import { createMortal } from "../support/mortal-database.ts";
import { dumpTables, openTestStore, type TestStore } from "./transitions/test-store.ts";

/** What is killed. */
export interface Killed {
  /** Brings a new store to where the transition begins. */
  setUp(store: TestStore): Promise<void>;
  transition(store: TestStore): Transition<unknown>;
}

/** What was seen. */
export interface Deaths {
  /** How often it was killed before it went through. */
  readonly killed: number;
  /** All tables before it. */
  readonly before: unknown;
  /** The store after it, to be closed. */
  readonly store: TestStore;
}

/** Demands that a transition that is killed has done nothing, before whichever statement; at last it goes through. */
export async function killBetween({ setUp, transition }: Killed): Promise<Deaths> {
  const { database, dieBefore } = createMortal();
  const store = await openTestStore(() => database);
  await setUp(store);
  const before = await store.read(dumpTables());
  for (let killed = 0;; killed++) {
    dieBefore(killed);
    const done = await store.write(() => transition(store)).then(() => true, (error) => {
      assert.match(error.message, /was killed/);
      return false;
    });
    dieBefore(Infinity);
    if (done) return { killed, before, store };
    assert.deepEqual(await store.read(dumpTables()), before);
  }
}

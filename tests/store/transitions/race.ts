/**
 * Two writers at once: one does its work between what the other reads and what that writes.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Transition, TransitionStep } from "../../../src/store/transition.ts";
import { dumpTables, type TestStore } from "./test-store.ts";

/** What two writers do. */
export interface Race<Result> {
  /** Makes what both find. */
  readonly given: (store: TestStore) => Promise<unknown>;
  /** The transition under test. */
  readonly transition: (store: TestStore) => Transition<Result>;
  /** What the other writer does, after the transition has read and before it writes. */
  readonly other: (store: TestStore) => Transition<unknown>;
}

/** What came of it. */
export interface Raced<Result> {
  /** Whether the transition threw `StaleReadError`, and was run again. */
  readonly isStale: boolean;
  readonly result: Result;
  /** Whether it left anything in the tables besides what the other one did. */
  readonly hasWritten: boolean;
  /** What it reported, in words, without what the other one reported. */
  readonly changes: readonly string[];
}

const isWrite = (step: TransitionStep) =>
  step.kind === "each" || step.kind === "keys" || step.kind === "write" ||
  step.kind === "insert" || step.kind === "script" ||
  (step.kind === "rows" && /^\s*(INSERT|UPDATE|DELETE)/.test(step.sql));

/** Runs a transition; before its first write, or its end, `meddle` runs. */
function* interrupt<Result>(
  transition: Transition<Result>,
  meddle: () => Transition<void>,
): Transition<Result> {
  let hasMeddled = false;
  let step = transition.next();
  while (!step.done) {
    if (!hasMeddled && isWrite(step.value)) {
      yield* meddle();
      hasMeddled = true;
    }
    step = transition.next(yield step.value);
  }
  if (!hasMeddled) yield* meddle();
  return step.value;
}

/** Runs a transition and keeps what it reports to itself. */
function* muted(transition: Transition<unknown>): Transition<void> {
  let step = transition.next();
  while (!step.done) {
    step = transition.next(step.value.kind === "change" ? [] : yield step.value);
  }
}

/**
 * Runs a transition that another writer interrupts. When it finds out and throws, it runs again as the store has it,
 * and then finds what the other one did.
 *
 * In every case the result and all tables must be as if the other writer had come first: that is checked here.
 */
export async function race<Result>(
  open: () => Promise<TestStore>,
  { given, transition, other }: Race<Result>,
): Promise<Raced<Result>> {
  const [raced, inOrder] = [await open(), await open()];
  await given(raced);
  await given(inOrder);
  raced.changes();
  let runs = 0;
  let hasWritten = false;
  const result = await raced.write(function* () {
    if (++runs === 2) {
      yield* muted(other(raced));
      return yield* transition(raced);
    }
    let between: unknown;
    const result = yield* interrupt(transition(raced), function* () {
      yield* muted(other(raced));
      between = yield* dumpTables();
    });
    hasWritten = JSON.stringify(between) !== JSON.stringify(yield* dumpTables());
    return result;
  });
  const changes = raced.changes();

  await inOrder.write(() => muted(other(inOrder)));
  inOrder.changes();
  const expected = await inOrder.write(() => transition(inOrder));
  assert.deepEqual(result, expected, "the result is not as if the other one had come first");
  assert.deepEqual(
    await raced.write(() => dumpTables()),
    await inOrder.write(() => dumpTables()),
    "the tables are not as if the other one had come first",
  );
  assert.deepEqual(
    changes,
    inOrder.changes(),
    "the reports are not as if the other had come first",
  );
  assert.ok(runs <= 2, `ran ${runs} times`);
  return { isStale: runs === 2, result, hasWritten, changes };
}

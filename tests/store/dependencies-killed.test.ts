/** The broker is killed between any two statements of what jobs that wait for others need: all of it happened, or nothing. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { removeJob } from "../../src/store/delete-jobs.ts";
import { addLinks, dropLinks } from "../../src/store/edit-links.ts";
import { enqueueJobs } from "../../src/store/enqueue.ts";
import { completeJobs, failJob } from "../../src/store/finish.ts";
import { settle, settlePending } from "../../src/store/settle.ts";
import type { Transition } from "../../src/store/transition.ts";
import { killBetween } from "./kill-between.ts";
import { demandConsistent, given, on, sketch, takeAll } from "./transitions/dependency-sketches.ts";
import { start, type TestStore, toEntry } from "./transitions/test-store.ts";

const graph = ["s: a", "c: a cancel, b", "r: a run as page", "d: c cancel", "e: d, b"];

/** What is interrupted, on a store in which `a` and `b` are in flight and the graph waits for them. */
const transitions: Readonly<Record<string, (store: TestStore) => Transition<unknown>>> = {
  "storing a graph": (store) =>
    enqueueJobs(["x: a, #1", "y"].map((text) => toEntry(sketch(text), start)), store.terms()),
  "a success": (store) => completeJobs([{ id: "a", result: "[1]" }], store.terms()),
  "successes": (store) => completeJobs([{ id: "a" }, { id: "b" }], store.terms()),
  "a death": (store) => failJob({ id: "a" }, { message: "m", kill: true }, store.terms()),
  "a deletion": (store) => removeJob("a", { terms: store.terms(), cascade: true }),
  "a deletion left for later": () => removeJob("a", { cascade: true }),
  "adding": () => addLinks("s", { ids: [on("b run")], isStrict: false }, start),
  "taking away": () => dropLinks("c", undefined, start),
  *"what was left for later"(store) {
    yield* settle([], store.terms());
    yield* settlePending(store.terms());
  },
};

async function setUp(store: TestStore, name: string): Promise<void> {
  await given(store, "a", "b");
  await takeAll(store);
  await given(store, ...graph);
  if (name !== "what was left for later") return;
  await store.write(() => failJob({ id: "b" }, { message: "m", kill: true }, store.terms()));
  await store.write(() => removeJob("a", { cascade: true }));
}

describe("a broker that is killed", () => {
  for (const [name, transition] of Object.entries(transitions)) {
    it(`between two statements of ${name} has done nothing of it`, async () => {
      const { killed, store } = await killBetween({
        setUp: (store) => setUp(store, name),
        transition,
      });
      assert.ok(killed >= 3, `${killed} statements`);
      if (name !== "a deletion left for later") await demandConsistent(store);
      await store.close();
    });
  }
});

/** The broker is killed between any two statements of a cancellation, of what becomes of it, or of a retry. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cancelJob, cancelJobs, forceCancellations } from "../../src/store/cancel.ts";
import { completeJobs, failJob } from "../../src/store/finish.ts";
import { releaseHolder } from "../../src/store/release.ts";
import { retryJobs } from "../../src/store/retry-jobs.ts";
import type { Transition } from "../../src/store/transition.ts";
import { killBetween } from "./kill-between.ts";
import { on } from "./transitions/dependency-sketches.ts";
import { dumpTables, start, type TestStore, toBinding } from "./transitions/test-store.ts";

const wish = { reason: "r", forceAfterMs: 5 };

/** What is interrupted: `a` and `b` are in flight, `b` is to be cancelled, `c` waits for `a`, `d` is ready, `e` is dead. */
const transitions: Readonly<Record<string, (store: TestStore) => Transition<unknown>>> = {
  "cancelling what runs": (store) => cancelJob("a", wish, store.terms()),
  "cancelling what waits": (store) => cancelJob("d", wish, store.terms()),
  "cancelling what waits for others": (store) => cancelJob("c", wish, store.terms()),
  "cancelling all": (store) => cancelJobs({}, wish, store.terms()),
  "taking away": (store) => forceCancellations({ ...store.terms(), now: start + 5 }),
  "a failure": (store) => failJob({ id: "b" }, { message: "m" }, store.terms()),
  "a success": (store) => completeJobs([{ id: "b" }], store.terms()),
  "the end of a stream": (store) => releaseHolder(1, store.terms()),
  "a retry": () => retryJobs({}, start),
};

async function setUp(store: TestStore): Promise<void> {
  const budgets = [toBinding("x", 1, { allocation: 9 })];
  await store.given({ id: "e" });
  await store.take();
  await store.write(() => failJob({ id: "e" }, { message: "m", kill: true }, store.terms()));
  await store.given({ id: "a", uniqueKey: "k" }, { id: "b", budgets });
  await store.take();
  await store.given({ id: "c", dependsOn: [on("a cancel")] }, { id: "d", tags: ["t"] });
  await store.write(() => cancelJob("b", wish, store.terms()));
}

describe("a broker that is killed", () => {
  for (const [name, transition] of Object.entries(transitions)) {
    it(`between two statements of ${name} has done nothing of it`, async () => {
      const { killed, before, store } = await killBetween({ setUp, transition });
      assert.ok(killed >= 2, `${killed} statements`);
      assert.notDeepEqual(await store.read(dumpTables()), before);
      await store.close();
    });
  }
});

/** The broker is killed between any two statements of what controls queues and settings: all of it happened, or nothing. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { claimJobs } from "../../src/store/claim.ts";
import { putConfig } from "../../src/store/config.ts";
import { fireCron, listDue } from "../../src/store/due-crons.ts";
import { trimCompleted } from "../../src/store/due-jobs.ts";
import { evictQueue } from "../../src/store/evict-queue.ts";
import { completeJobs } from "../../src/store/finish.ts";
import {
  changeQueueSettings,
  countInFlight,
  forgetQueue,
  recountInFlight,
} from "../../src/store/queue-settings.ts";
import { markSpawned } from "../../src/store/spawned.ts";
import type { Transition } from "../../src/store/transition.ts";
import { killBetween } from "./kill-between.ts";
import { draft, keep } from "./transitions/cron-sketches.ts";
import { dumpTables, start, type TestStore, toEntry } from "./transitions/test-store.ts";

const gates = { isShut: () => false, isRestricted: () => true };
const ask = { queues: undefined, limit: 9, holder: undefined, worker: "w" };

/** What is interrupted: queue `q` has a limit, three jobs in flight, two that are ready and two that are completed. */
const transitions: Readonly<Record<string, (store: TestStore) => Transition<unknown>>> = {
  "a limit": () => changeQueueSettings("r", { paused: true, maxInFlight: 3 }),
  "a claim": ({ broker }) =>
    claimJobs([ask], { backlogs: [], heads: undefined, gates }, { now: start, broker }),
  *"a success that is counted"(store) {
    yield* completeJobs([{ id: "a" }], store.terms());
    const job = { id: "a", seq: 1, queue: "q", type: "t", traits: 0 };
    const change = {
      kind: "jobs",
      from: 2,
      to: undefined,
      jobs: [job],
      cause: "succeeded",
    } as const;
    yield* countInFlight([change], () => true);
  },
  "taking what runs": (store) => evictQueue("q", store.terms()),
  "forgetting": () => forgetQueue("empty"),
  "trimming": () => trimCompleted(0),
  "a setting": () => putConfig("lease_ms", "5"),
  *"catching up"(store) {
    const [entry] = yield* listDue(start);
    const jobs = ["x", "y"].map((id) => {
      const stored = toEntry({ id }, start);
      return { ...stored, job: markSpawned(stored.job) };
    });
    yield* fireCron({ entry: entry!, nextAt: start + 10, jobs }, store.terms());
  },
};

async function setUp(store: TestStore): Promise<void> {
  const retention = '{"completed_ms":100000}';
  await store.given(...["m", "n"].map((id) => ({ id, retention })));
  await store.take();
  await store.write(() => completeJobs([{ id: "m" }, { id: "n" }], store.terms()));
  await store.given(...["a", "b", "c", "d", "e"].map((id) => ({ id })));
  await store.take({ limit: 3 });
  await store.write(() => changeQueueSettings("q", { maxInFlight: 4 }));
  await store.write(() => changeQueueSettings("empty", { paused: true }));
  await store.write(recountInFlight);
  const interval = { everyMs: 10, startAt: start - 10, catchUp: 1, backlog: 0 };
  await keep(store, draft("e", { expression: "", interval }));
}

describe("a broker that is killed", () => {
  for (const [name, transition] of Object.entries(transitions)) {
    it(`between two statements of ${name} has done nothing of it`, async () => {
      const { killed, before, store } = await killBetween({ setUp, transition });
      assert.ok(killed >= 1, `${killed} statements`);
      assert.notDeepEqual(await store.read(dumpTables()), before);
      await store.close();
    });
  }
});

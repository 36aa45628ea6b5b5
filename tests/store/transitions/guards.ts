/**
 * Guards: a transition changes what still stands as it was read, and says so when it does not.
 *
 * Another writer works between what a transition reads and what it writes. On SQLite there is none, on PostgreSQL
 * locks keep most of them away; here both go without.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { front } from "../../../src/store/backlog.ts";
import { createBudget, replaceBudget } from "../../../src/store/budgets.ts";
import { claimJobs } from "../../../src/store/claim.ts";
import type { ClaimRequest } from "../../../src/store/claim-builder.ts";
import { keepEntry, removeEntry, replaceGroup } from "../../../src/store/crons.ts";
import { removeJob, removeJobs } from "../../../src/store/delete-jobs.ts";
import { fireCron, listDue } from "../../../src/store/due-crons.ts";
import { promoteJobs, reapJobs } from "../../../src/store/due-jobs.ts";
import { enqueueJobs } from "../../../src/store/enqueue.ts";
import { completeJobs, failJob } from "../../../src/store/finish.ts";
import { releaseHolder } from "../../../src/store/release.ts";
import { registerHolder } from "../../../src/store/holders.ts";
import { patchJob, patchJobs } from "../../../src/store/patch-jobs.ts";
import { rebindJob, rebindJobs } from "../../../src/store/rebind.ts";
import { run, type Transition } from "../../../src/store/transition.ts";
import { cronTerms, draft, keep, toFiring } from "./cron-sketches.ts";
import { race } from "./race.ts";
import { start, type TestStore, toBinding, toEntry } from "./test-store.ts";

const holder = 1;
const budgets = [toBinding("x", 1, { allocation: 4 })];
const policy = { allocation: 4, durationMs: null, burst: null };
const kept = '{"completed_ms":50,"dead_ms":50}';

/** A holder that is registered, so that taking registers none. */
const register = (store: TestStore) =>
  store.write(() => registerHolder(undefined, { broker: store.broker, now: start }));
const request = (changes: Partial<ClaimRequest> = {}): ClaimRequest => {
  return { queues: undefined, limit: 10, holder, worker: undefined, ...changes };
};
const backlog = { queue: "q", budgetSet: '["x"]', from: front };

/** Other writers, which take, finish or change job `a`. */
const others = {
  *take(): Transition<void> {
    yield* run(
      "UPDATE jobs SET status = 2, holder = 2, deliveries = deliveries + 1 WHERE id = 'a'",
    );
    yield* run(
      "UPDATE budgets SET drawn = drawn + 1 WHERE key IN (SELECT key FROM bindings WHERE job_id = 'a')",
    );
  },
  remove: () => removeJob("a"),
  complete: (store: TestStore) => completeJobs([{ id: "a" }], store.terms()),
  postpone: () => patchJob("a", { readyAt: start + 500 }, start),
  release: (store: TestStore) => releaseHolder(holder, store.terms()),
  /** Gives the job back and delivers it to somebody else: it is in flight as before. */
  *redeliver(store: TestStore): Transition<void> {
    yield* others.release(store);
    yield* others.take();
  },
};

/** Defines the tests. */
export function describeGuards(open: () => Promise<TestStore>): void {
  const given = async (store: TestStore) => {
    await register(store);
    await store.given({ id: "a", retention: kept, budgets }, { id: "b", retention: kept });
  };
  const givenTaken = async (store: TestStore) => {
    await given(store);
    await store.take({ holder });
  };

  describe("guards", () => {
    describe("of taking", () => {
      const claim = (request: ClaimRequest, backlogs = [backlog]) => (store: TestStore) =>
        claimJobs([request], { backlogs, heads: undefined }, { now: start, broker: store.broker });
      const givenPlain = async (store: TestStore) => {
        await register(store);
        await store.given({ id: "a" }, { id: "b" });
      };

      for (const other of ["take", "remove", "postpone"] as const) {
        for (const queues of [undefined, ["q"]]) {
          it(`${queues ?? "all queues"}: starts over when somebody else could ${other} a job`, async () => {
            const { isStale, result } = await race(open, {
              given: givenPlain,
              transition: claim(request({ queues }), []),
              other: others[other],
            });
            assert.equal(isStale, true);
            assert.deepEqual(result.results[0]!.jobs.map(({ id }) => id), ["b"]);
          });
        }

        it(`several queues or budgets: starts over when somebody else could ${other} a job`, async () => {
          for (const queues of [undefined, ["q", "other"]]) {
            const { isStale, result } = await race(open, {
              given,
              transition: claim(request({ queues })),
              other: others[other],
            });
            assert.equal(isStale, true);
            assert.deepEqual(result.results[0]!.jobs.map(({ id }) => id), ["b"]);
          }
        });
      }

      it("writes and reports nothing when all jobs are somebody else's", async () => {
        const { result, hasWritten, changes } = await race(open, {
          given: async (store) => {
            await register(store);
            await store.given({ id: "a" });
          },
          transition: claim(request(), []),
          other: others.take,
        });
        assert.deepEqual([result.results[0]!.jobs, result.results[0]!.exhausted], [[], true]);
        assert.deepEqual([hasWritten, changes], [false, []]);
      });
    });

    describe("of the ends of a run", () => {
      for (const other of ["remove", "complete", "release"] as const) {
        it(`completeJobs() tells that somebody else could ${other} the job`, async () => {
          for (const retention of [kept, null]) {
            const { isStale, result, hasWritten, changes } = await race(open, {
              given: async (store) => {
                await register(store);
                await store.given({ id: "a", retention });
                await store.take({ holder });
              },
              transition: (store) => completeJobs([{ id: "a" }], store.terms()),
              other: others[other],
            });
            const missed = result.map(({ id }) => id);
            assert.deepEqual([isStale, missed, hasWritten, changes], [false, ["a"], false, []]);
          }
        });

        it(`failJob() tells that somebody else could ${other} the job: no record, no refund`, async () => {
          for (const failure of [{ message: "m" }, { message: "m", kill: true }]) {
            const { isStale, result, hasWritten, changes } = await race(open, {
              given: givenTaken,
              transition: (store) => failJob({ id: "a" }, failure, store.terms()),
              other: others[other],
            });
            assert.deepEqual([isStale, "missed" in result, hasWritten, changes], [
              false,
              true,
              false,
              [],
            ]);
          }
        });
      }

      it("releaseHolder() frees nothing that is somebody else's by now", async () => {
        for (const other of ["remove", "complete", "redeliver"] as const) {
          const { isStale, changes } = await race(open, {
            given: async (store) => {
              await register(store);
              await store.given({ id: "a", retention: kept, budgets });
              await store.take({ holder });
            },
            transition: (store) => releaseHolder(holder, store.terms()),
            other: others[other],
          });
          assert.deepEqual([isStale, changes], [false, []]);
        }
      });
    });

    describe("of changing jobs", () => {
      for (const other of ["take", "remove", "postpone"] as const) {
        it(`patchJob(), patchJobs() and removeJob() start over when somebody else could ${other} the job`, async () => {
          const transitions = [
            () => patchJob("a", { priority: 1 }, start),
            () => patchJobs({}, { priority: 1 }, start),
            () => removeJob("a"),
          ];
          for (const transition of transitions) {
            const raced = await race<unknown>(open, { given, transition, other: others[other] });
            assert.equal(raced.isStale, true);
          }
        });

        it(`rebindJob() and rebindJobs() start over when somebody else could ${other} the job`, async () => {
          const rebinding = { kind: "put", request: toBinding("x", 2) } as const;
          const transitions = [
            (store: TestStore) => rebindJob("a", rebinding, store.terms()),
            (store: TestStore) => rebindJobs({}, rebinding, store.terms()),
          ];
          for (const transition of transitions) {
            const raced = await race<unknown>(open, { given, transition, other: others[other] });
            assert.equal(raced.isStale, true);
          }
        });
      }

      it("patchJob() and removeJob() tell one delivery of a job from another", async () => {
        for (
          const transition of [() => patchJob("b", { priority: 1 }, start), () => removeJob("b")]
        ) {
          const raced = await race<unknown>(open, {
            given: givenTaken,
            transition,
            other: () => run("UPDATE jobs SET deliveries = deliveries + 1 WHERE id = 'b'"),
          });
          assert.equal(raced.isStale, true);
        }
      });

      it("removeJobs() starts over when jobs went or moved on since they were read", async () => {
        const taken = () => run("UPDATE jobs SET status = 2, deliveries = 1 WHERE id = 'b'");
        for (const other of [taken, others.take, others.remove, others.postpone]) {
          const { isStale } = await race<unknown>(open, {
            given,
            transition: () => removeJobs({}),
            other,
          });
          assert.equal(isStale, true);
        }
      });

      it("whatever creates a budget starts over when somebody else created it meanwhile", async () => {
        const request = toBinding("n", 1, { allocation: 1 });
        const transitions: readonly ((store: TestStore) => Transition<unknown>)[] = [
          (store) => enqueueJobs([toEntry({ id: "c", budgets: [request] }, start)], store.terms()),
          (store) => createBudget("n", policy, store.terms()),
          (store) => replaceBudget("n", policy, store.terms()),
          (store) => rebindJob("b", { kind: "add", request }, store.terms()),
        ];
        for (const transition of transitions) {
          const { isStale } = await race<unknown>(open, {
            given,
            transition,
            *other(store) {
              yield* createBudget("n", { ...policy, allocation: 3 }, store.terms());
              yield* run("UPDATE budgets SET drawn = 2 WHERE key = 'n'");
            },
          });
          assert.equal(isStale, true);
        }
      });

      it("a new cron group starts over when somebody else made one of its name meanwhile", async () => {
        const transitions: readonly ((store: TestStore) => Transition<unknown>)[] = [
          (store) => keepEntry("g", draft("e"), "create", cronTerms(store)),
          (store) =>
            replaceGroup("g", { paused: null, timezone: null, drafts: [] }, cronTerms(store)),
        ];
        for (const transition of transitions) {
          const { isStale } = await race<unknown>(open, {
            given,
            transition,
            other: (store) => keepEntry("g", draft("e"), "create", cronTerms(store)),
          });
          assert.equal(isStale, true);
        }
      });
    });

    describe("of what time does", () => {
      it("promoteJobs() leaves alone what was deleted, made ready or postponed meanwhile", async () => {
        const changes = [
          others.remove,
          others.postpone,
          () => patchJob("a", { readyAt: null }, start),
        ];
        for (const other of changes) {
          const raced = await race(open, {
            given: (store) =>
              store.given({ id: "a", readyAt: start + 5 }, { id: "b", readyAt: start + 5 }),
            transition: () => promoteJobs(start + 10),
            other,
          });
          assert.deepEqual([raced.isStale, raced.changes], [false, ["1 scheduled > ready: b"]]);
        }
      });

      it("reapJobs() leaves alone what was deleted meanwhile, or is kept longer", async () => {
        const changes = [
          others.remove,
          () => run("UPDATE jobs SET purge_at = purge_at + 500 WHERE id = 'a'"),
          () => run("UPDATE jobs SET status = 1, purge_at = NULL WHERE id = 'a'"),
        ];
        for (const other of changes) {
          const raced = await race(open, {
            given: async (store) => {
              await givenTaken(store);
              await store.write(() => completeJobs([{ id: "b" }], store.terms()));
              await store.write(() =>
                failJob({ id: "a" }, { message: "m", kill: true }, store.terms())
              );
            },
            transition: () => reapJobs(start + 100),
            other,
          });
          assert.deepEqual([raced.isStale, raced.changes], [false, ["1 completed > none: b"]]);
        }
      });

      it("fireCron() stores nothing when the schedule moved on or the entry is gone meanwhile", async () => {
        const changes = [
          () => removeEntry("g", "e"),
          () => run("UPDATE cron_entries SET next_enqueue_at = next_enqueue_at + 10"),
        ];
        for (const other of changes) {
          const raced = await race(open, {
            given: (store) => keep(store, draft("e")),
            *transition(store) {
              const [entry] = yield* listDue(start + 10);
              if (entry === undefined) return { fired: false };
              return yield* fireCron(toFiring(entry, "a", start + 10), store.terms());
            },
            other,
          });
          assert.deepEqual([raced.result, raced.hasWritten, raced.changes], [
            { fired: false },
            false,
            [],
          ]);
        }
      });
    });

    describe("of folding", () => {
      const part = (id: string) => {
        return {
          id,
          payload: `["${id}"]`,
          batch: { key: "k", when: "true", fold: "$existing + $new" },
        };
      };
      for (const other of ["take", "remove", "postpone"] as const) {
        it(`enqueueJobs() starts over when somebody else could ${other} the head of the batch`, async () => {
          const { isStale } = await race(open, {
            given: (store) => store.given(part("a")),
            transition: (store) => enqueueJobs([toEntry(part("b"), start)], store.terms()),
            *other() {
              yield* others[other]();
              if (other === "take") yield* run("UPDATE jobs SET heads_batch = 0 WHERE id = 'a'");
            },
          });
          assert.equal(isStale, true);
        });
      }
    });
  });
}

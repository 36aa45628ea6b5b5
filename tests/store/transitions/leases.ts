/**
 * Jobs under leases: taken, renewed, lost, taken away.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JobRun } from "../../../src/protocol/ack.ts";
import { removeJob, removeJobs } from "../../../src/store/delete-jobs.ts";
import { evictJobs } from "../../../src/store/evict-jobs.ts";
import { listLeased } from "../../../src/store/expire-leases.ts";
import { completeJobs, failJob } from "../../../src/store/finish.ts";
import { heartbeatJob, renewLeases } from "../../../src/store/heartbeat.ts";
import { deleteBroker, registerBroker } from "../../../src/store/holders.ts";
import { patchJob } from "../../../src/store/patch-jobs.ts";
import { getJob } from "../../../src/store/read.ts";
import { recoverJobs, releaseRuns } from "../../../src/store/release.ts";
import { farFuture } from "../../../src/store/add-saturating.ts";
import {
  expire,
  kept,
  leaseMs,
  leasesIn,
  maker,
  openTaken,
  renewal,
  take,
  tokenRun,
} from "./lease-sketches.ts";
import { race } from "./race.ts";
import { start, type TestStore, toBinding } from "./test-store.ts";

/** Defines the tests. */
export function describeLeases(open: () => Promise<TestStore>): void {
  describe("jobs under leases", () => {
    it("are in flight in nobody's hands, and their holder is told the token", async () => {
      const store = await open();
      await store.given({ id: "a" }, { id: "b", budgets: [toBinding("x", 1, { allocation: 4 })] });
      const { results, holder } = await take(store);
      const { jobs } = results[0]!;
      assert.equal(holder, undefined);
      assert.deepEqual(
        jobs.map(({ id, status, deliveries, traits }) => [id, status, deliveries, traits]),
        [
          ["a", 2, 1, 1],
          ["b", 2, 1, 1],
        ],
      );
      const { leaseToken, ...shown } = jobs[0]!.extra!;
      assert.deepEqual(shown, { workerId: "w", leaseExpiresAt: start + leaseMs });
      assert.notEqual(leaseToken, jobs[1]!.extra!.leaseToken);
      assert.deepEqual(await store.all("SELECT status, holder, traits FROM jobs"), [
        { status: 2, holder: null, traits: 1 },
        { status: 2, holder: null, traits: 1 },
      ]);
      assert.deepEqual(await leasesIn(store), ["a until 1000", "b until 1000"]);
      assert.deepEqual(store.changes(), [
        "2 ready > in_flight: a b",
        `leases at ${start + leaseMs}`,
      ]);
      const read = await store.read(getJob("a", start));
      assert.equal(read!.extra!.leaseToken, undefined);
      assert.equal(read!.extra!.leaseExpiresAt, start + leaseMs);
    });

    it("stay in flight when a broker is gone, or another recovers", async () => {
      const { store } = await openTaken(open, "a");
      await store.write(() => deleteBroker(store.broker));
      const other = await store.write(() => registerBroker(start));
      await store.write(() => recoverJobs(other, farFuture, store.terms()));
      assert.equal(await store.statuses(), "a in_flight");
      assert.deepEqual((await store.read(listLeased(-1, 5))).map(({ id }) => id), ["a"]);
      assert.deepEqual(await leasesIn(store), ["a until 1000"]);
    });

    it("leave no lease behind, whatever their flight ends with", async () => {
      const ends: Record<string, (store: TestStore) => Promise<unknown>> = {
        success: (store) => store.write(() => completeJobs([{ id: "a" }], store.terms())),
        failure: (store) => store.write(() => failJob({ id: "a" }, { message: "" }, store.terms())),
        death: (store) =>
          store.write(() => failJob({ id: "a" }, { message: "", kill: true }, store.terms())),
        release: (store) => store.write(() => releaseRuns([{ id: "a" }], store.terms())),
        delete: (store) => store.write(() => removeJob("a")),
        "delete many": (store) => store.write(() => removeJobs({})),
        timeout: (store) => store.write(() => evictJobs(["a"], store.terms())),
        loss: (store) => store.write(expire(store, start + leaseMs, 0)),
      };
      for (const [name, end] of Object.entries(ends)) {
        const { store } = await openTaken(open, "a");
        await end(store);
        assert.deepEqual(await leasesIn(store), [], name);
      }
      const { store } = await openTaken(open, "a");
      await store.write(() => patchJob("a", { priority: 1 }, start));
      assert.deepEqual(await leasesIn(store), ["a until 1000"], "a patch is no end");
    });

    it("end by reports of their holder, and of nobody else who says who it is", async () => {
      const { store, tokenOf } = await openTaken(open, "a", "b", "c", "d");
      const complete = (...runs: JobRun[]) => store.write(() => completeJobs(runs, store.terms()));
      const others = [{ token: "x" }, { worker: "v" }, { token: tokenOf("b"), worker: "w" }];
      for (const proof of others) {
        const missed = await complete({ id: "a", proof });
        assert.deepEqual(missed.map(({ id, job }) => [id, job!.status]), [["a", 2]]);
        assert.ok(
          "missed" in
            await store.write(() => failJob({ id: "a", proof }, { message: "" }, store.terms())),
        );
        const [released] = await store.write(() =>
          releaseRuns([{ id: "a", proof }], store.terms())
        );
        assert.ok("missed" in released!);
      }
      const right = [tokenRun("a", tokenOf("a")), { id: "b", proof: { worker: "w" } }, { id: "c" }];
      assert.deepEqual(await complete(...right), []);
      assert.deepEqual(
        await complete({ id: "d", delivery: 2, proof: { worker: "w" } }).then(({ length }) =>
          length
        ),
        1,
      );
      assert.equal(await store.statuses(), "a completed, b completed, c completed, d in_flight");
    });

    it("of a holder without a name end by reports of any name", async () => {
      const store = await open();
      await store.given({ id: "a", retention: kept });
      await store.take({ lease: maker, worker: undefined });
      const runs = [{ id: "a", proof: { worker: "v" } }];
      assert.deepEqual(await store.write(() => completeJobs(runs, store.terms())), []);
    });

    it("that a stream holds are refused to whoever has a token", async () => {
      const store = await open();
      await store.given({ id: "a" });
      await store.take();
      const missed = await store.write(() => completeJobs([tokenRun("a", "x")], store.terms()));
      assert.equal(missed.length, 1);
      const byName = [{ id: "a", proof: { worker: "v" } }];
      assert.deepEqual(await store.write(() => completeJobs(byName, store.terms())), []);
    });
  });

  describe("renewLeases()", () => {
    it("makes leases last from now on, and tells of each why it does not", async () => {
      const { store, tokenOf } = await openTaken(open, "a", "b");
      await store.given({ id: "r" }, { id: "s", readyAt: start + 9 });
      await store.take({ limit: 1 });
      await store.given({ id: "t" });
      store.changes();
      const runs: JobRun[] = [
        tokenRun("a", tokenOf("a")),
        tokenRun("b", tokenOf("a")),
        { id: "b", delivery: 2 },
        { id: "b", proof: { worker: "v" } },
        { id: "r" },
        { id: "s" },
        { id: "t" },
        { id: "none" },
      ];
      const outcomes = [];
      for (const run of runs) {
        outcomes.push(...await store.write(() => renewLeases([run], renewal(start + 10))));
      }
      assert.deepEqual(outcomes, [
        { id: "a", leaseExpiresAt: start + 1010 },
        { id: "b", refused: "other_worker" },
        { id: "b", refused: "other_worker" },
        { id: "b", refused: "other_worker" },
        { id: "r", refused: "not_leased" },
        { id: "s", refused: "not_running" },
        { id: "t", refused: "not_running" },
        { id: "none", refused: "missing" },
      ]);
      assert.deepEqual(store.changes(), [`leases at ${start + 1010}`]);
      assert.deepEqual(await leasesIn(store), ["a until 1010", "b until 1000"]);
    });

    it("keeps how long the holder said, and follows what is set otherwise", async () => {
      const { store } = await openTaken(open, "a", "b");
      await store.write(() => renewLeases([{ id: "a" }], renewal(start, 5)));
      const both = [{ id: "a" }, { id: "b" }];
      const slower = { ...renewal(start + 10), leaseMsOf: () => 7 };
      await store.write(() => renewLeases(both, slower));
      assert.deepEqual(await leasesIn(store), ["a until 15", "b until 17"]);
    });

    it("starts over when somebody else ended the flight", async () => {
      const others = [
        (store: TestStore) => completeJobs([{ id: "a" }], store.terms()),
        () => removeJob("a"),
        (store: TestStore) => evictJobs(["a"], store.terms()),
      ];
      for (const other of others) {
        const { isStale, result } = await race(open, {
          given: async (store) => {
            await store.given({ id: "a", retention: kept });
            await take(store);
          },
          transition: () => renewLeases([{ id: "a" }], renewal(start)),
          other,
        });
        assert.equal(isStale, true);
        assert.ok("refused" in result[0]!);
      }
    });
  });

  describe("heartbeatJob()", () => {
    it("saves payload and progress, which end with the flight or stay", async () => {
      const { store } = await openTaken(open, "a");
      const progress = { value: 0.5, message: "half\u0000" };
      const news = { payload: "[1]", progress };
      const job = await store.write(() => heartbeatJob({ id: "a" }, news, renewal(start + 1)));
      assert.ok(typeof job !== "string");
      assert.deepEqual(job.extra, { workerId: "w", leaseExpiresAt: start + 1001, progress });
      const bytes = { payload: new Uint8Array([1]), progress: undefined };
      await store.write(() => heartbeatJob({ id: "a" }, bytes, renewal(start + 1)));
      assert.deepEqual((await store.read(getJob("a", start)))!.extra!.progress, progress);
      await store.write(() => evictJobs(["a"], store.terms()));
      const read = (await store.read(getJob("a", start)))!;
      assert.deepEqual([read.payloadJson, [...read.payloadPack!], read.extra], [
        null,
        [1],
        undefined,
      ]);
    });

    it("changes nothing when it is refused", async () => {
      const { store } = await openTaken(open, "a");
      const news = { payload: "[1]", progress: 1 };
      const refused = () => heartbeatJob(tokenRun("a", "x"), news, renewal(start + 1));
      assert.equal(await store.write(refused), "other_worker");
      const read = (await store.read(getJob("a", start)))!;
      assert.deepEqual([read.payloadJson, read.extra!.progress], ["1", undefined]);
    });
  });
}

/**
 * Giving back many jobs, piece by piece, and ending those that were delivered too often.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { farFuture } from "../../../src/store/add-saturating.ts";
import { promoteJobs } from "../../../src/store/due-jobs.ts";
import { listErrors } from "../../../src/store/error-records.ts";
import { failJob } from "../../../src/store/finish.ts";
import { recoverJobs, releaseHolder } from "../../../src/store/release.ts";
import { registerBroker } from "../../../src/store/holders.ts";
import { type JobSketch, start, type TestStore, toBinding } from "./test-store.ts";

/** What a job may have that makes giving it back more than a change of its status. */
const kinds: Readonly<Record<string, Partial<JobSketch>>> = {
  "a plain job": {},
  "a job with a unique key": { uniqueKey: "k", uniqueWhile: "active" },
  "a job with budgets": { budgets: [toBinding("x", 2, { allocation: 9 })] },
  "a job with both": {
    uniqueKey: "k",
    uniqueWhile: "exists",
    budgets: [toBinding("x", 2, { allocation: 9 })],
  },
};

const noRetries = { retryLimit: 0 };

/** Takes all, and its stream ends, until a job is not ready any more: how often that was. */
async function releaseUntilDead(store: TestStore, maxDeliveries: number): Promise<number> {
  for (let times = 1; times <= 40; times++) {
    const { holder } = await store.take();
    await store.write(() => releaseHolder(holder, { ...store.terms(), maxDeliveries }));
    const [ready] = await store.all("SELECT count(*) AS n FROM jobs WHERE status = 1");
    if (ready!["n"] === 0) return times;
  }
  return Infinity;
}

const errorsOf = async (store: TestStore, id: string) => {
  const page = { from: undefined, order: "asc", limit: 9 } as const;
  return (await store.read(listErrors(id, page))).map(({ attempt, message, errorType }) => {
    return { attempt, message, errorType };
  });
};

/** Defines the tests. */
export function describeRelease(open: () => Promise<TestStore>): void {
  describe("jobs that are delivered too often", () => {
    for (const [kind, job] of Object.entries(kinds)) {
      it(`${kind} is dead then, with a record that says why`, async () => {
        const store = await open();
        await store.given({ id: "a", ...job, ...noRetries });
        assert.equal(await releaseUntilDead(store, 3), 4);
        assert.equal(await store.statuses(), "a dead");
        const row = (await store.row("a"))!;
        assert.deepEqual(
          [row["attempts"], row["deliveries"], row["failed_at"], row["holder"]],
          [1, 4, start, null],
        );
        assert.ok(row["purge_at"] as number > start);
        assert.deepEqual(await errorsOf(store, "a"), [{
          attempt: 1,
          message: "Delivered 4 times, and each time the worker was gone before it reported",
          errorType: "TooManyDeliveries",
        }]);
        const changes = store.changes();
        assert.equal(changes.filter((change) => change === "1 in_flight > ready: a").length, 3);
        assert.equal(changes.filter((change) => change === "1 in_flight > dead: a").length, 1);
        for (const { drawn } of await store.all("SELECT drawn FROM budgets")) {
          assert.equal(drawn, 0);
        }
        assert.deepEqual(await store.all("SELECT * FROM holders"), []);
        // The key of one that is only kept is free again.
        const isHeld = job.uniqueWhile === "exists";
        assert.equal(row["holds_key"], isHeld ? 1 : 0);
        const again = await store.enqueue({ id: "b", ...job });
        assert.deepEqual(
          (again as readonly { readonly duplicate: boolean }[]).map(({ duplicate }) => duplicate),
          [isHeld],
        );
      });
    }

    it("may be delivered for each retry, and so often beyond", async () => {
      for (const [retryLimit, maxDeliveries, times] of [[2, 3, 6], [0, 1, 2], [5, 1, 7]] as const) {
        const store = await open();
        await store.given(
          { id: "a", retryLimit },
          { id: "b", retryLimit, uniqueKey: "k", uniqueWhile: "queued" },
        );
        assert.equal(await releaseUntilDead(store, maxDeliveries), times);
        assert.equal(await store.statuses(), "a dead, b dead");
      }
    });

    it("have the broker's retries, if they say nothing of their own", async () => {
      const store = await open();
      await store.given({ id: "a" }, { id: "b", uniqueKey: "k", uniqueWhile: "queued" });
      const { defaultRetryLimit } = store.terms().defaults;
      assert.equal(await releaseUntilDead(store, 2), defaultRetryLimit + 2 + 1);
    });

    it("are given back for ever when there is no limit", async () => {
      const store = await open();
      await store.given(
        ...Object.values(kinds).slice(0, 3).map((job, at) => {
          return { id: `${at}`, ...job, ...noRetries };
        }),
      );
      assert.equal(await releaseUntilDead(store, 0), Infinity);
      assert.equal(await store.statuses(), "0 ready, 1 ready, 2 ready");
      assert.deepEqual(await store.all("SELECT * FROM errors"), []);
    });

    it("are not those that fail: these have their retries", async () => {
      const store = await open();
      await store.given({ id: "a", retryLimit: 3 });
      for (let attempt = 1; attempt <= 3; attempt++) {
        const { ids } = await store.take();
        assert.deepEqual(ids, ["a"]);
        const failure = { message: "m", retryAt: store.clock.now() };
        await store.write(() => failJob({ id: "a" }, failure, store.terms()));
        await store.write(() => promoteJobs(store.clock.now()));
      }
      const { holder } = await store.take();
      const terms = { ...store.terms(), maxDeliveries: 1 };
      await store.write(() => releaseHolder(holder, terms));
      assert.equal(await store.statuses(), "a ready");
    });

    it("are deleted when dead jobs are not kept, with what hangs on them", async () => {
      const store = await open();
      await store.given({
        id: "a",
        ...noRetries,
        retention: '{"dead_ms":0}',
        budgets: [toBinding("x", 2, { allocation: 9 })],
      });
      assert.equal(await releaseUntilDead(store, 1), 2);
      for (const table of ["jobs", "errors", "bindings"]) {
        assert.deepEqual(await store.all(`SELECT * FROM ${table}`), []);
      }
      assert.equal((await store.all("SELECT drawn FROM budgets"))[0]!["drawn"], 0);
      assert.ok(store.changes().includes("1 in_flight > none: a"));
    });

    it("give their tokens back beside those that may run again", async () => {
      const store = await open();
      const budgets = [toBinding("x", 2, { allocation: 99 })];
      await store.given(...["a", "b", "c", "d", "e"].map((id, at) => {
        return { id, budgets, retryLimit: at % 2 === 0 ? 9 : 0 };
      }));
      assert.equal(await releaseUntilDead(store, 1), 11);
      assert.equal(await store.statuses(), "a dead, b dead, c dead, d dead, e dead");
      assert.equal((await store.all("SELECT drawn FROM budgets"))[0]!["drawn"], 0);
      const first = store.changes().slice(0, 7);
      assert.deepEqual(first.at(-1), "budgets x refunded");
    });

    it("end also when their broker is gone", async () => {
      const store = await open();
      const gone = await store.write(() => registerBroker(start - 100));
      await store.given(
        ...Object.values(kinds).slice(0, 3).map((job, at) => {
          return { id: `${at}`, ...job, retryLimit: at };
        }),
      );
      const terms = { ...store.terms(), maxDeliveries: 1 };
      await store.take({ broker: gone });
      await store.write(() => recoverJobs(store.broker, farFuture, terms));
      assert.equal(await store.statuses(), "0 ready, 1 ready, 2 ready");
      const next = await store.write(() => registerBroker(start - 100));
      await store.take({ broker: next });
      await store.write(() => recoverJobs(store.broker, farFuture, terms));
      assert.equal(await store.statuses(), "0 dead, 1 ready, 2 ready");
      assert.equal((await errorsOf(store, "0"))[0]!.errorType, "TooManyDeliveries");
    });
  });

  describe("giving back many jobs", () => {
    const sizes = async (store: TestStore, piece: () => Promise<boolean>) => {
      const found: number[] = [];
      for (let hasMore = true; hasMore;) {
        const before = await inFlight(store);
        hasMore = await piece();
        found.push(before - await inFlight(store));
        assert.ok(found.length < 20, "it comes to no end");
      }
      return found;
    };
    const inFlight = async (store: TestStore) =>
      (await store.all("SELECT count(*) AS n FROM jobs WHERE status = 2"))[0]!["n"] as number;
    const fill = async (store: TestStore, count: number, job: Partial<JobSketch> = {}) => {
      await store.given(...Array.from({ length: count }, (_, at) => {
        return { id: `j${10_000 + at}`, ...job };
      }));
    };

    it("of a stream goes piece by piece, and the stream is forgotten with the last", async () => {
      for (
        const [count, pieces] of [[499, [499]], [500, [500, 0]], [1234, [500, 500, 234]]] as const
      ) {
        const store = await open();
        await fill(store, count);
        const { holder } = await store.take({ limit: 2000 });
        store.changes();
        const found = await sizes(store, async () => {
          const hasMore = await store.write(() => releaseHolder(holder, store.terms()));
          const rows = await store.all("SELECT id FROM holders");
          assert.deepEqual(rows.length, hasMore ? 1 : 0);
          return hasMore;
        });
        assert.deepEqual(found, pieces);
        const told = store.changes().map((change) => change.split(" ").slice(0, 4).join(" "));
        assert.deepEqual(
          told,
          pieces.filter((size) => size > 0).map((size) => `${size} in_flight > ready:`),
        );
        const [left] = await store.all(
          "SELECT count(*) AS n FROM jobs WHERE status = 1 AND holder IS NULL",
        );
        assert.equal(left!["n"], count);
      }
    });

    it("of all kinds gives back each of them once, and all tokens", async () => {
      const store = await open();
      await fill(store, 700);
      await store.given(
        ...Array.from({ length: 700 }, (_, at) => {
          return { id: `k${10_000 + at}`, budgets: [toBinding("x", 1, { allocation: 9999 })] };
        }),
        { id: "u", uniqueKey: "k", uniqueWhile: "queued" },
      );
      const { holder, ids } = await store.take({ limit: 2000 });
      assert.equal(ids.length, 1401);
      const other = await store.take();
      assert.deepEqual(other.ids, []);
      const terms = { ...store.terms(), maxDeliveries: 1 };
      const found = await sizes(
        store,
        () => store.write(() => releaseHolder(holder, terms)),
      );
      assert.ok(found.every((size) => size <= 1000), `${found}`);
      assert.equal(found.reduce((sum, size) => sum + size, 0), 1401);
      assert.equal((await store.all("SELECT drawn FROM budgets"))[0]!["drawn"], 0);
      const [kept] = await store.all("SELECT holds_key, status FROM jobs WHERE id = 'u'");
      assert.deepEqual(kept, { holds_key: 1, status: 1 });
    });

    it("of a broker that is gone goes piece by piece, and leaves what others hold", async () => {
      const store = await open();
      const gone = await store.write(() => registerBroker(start - 100));
      await fill(store, 1250);
      await store.take({ broker: gone, limit: 700 });
      await store.take({ broker: gone, limit: 500 });
      const mine = await store.take({ limit: 500 });
      assert.equal(mine.ids.length, 50);
      const found = await sizes(
        store,
        () => store.write(() => recoverJobs(store.broker, farFuture, store.terms())),
      );
      assert.deepEqual(found, [500, 500, 200]);
      assert.equal(await inFlight(store), 50);
      const holders = await store.all("SELECT id FROM holders");
      assert.deepEqual(holders, [{ id: mine.holder }]);
    });

    it("ends many that were delivered too often, piece by piece", async () => {
      const store = await open();
      await fill(store, 1100, noRetries);
      const terms = { ...store.terms(), maxDeliveries: 1 };
      for (const status of [1, 4]) {
        const { holder } = await store.take({ limit: 2000 });
        await sizes(store, () => store.write(() => releaseHolder(holder, terms)));
        const [found] = await store.all("SELECT count(*) AS n FROM jobs WHERE status = ?", status);
        assert.equal(found!["n"], 1100);
      }
      assert.equal((await store.all("SELECT count(*) AS n FROM errors"))[0]!["n"], 1100);
    });
  });
}

/** How jobs fare over an hour, a day and a month: docs/protocol.md, section 13.9. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { job, type TestBroker, withBroker } from "../support/broker.ts";
import { withCallers } from "../support/callers.ts";
import { send } from "../support/send.ts";

const [minuteMs, quarterMs, sixHoursMs] = [60_000, 900_000, 21_600_000];

/** Answers are looked at as they came. */
// deno-lint-ignore no-explicit-any
type Answer = any;

const ask = async ({ broker }: Pick<TestBroker, "broker">, query = ""): Promise<Answer> => {
  const { status, body } = await send(broker, "GET", `/stats${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
};

/** The points in which something happened: how many steps before the last, and what. */
const busy = ({ points }: Answer) =>
  points.flatMap(({ enqueued, completed, retries, failures }: Answer, at: number) =>
    enqueued + completed + retries + failures === 0
      ? []
      : [[points.length - 1 - at, enqueued, completed, retries, failures]]
  );

/** Enqueues a job, and has it succeed after a second. */
async function runOne(
  { client, clock, take }: TestBroker,
  request: Parameters<typeof job>[0] = {},
): Promise<void> {
  await client.enqueue(job(request));
  await clock.advance(500);
  const taken = await take();
  await clock.advance(1000);
  await client.success(taken.jobs[0]!);
  await taken.close();
  await clock.advance(0);
}

/** Goes to the beginning of a span of time. */
const align = ({ clock }: TestBroker, ms: number) =>
  clock.setNow(clock.now() + ms - clock.now() % ms);

describe("GET /stats", () => {
  it("has points without anything, in the width that was asked for", () =>
    withBroker(async (test) => {
      for (
        const [over, count, step] of [
          ["hour", 60, minuteMs],
          ["day", 96, quarterMs],
          ["month", 120, sixHoursMs],
        ] as const
      ) {
        const { points, total, ...rest } = await ask(test, `?over=${over}`);
        assert.deepEqual(rest, { over, step_ms: step });
        assert.equal(points.length, count);
        const last = test.clock.now() - test.clock.now() % step;
        const none = {
          enqueued: 0,
          completed: 0,
          retries: 0,
          failures: 0,
          cancelled: 0,
          wait: null,
          run: null,
          oldest_ms: null,
        };
        assert.deepEqual(points.at(-1), { at: last, ...none });
        assert.deepEqual(points[0], { at: last - (count - 1) * step, ...none });
        assert.deepEqual(total, none);
      }
      assert.deepEqual(await ask(test), await ask(test, "?over=hour"));
    }));

  it("tells in each width what happened when, as long as it shows it", () =>
    withBroker(async (test) => {
      const { clock } = test;
      align(test, sixHoursMs);
      await runOne(test);
      await clock.advance(3 * minuteMs);
      const { points, total } = await ask(test);
      assert.deepEqual(busy({ points }), [[3, 1, 1, 0, 0]]);
      const { wait, run } = points[56];
      assert.deepEqual([wait.count, wait.mean_ms, run.count, run.mean_ms], [1, 500, 1, 1000]);
      for (const [spans, ms] of [[wait, 500], [run, 1000], [total.wait, 500]]) {
        for (const share of ["p50_ms", "p95_ms", "p99_ms"]) {
          assert.ok(Math.abs(spans[share] - ms) <= ms / 8, `${share} ${spans[share]}`);
        }
      }
      const see = async () => [
        busy(await ask(test, "?over=hour")),
        busy(await ask(test, "?over=day")),
        busy(await ask(test, "?over=month")),
      ];
      assert.deepEqual(await see(), [[[3, 1, 1, 0, 0]], [[0, 1, 1, 0, 0]], [[0, 1, 1, 0, 0]]]);
      // By the wall clock: many timers would fire on the way.
      clock.setNow(clock.now() + 2 * 3_600_000);
      assert.deepEqual(await see(), [[], [[8, 1, 1, 0, 0]], [[0, 1, 1, 0, 0]]]);
      clock.setNow(clock.now() + 24 * 3_600_000);
      assert.deepEqual(await see(), [[], [], [[4, 1, 1, 0, 0]]]);
    }));

  it("tells queues and types apart", () =>
    withBroker(async (test) => {
      const { client, take, clock } = test;
      align(test, quarterMs);
      for (const [queue, type] of [["a", "x"], ["a", "y"], ["b", "x"]] as const) {
        await runOne(test, { queue, type });
      }
      await client.enqueue(job({ queue: "a", type: "y", retryLimit: 0 }));
      const taken = await take();
      await clock.advance(1);
      await client.failure(taken.jobs[0]!, { message: "m" });
      await taken.close();
      const counts = ({ total }: Answer) => [total.enqueued, total.completed, total.failures];
      assert.deepEqual(counts(await ask(test)), [4, 3, 1]);
      assert.deepEqual(counts(await ask(test, "?queue=a")), [3, 2, 1]);
      assert.deepEqual(counts(await ask(test, "?queue=a,b")), [4, 3, 1]);
      assert.deepEqual(counts(await ask(test, "?type=x")), [2, 2, 0]);
      assert.deepEqual(counts(await ask(test, "?queue=a&type=x")), [1, 1, 0]);
      assert.deepEqual(counts(await ask(test, "?queue=none")), [0, 0, 0]);
      const groups = ({ groups, more }: Answer) => [
        ...groups.map((group: Answer) => [
          group.queue ?? group.type,
          group.completed,
          group.failures,
          group.run?.count,
          group.ended.at(-1),
        ]),
        more,
      ];
      const byQueue = await ask(test, "?by=queue");
      assert.deepEqual(groups(byQueue), [["a", 2, 1, 2, 3], ["b", 1, 0, 1, 1], false]);
      assert.deepEqual(counts(byQueue), [4, 3, 1]);
      assert.deepEqual(groups(await ask(test, "?over=month&by=type")), [
        ["x", 2, 0, 2, 2],
        ["y", 1, 1, 1, 2],
        false,
      ]);
      assert.deepEqual(groups(await ask(test, "?queue=a&by=type")), [
        ["y", 1, 1, 1, 2],
        ["x", 1, 0, 1, 1],
        false,
      ]);
    }));

  it("tells how old the oldest ready job of a queue was, also where nothing happens", () =>
    withBroker(async (test) => {
      const { client, clock, take } = test;
      align(test, sixHoursMs);
      await client.enqueue(job({ queue: "a", type: "x" }));
      await clock.advance(30_000);
      await client.enqueue(job({ queue: "b", delayMs: 90_000 }));
      // A look is at any instant of a minute.
      await clock.advance(5 * minuteMs + 29_000);
      /** How many steps before the last, and how many minutes: those of less may be missing. */
      const ages = ({ points }: Answer) =>
        points.flatMap(({ oldest_ms }: Answer, at: number) =>
          oldest_ms === null || oldest_ms < minuteMs
            ? []
            : [[points.length - 1 - at, Math.floor(oldest_ms / minuteMs)]]
        );
      const old = [[4, 1], [3, 2], [2, 3], [1, 4], [0, 5]];
      assert.deepEqual(ages(await ask(test)), old);
      assert.deepEqual(ages(await ask(test, "?queue=a")), old);
      assert.deepEqual(ages(await ask(test, "?queue=b")), [[2, 1], [1, 2], [0, 3]]);
      assert.deepEqual(ages(await ask(test, "?over=day")), [[0, 5]]);
      const byQueue = await ask(test, "?by=queue");
      assert.deepEqual(
        byQueue.groups.map((
          { queue, oldest_ms }: Answer,
        ) => [queue, Math.floor(oldest_ms / minuteMs)]),
        [["a", 5], ["b", 3]],
      );
      // Types have none, and none is made up for those without rows of their own.
      const byType = await ask(test, "?queue=a&by=type");
      assert.deepEqual(
        byType.groups.map(({ type, oldest_ms }: Answer) => [type, oldest_ms]),
        [["x", null]],
      );
      assert.deepEqual(ages(await ask(test, "?type=x")), []);
      const taken = await take({ queues: ["a", "b"], prefetch: 9 });
      await clock.advance(2 * minuteMs);
      assert.deepEqual(ages(await ask(test)).at(-1), [2, 5]);
      await taken.close();
    }));

  it("tells it also of jobs that were ready before the broker started", async () => {
    const database = openSqlite(":memory:");
    const store = { ...database, close() {} };
    try {
      await withBroker(({ client }) => client.enqueue(job()).then(() => {}), { store });
      await withBroker(async (test) => {
        await test.broker.start();
        await test.clock.advance(2 * minuteMs);
        assert.equal((await ask(test)).total.oldest_ms, 2 * minuteMs);
      }, { store });
    } finally {
      database.close();
    }
  });

  it("puts types without end under one name, and tells of the busiest", () =>
    withBroker(async (test) => {
      const { client } = test;
      align(test, quarterMs);
      const jobs = Array.from(
        { length: 350 },
        (_, at) => job({ queue: `q${at % 7}`, type: `type-${at}` }),
      );
      // Through one broker each: several give names of their own.
      await client.enqueueMany(jobs);
      const { groups, more, total } = await ask(test, "?by=type");
      assert.deepEqual([groups.length, more, total.enqueued], [200, true, 350]);
      await client.enqueueMany(
        Array.from({ length: 150 }, (_, at) => job({ queue: "wild", type: `job-${at}` })),
      );
      const wild = await ask(test, "?queue=wild&by=type");
      assert.equal(wild.total.enqueued, 150);
      const [others, ...named] = wild.groups;
      assert.deepEqual([others.type, others.enqueued, named.length], [null, 50, 100]);
    }));

  it("says so if the broker keeps none", () =>
    withBroker(async (test) => {
      await test.client.enqueue(job());
      const { kept, total } = await ask(test, "");
      assert.deepEqual([kept, total.enqueued], [false, 0]);
    }, { statistics: false }));

  it("is read in pieces, with many rows", () =>
    withBroker(async (test) => {
      const { client, clock } = test;
      align(test, quarterMs);
      for (let minute = 0; minute < 8; minute++) {
        await client.enqueueMany(
          Array.from({ length: 90 }, (_, at) => job({ queue: `q${at % 2}`, type: `t${at}` })),
        );
        await clock.advance(minuteMs);
      }
      for (const query of ["?by=type", "?queue=q0,q1&by=type", "?by=queue"]) {
        const { total, groups } = await ask(test, query);
        const summed = groups.reduce((sum: number, group: Answer) => sum + group.enqueued, 0);
        assert.deepEqual([total.enqueued, summed], [720, 720], query);
      }
    }));

  it("says what is wrong with a query", () =>
    withBroker(async ({ broker }) => {
      const names = Array.from({ length: 101 }, (_, at) => `n${at}`).join();
      for (
        const [query, complaint] of [
          ["over=year", `'over' must be one of hour, day, month, got "year"`],
          ["over=", `'over' must be one of hour, day, month, got ""`],
          ["by=worker", `'by' must be one of queue, type, got "worker"`],
          ["over=day&over=day", `'over' is given twice`],
          ["day=1", `unknown parameter "day"`],
          [`queue=${names}`, `'queue' must name 100 at most, got 101`],
          [`type=${names}`, `'type' must name 100 at most, got 101`],
        ] as const
      ) {
        assert.deepEqual(await send(broker, "GET", `/stats?${query}`), {
          status: 400,
          body: { error: `invalid query parameters: ${complaint}` },
        });
      }
    }));

  it("goes with a reset, and is empty where statistics are off", async () => {
    await withBroker(async (test) => {
      await runOne(test);
      assert.equal((await ask(test)).total.completed, 1);
      await test.client.reset();
      for (const over of ["hour", "day", "month"]) {
        assert.equal((await ask(test, `?over=${over}`)).total.completed, 0);
      }
    });
    await withBroker(async (test) => {
      await runOne(test);
      assert.equal((await ask(test)).total.enqueued, 0);
    }, { statistics: false });
  });

  it("tells a limited caller only of what is in its reach", () =>
    withCallers({
      all: { scopes: ["read"] },
      some: { scopes: ["read"], queues: ["mail"] },
      typed: { scopes: ["read"], types: ["greet"] },
      worker: { scopes: ["work"] },
    }, async ({ broker }) => {
      const as = async (token: string, query: string) => {
        const headers = { authorization: `Bearer ${token}` };
        const answer = await broker.fetch(new Request(`http://broker/stats${query}`, { headers }));
        await answer.body?.cancel();
        return answer.status;
      };
      assert.equal(await as("all", ""), 200);
      assert.equal(await as("some", "?queue=mail"), 200);
      assert.equal(await as("some", "?queue=mail&by=type"), 200);
      for (const query of ["", "?by=queue", "?queue=other", "?queue=mail,other"]) {
        assert.equal(await as("some", query), 403, query);
      }
      assert.equal(await as("typed", "?type=greet"), 200);
      assert.equal(await as("typed", "?queue=mail"), 403);
      assert.equal(await as("worker", ""), 403);
      assert.equal(await as("nobody", ""), 401);
    }));
});

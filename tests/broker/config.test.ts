/** Settings that are changed while the broker runs: docs/protocol.md, section 16.2. */

import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { configRows } from "../../src/broker/engine/config-table.ts";
import { createBroker, defaultSettings } from "../../src/broker/mod.ts";
import { createConfig } from "../../src/client/mod.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { job, type TestBroker, withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";
import { formats } from "../support/formats.ts";

const put = ({ broker }: Pick<TestBroker, "broker">, key: string, value: unknown) =>
  send(broker, "PUT", `/config/${key}`, { value });
const get = async ({ broker }: Pick<TestBroker, "broker">, key: string) =>
  (await send(broker, "GET", `/config/${key}`)).body;

describe("the settings that may be changed", () => {
  it("are all others than those that are read at the start only", () => {
    const fixed = [
      "idempotencyMs",
      "maxJqSteps",
      "maxSearches",
      "maxBodyBytes",
      "maxPayloadBytes",
      "maxPageBytes",
      "maxCalls",
      "maxWaiting",
      "maxHeldBytes",
      "maxItemsPerCall",
      "maxEventListeners",
      "allowBrowsers",
      "bodyTimeoutMs",
      "history",
      "statistics",
    ];
    const changeable = configRows.map(({ name }) => name);
    assert.deepEqual(
      [...changeable, ...fixed].sort(),
      Object.keys(defaultSettings).sort(),
    );
    const keys = configRows.map(({ key }) => key);
    assert.deepEqual(keys, [...keys].sort());
  });

  it("are listed with their values, defaults and units", () =>
    withBroker(async (parts) => {
      const { body } = await send(parts.broker, "GET", "/config");
      assert.deepEqual(
        body.config.map(({ key }: { key: string }) => key),
        configRows.map(({ key }) => key),
      );
      assert.deepEqual(await get(parts, "lease_ms"), {
        key: "lease_ms",
        value: 60_000,
        default: 60_000,
        unit: "ms",
        is_set: false,
      });
      assert.deepEqual((await get(parts, "default_backoff")).value, {
        exponent: 4,
        base_ms: 15_000,
        jitter_ms: 30_000,
      });
      assert.equal((await get(parts, "default_retry_limit")).default, 3);
    }, { defaultRetryLimit: 3 }));

  it("are set, unset, and kept over a restart", async () => {
    const path = `${await mkdtemp(`${tmpdir()}/millrace-`)}/jobs.db`;
    const open = () => createBroker({ store: openSqlite(path), clock: createTestClock() });
    const first = { broker: open() };
    assert.deepEqual((await put(first, "lease_ms", 5000)).body, {
      key: "lease_ms",
      value: 5000,
      default: 60_000,
      unit: "ms",
      is_set: true,
    });
    const backoff = { exponent: 1.5, base_ms: 1, jitter_ms: 2 };
    assert.deepEqual((await put(first, "default_backoff", backoff)).body.value, backoff);
    await put(first, "grace_ms", 0);
    await first.broker.stop();
    const second = { broker: open() };
    assert.equal((await get(second, "lease_ms")).value, 5000);
    assert.deepEqual((await get(second, "default_backoff")).value, backoff);
    assert.equal((await get(second, "grace_ms")).value, 0);
    assert.equal((await send(second.broker, "DELETE", "/config/lease_ms")).status, 204);
    assert.equal((await send(second.broker, "DELETE", "/config/lease_ms")).status, 204);
    const { value, is_set } = await get(second, "lease_ms");
    assert.deepEqual([value, is_set], [60_000, false]);
    await second.broker.stop();
  });

  for (
    const [key, value, status, error] of [
      ["lease_ms", 0, 422, /^config 'lease_ms' is 0, must be an integer from 1 to 4294967295$/],
      ["lease_ms", "soon", 422, /^config 'lease_ms' is "soon", must be an integer from 1/],
      ["lease_ms", 1.5, 422, /^config 'lease_ms' is 1.5, must be/],
      ["stream_in_flight_percent", 101, 422, /is 101, must be an integer from 1 to 100$/],
      ["default_backoff", 7, 422, /^config 'default_backoff' is 7, must have a number exponent/],
      ["default_backoff", { exponent: 1, base_ms: -1, jitter_ms: 0 }, 422, /base_ms: expected/],
      ["heartbeat", 5, 404, /^config 'heartbeat' not found$/],
      ["lease_ms", null, 400, /a value that is not null/],
    ] as const
  ) {
    it(`are refused: ${key} ${JSON.stringify(value)}`, () =>
      withBroker(async (parts) => {
        const answer = await put(parts, key, value);
        assert.equal(answer.status, status);
        assert.match(answer.body.error, error);
        const { body } = await send(parts.broker, "GET", "/config");
        assert.ok(body.config.every(({ is_set }: { is_set: boolean }) => !is_set));
      }));
  }

  it("are refused with other members, and where there are none", () =>
    withBroker(async ({ broker }) => {
      assert.equal((await send(broker, "PUT", "/config/lease_ms", { val: 1 })).status, 400);
      assert.equal((await send(broker, "PUT", "/config/lease_ms", 5)).status, 400);
      assert.equal((await send(broker, "GET", "/config/none")).status, 404);
      assert.equal((await send(broker, "DELETE", "/config/none")).status, 404);
    }));
});

describe("a setting that is changed", () => {
  it("holds at once for retries, backoff and retention", () =>
    withBroker(async (parts) => {
      const { client, clock, take } = parts;
      await put(parts, "default_retry_limit", 1);
      await put(parts, "default_backoff", { exponent: 0, base_ms: 500, jitter_ms: 0 });
      await put(parts, "default_completed_retention_ms", 9000);
      await client.enqueueMany([job(), job({ type: "u" })]);
      const { jobs } = await take({ prefetch: 9 });
      await clock.settle();
      const failed = await client.failure(jobs[0]!, { message: "m" });
      assert.equal(failed.readyAt - clock.now(), 1500);
      await clock.advance(1500);
      assert.equal((await client.failure(jobs[2]!, { message: "m" })).status, "dead");
      await client.success(jobs[1]!);
      assert.equal((await client.get(jobs[1]!.id)).purgeAt, clock.now() + 9000);
    }));

  it("holds at once for what may be in flight, also for streams that are open", () =>
    withBroker(async (parts) => {
      const { client, clock, take } = parts;
      await client.enqueueMany(Array.from({ length: 30 }, () => job()));
      const { jobs } = await take({ prefetch: 100 });
      await clock.settle();
      assert.equal(jobs.length, 2);
      await put(parts, "stream_in_flight_percent", 100);
      await clock.settle();
      assert.equal(jobs.length, 4);
      await put(parts, "global_in_flight_limit", 20);
      await clock.settle();
      assert.equal(jobs.length, 20);
      await put(parts, "global_in_flight_limit", 19);
      await client.success(jobs[0]!);
      await clock.settle();
      assert.equal(jobs.length, 20);
      await send(parts.broker, "DELETE", "/config/global_in_flight_limit");
      await put(parts, "global_in_flight_limit", 0);
      await clock.settle();
      assert.equal(jobs.length, 30);
    }, { globalInFlightLimit: 4 }));

  it("holds for leases, unless their queue has terms of its own", () =>
    withBroker(async (parts) => {
      const { broker, client, clock } = parts;
      await put(parts, "lease_ms", 7000);
      await put(parts, "grace_ms", 0);
      await send(broker, "PATCH", "/queues/own", { lease_ms: 2000, grace_ms: 1000 });
      for (const queue of ["own", "other"]) await client.enqueue(job({ queue }));
      const { body } = await send(broker, "POST", "/jobs/take", { count: 2 });
      const leases = Object.fromEntries(
        body.jobs.map((job: { queue: string; lease_expires_at: number }) => [
          job.queue,
          job.lease_expires_at - clock.now(),
        ]),
      );
      assert.deepEqual(leases, { own: 2000, other: 7000 });
      await clock.advance(2999);
      assert.equal(await client.count({ status: "in_flight" }), 2);
      await clock.advance(2);
      assert.equal(await client.count({ status: "in_flight", queue: "own" }), 0);
      await clock.advance(4000);
      assert.equal(await client.count({ status: "in_flight" }), 0);
      await send(broker, "PATCH", "/queues/own", { lease_ms: null, grace_ms: null });
      assert.deepEqual((await send(broker, "GET", "/queues/own/settings")).body, {
        queue: "own",
        paused: false,
      });
    }));
});

describe("completed_limit", () => {
  const complete = async ({ client, clock, take }: TestBroker, count: number) => {
    const jobs = await client.enqueueMany(
      Array.from({ length: count }, () => job({ retention: { completedMs: 1e9 } })),
    );
    const taken = await take({ prefetch: 5000 });
    await clock.settle();
    for (const { id } of jobs) {
      await clock.advance(1);
      await client.success(taken.jobs.find((job) => job.id === id)!);
    }
    await taken.close();
    return jobs.map(({ id }) => id);
  };
  const left = async ({ client }: TestBroker) =>
    (await client.page({ status: "completed", limit: 1000 })).jobs.map(({ id }) => id);

  it("keeps the newest completed jobs, within the interval of the reaper (25)", () =>
    withBroker(async (parts) => {
      await put(parts, "completed_limit", 5);
      const ids = await complete(parts, 10);
      await parts.clock.advance(30_000);
      assert.deepEqual(await left(parts), ids.slice(5));
      const more = await complete(parts, 2);
      await parts.clock.advance(30_000);
      assert.deepEqual(await left(parts), [...ids.slice(7), ...more]);
    }));

  it("holds for what is there when it is set, and nobody counts without it", () =>
    withBroker(async (parts) => {
      const ids = await complete(parts, 4);
      await parts.clock.advance(60_000);
      assert.equal((await left(parts)).length, 4);
      await put(parts, "completed_limit", 1);
      await parts.clock.settle();
      assert.deepEqual(await left(parts), ids.slice(3));
    }));

  it("deletes in pieces", () =>
    withBroker(async (parts) => {
      const { client, clock, take } = parts;
      await client.enqueueMany(
        Array.from({ length: 2500 }, () => job({ retention: { completedMs: 1e9 } })),
      );
      const taken = await take({ prefetch: 5000 });
      await clock.settle();
      await client.successMany(taken.jobs);
      await put(parts, "completed_limit", 10);
      await clock.settle();
      assert.equal(await client.count({ status: "completed" }), 10);
    }, { globalInFlightLimit: 0 }));
});

for (const format of ["json", "msgpack"] as const) {
  describe(`createConfig, ${format}`, () => {
    it("lists, gets, sets and unsets", () =>
      withBroker(async ({ broker }) => {
        const config = createConfig({ fetch: broker.fetch, format: formats[format] });
        const set = await config.set("grace_ms", 1);
        assert.deepEqual(set, {
          key: "grace_ms",
          value: 1,
          default: 10_000,
          unit: "ms",
          isSet: true,
        });
        const backoff = { exponent: 2, baseMs: 3, jitterMs: 4 };
        assert.deepEqual((await config.set("default_backoff", backoff)).value, backoff);
        assert.deepEqual(await config.get("grace_ms"), set);
        const listed = await config.list();
        assert.deepEqual(listed.filter(({ isSet }) => isSet).map(({ key }) => key), [
          "default_backoff",
          "grace_ms",
        ]);
        await config.unset("grace_ms");
        assert.equal((await config.get("grace_ms")).value, 10_000);
        await assert.rejects(config.get("none"), { code: "not_found" });
        await assert.rejects(config.set("grace_ms", -1), { status: 422 });
        await assert.rejects(config.set("grace_ms", NaN), RangeError);
      }));
  });
}

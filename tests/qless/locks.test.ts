/**
 * What qless says of locks (`spec/qless.md`, sections 6, 8 and 11; Appendix B, statements 11, 14 to 18 and 20), over HTTP.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Broker } from "../../src/broker/mod.ts";
import { withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

/** Stores a job, and gives its id. */
async function put(broker: Broker, changes: object = {}): Promise<string> {
  const { status, body } = await send(broker, "POST", "/jobs", {
    type: "t",
    queue: "q",
    payload: null,
    ...changes,
  });
  assert.equal(status, 201, JSON.stringify(body));
  return body.id;
}

/** Takes jobs as a worker of that name. */
async function pop(broker: Broker, worker: string, changes: object = {}) {
  const { status, body } = await send(broker, "POST", "/jobs/take", { worker, ...changes });
  assert.equal(status, 200, JSON.stringify(body));
  return body.jobs as { readonly [member: string]: unknown; readonly id: string }[];
}

/** Sends a call as a worker of that name does. */
async function as(broker: Broker, worker: string, path: string, body?: object) {
  const response = await broker.fetch(
    new Request(`http://broker${path}`, {
      method: "POST",
      headers: { "worker-id": worker, "content-type": "application/json" },
      ...body !== undefined && { body: JSON.stringify(body) },
    }),
  );
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

const heartbeat = (broker: Broker, worker: string, id: string) =>
  as(broker, worker, `/jobs/${id}/heartbeat`, {});

const get = async (broker: Broker, id: string) => (await send(broker, "GET", `/jobs/${id}`)).body;

const idsOf = (jobs: readonly { readonly id: string }[]) => jobs.map(({ id }) => id);

const minute = 60_000;

describe("a lock that expires", () => {
  it("with one job in flight at most and no grace, the next pop gets the same job, a retry less left", () =>
    withBroker(async ({ broker, clock }) => {
      const budget = { allocation: 1, strategy: { type: "while_in_flight" } };
      await send(broker, "PUT", "/budgets/one", budget);
      const id = await put(broker, { retry_limit: 5, budgets: [{ key: "one" }] });
      await put(broker, { retry_limit: 5, budgets: [{ key: "one" }] });
      assert.deepEqual(idsOf(await pop(broker, "a")), [id]);
      assert.deepEqual(await pop(broker, "b"), [], "only one may run");
      await clock.advance(minute);
      const [again] = await pop(broker, "b", { count: 2 });
      assert.deepEqual([again!.id, again!["attempts"]], [id, 1]);
      assert.deepEqual(await pop(broker, "b"), []);
    }, { leaseGraceMs: 0 }));

  it("without grace, another worker gets the job, and the first one's heartbeat is refused", () =>
    withBroker(async ({ broker, clock }) => {
      const id = await put(broker);
      await pop(broker, "a");
      await clock.advance(minute);
      const [taken] = await pop(broker, "b");
      assert.deepEqual([taken!.id, taken!["worker_id"]], [id, "b"]);
      const refused = await heartbeat(broker, "a", id);
      assert.deepEqual([refused.status, refused.body.reason], [409, "other_worker"]);
      assert.equal((await heartbeat(broker, "b", id)).status, 200);
    }, { leaseGraceMs: 0 }));

  it("with a grace of 10 s, the job is handed out no sooner than that after it expired, on every loss", () =>
    withBroker(async ({ broker, clock }) => {
      const id = await put(broker);
      for (const worker of ["a", "b", "c"]) {
        assert.deepEqual(idsOf(await pop(broker, worker)), [id], worker);
        await clock.advance(minute);
        assert.deepEqual(await pop(broker, "other"), [], worker);
        await clock.advance(9999);
        assert.deepEqual(await pop(broker, "other"), [], worker);
        await clock.advance(1);
      }
      const { attempts, status } = await get(broker, id);
      assert.deepEqual([attempts, status], [2, "in_flight"], "the last was not looked at yet");
      const [last] = await pop(broker, "d");
      assert.deepEqual([last!.id, last!["attempts"]], [id, 3]);
    }, { timers: false }));

  it("in the window of grace, its holder may fail the job, which is then not handed out", () =>
    withBroker(async ({ broker, clock }) => {
      const id = await put(broker);
      await pop(broker, "a");
      await clock.advance(minute);
      assert.deepEqual(await pop(broker, "b"), []);
      const failed = await as(broker, "a", `/jobs/${id}/failure`, { message: "m", kill: true });
      assert.equal(failed.status, 200);
      await clock.advance(minute);
      assert.deepEqual(await pop(broker, "b"), []);
      assert.equal((await get(broker, id)).status, "dead");
    }));

  it("a heartbeat in the window of grace closes it: the next expiry has a window of its own", () =>
    withBroker(async ({ broker, clock }) => {
      const id = await put(broker);
      await pop(broker, "a");
      await clock.advance(minute);
      assert.deepEqual(await pop(broker, "b"), []);
      assert.equal((await heartbeat(broker, "a", id)).status, 200);
      await clock.advance(minute);
      assert.deepEqual(await pop(broker, "b"), [], "a new window, and not the end of the first");
      await clock.advance(9999);
      assert.deepEqual(await pop(broker, "b"), []);
      await clock.advance(1);
      assert.deepEqual(idsOf(await pop(broker, "b")), [id]);
    }));

  it("without retries, one lost lock kills the job", () =>
    withBroker(async ({ broker, clock }) => {
      const id = await put(broker, { retry_limit: 0 });
      await pop(broker, "a");
      await clock.advance(minute + 10_000);
      await clock.settle();
      await clock.advance(10_000);
      assert.deepEqual(await pop(broker, "b"), []);
      const { status, attempts } = await get(broker, id);
      assert.deepEqual([status, attempts], ["dead", 1]);
      const { body: { errors } } = await send(broker, "GET", `/jobs/${id}/errors`);
      assert.deepEqual([errors.length, errors[0].error_type], [1, "LeaseLost"]);
      const { body: { groups } } = await send(broker, "GET", "/failures");
      assert.deepEqual(groups, [{ group: "failed-retries-q", count: 1 }]);
    }));
});

describe("a heartbeat", () => {
  it("gives a later expiry", () =>
    withBroker(async ({ broker, clock }) => {
      const id = await put(broker);
      const [taken] = await pop(broker, "a");
      await clock.advance(1000);
      const { body } = await heartbeat(broker, "a", id);
      assert.equal(body.lease_expires_at, taken!["lease_expires_at"] as number + 1000);
    }));

  it("is refused of a job that waits, is scheduled, dead, completed, unknown or another worker's", () =>
    withBroker(async ({ broker }) => {
      const reasonOf = async (id: string) => {
        const { status, body } = await heartbeat(broker, "a", id);
        return [status, body.reason];
      };
      const kept = { retention: { completed_ms: minute } };
      const [dead, completed, others] = [
        await put(broker),
        await put(broker, kept),
        await put(broker),
      ];
      await pop(broker, "a", { count: 2 });
      await as(broker, "a", `/jobs/${dead}/failure`, { message: "m", kill: true });
      await as(broker, "a", `/jobs/${completed}/success`);
      assert.deepEqual(idsOf(await pop(broker, "b")), [others]);
      const waiting = await put(broker);
      const scheduled = await put(broker, { delay_ms: minute });
      for (const id of [waiting, scheduled, dead, completed]) {
        assert.deepEqual(await reasonOf(id), [409, "not_running"]);
      }
      assert.deepEqual(await reasonOf(others), [409, "other_worker"]);
      assert.deepEqual(await reasonOf("0"), [404, undefined]);
    }));

  it("after the expiry succeeds, and so do reports, as long as nobody acted on it", () =>
    withBroker(async ({ broker, clock }) => {
      const [first, second] = [await put(broker), await put(broker)];
      await pop(broker, "a", { count: 2 });
      await clock.advance(10 * minute);
      assert.equal((await heartbeat(broker, "a", first)).status, 200);
      assert.equal((await as(broker, "a", `/jobs/${second}/success`)).status, 204);
    }, { timers: false }));
});

describe("a retry with a delay of 10 s", () => {
  it("schedules the job, and refuses its former holder", () =>
    withBroker(async ({ broker }) => {
      const id = await put(broker);
      await pop(broker, "a");
      const retry = { message: "m", delay_ms: 10_000 };
      const { body } = await as(broker, "a", `/jobs/${id}/failure`, retry);
      assert.equal(body.status, "scheduled");
      for (
        const [action, message] of [["heartbeat", {}], ["success"], ["failure", retry]] as const
      ) {
        const { status, body } = await as(broker, "a", `/jobs/${id}/${action}`, message);
        assert.deepEqual([status, body.reason], [409, "not_running"], action);
      }
    }));
});

describe("a forced timeout", () => {
  it("makes the job ready at once, uncharged, and refuses its former holder", () =>
    withBroker(async ({ broker }) => {
      const id = await put(broker);
      await pop(broker, "a");
      assert.equal((await send(broker, "POST", `/jobs/${id}/timeout`)).body.status, "ready");
      const refused = await heartbeat(broker, "a", id);
      assert.deepEqual([refused.status, refused.body.reason], [409, "not_running"]);
      const [again] = await pop(broker, "b");
      assert.deepEqual([again!.id, again!["attempts"]], [id, 0]);
      const late = await as(broker, "a", `/jobs/${id}/success`);
      assert.deepEqual([late.status, late.body.reason], [409, "other_worker"]);
    }));

  it("of many is of all or none", () =>
    withBroker(async ({ broker }) => {
      const [taken, waiting] = [await put(broker), await put(broker)];
      await pop(broker, "a");
      const refused = await send(broker, "POST", "/jobs/timeout", { ids: [taken, waiting, "0"] });
      assert.deepEqual([refused.status, refused.body], [422, {
        not_found: ["0"],
        refused: [{ id: waiting, reason: "not_running" }],
      }]);
      assert.equal((await heartbeat(broker, "a", taken)).status, 200);
      const { body } = await send(broker, "POST", "/jobs/timeout", { ids: [taken, taken] });
      assert.deepEqual(body, { timed_out: 1 });
    }));
});

/** Jobs that a job stores in its run, each once: docs/protocol.md, section 4.9. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type ChildOf,
  type Client,
  createLeases,
  createMovement,
  type Job,
  type LeasesClient,
} from "../../src/client/mod.ts";
import { job, withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

const kept = { retention: { completedMs: 60_000 } };

const childOf = ({ id, deliveries, leaseToken }: Job, slot: string): ChildOf => ({
  id,
  slot,
  delivery: deliveries,
  token: leaseToken,
});

/** Runs a test with a job that is in flight under a lease. */
function withParent(
  test: (parts: {
    readonly client: Client;
    readonly leases: LeasesClient;
    readonly parent: Job;
    readonly broker: Parameters<Parameters<typeof withBroker>[0]>[0]["broker"];
    readonly clock: Parameters<Parameters<typeof withBroker>[0]>[0]["clock"];
  }) => Promise<void>,
): Promise<void> {
  return withBroker(async ({ broker, client, clock }) => {
    const leases = createLeases({ fetch: broker.fetch });
    await client.enqueue(job({ queue: "parents", ...kept }));
    const [parent] = await leases.take({ queues: ["parents"], leaseMs: 3_600_000 });
    await test({ client, leases, parent: parent!, broker, clock });
  });
}

const child = (parent: Job, slot: string, more = {}) =>
  job({ queue: "children", childOf: childOf(parent, slot), ...more });

describe("a child of a job", () => {
  it("is stored once for each slot, and says what it came from", () =>
    withParent(async ({ client, parent }) => {
      const first = await client.enqueue(child(parent, "a"));
      const again = await client.enqueue(child(parent, "a", { payload: "other" }));
      const other = await client.enqueue(child(parent, "b"));
      assert.deepEqual([first.duplicate, again.duplicate, other.duplicate], [false, true, false]);
      assert.equal(again.id, first.id);
      assert.equal(await client.count({ queue: "children" }), 2);
      const { spawnedFrom, payload } = await client.get(first.id);
      assert.deepEqual([spawnedFrom, payload], [parent.id, null]);
    }));

  it("is not stored again when it is done and gone, nor in a later try of the job", () =>
    withParent(async ({ client, leases, parent, clock }) => {
      const first = await client.enqueue(child(parent, "a"));
      const [taken] = await leases.take({ queues: ["children"] });
      await client.success(taken!);
      assert.equal(await client.count({ queue: "children" }), 0);
      await client.failure(parent, { message: "m", delayMs: 10 });
      await clock.advance(11);
      const [later] = await leases.take({ queues: ["parents"] });
      const again = await client.enqueue(child(later!, "a"));
      assert.deepEqual([again.id, again.duplicate, again.status], [first.id, true, "ready"]);
      assert.equal(await client.count({ queue: "children" }), 0);
      const fresh = await client.enqueue(child(later!, "b"));
      assert.equal(fresh.duplicate, false);
    }));

  it("is stored together with others, all or none, and they may wait for each other", () =>
    withParent(async ({ client, leases, parent }) => {
      const a = await client.enqueue(child(parent, "a"));
      const jobs = [
        child(parent, "a"),
        child(parent, "b"),
        job({ queue: "later", dependsOn: [{ item: 0 }, { item: 1 }] }),
      ];
      const stored = await client.enqueueMany(jobs);
      assert.deepEqual(stored.map(({ duplicate }) => duplicate), [true, false, false]);
      assert.equal(stored[0]!.id, a.id);
      const { dependsOn } = await client.get(stored[2]!.id);
      assert.deepEqual([...dependsOn!].sort(), [a.id, stored[1]!.id].sort());
      const again = await client.enqueueMany(jobs.slice(0, 2));
      assert.deepEqual(again.map(({ id }) => id), stored.slice(0, 2).map(({ id }) => id));
      const done = await leases.take({ queues: ["children"], count: 9 });
      assert.equal(done.length, 2);
      const refused = [child(parent, "c"), job({ queue: "a,b" })];
      await assert.rejects(client.enqueueMany(refused), { status: 400, message: /^jobs\[1\]: / });
      assert.equal((await client.enqueue(child(parent, "c"))).duplicate, false);
    }));

  it("is refused of a job that is not in flight at the delivery that asks", () =>
    withParent(async ({ client, leases, parent, broker }) => {
      const refused = (message: RegExp, one = child(parent, "a")) =>
        assert.rejects(client.enqueue(one), { code: "refused", status: 409, message });
      await leases.timeout(parent.id);
      await refused(/^job \S+, whose child it is to be, is not in flight at delivery 1$/);
      const [later] = await leases.take({ queues: ["parents"] });
      await refused(/is not in flight at delivery 1$/);
      const stolen = { ...later!, leaseToken: parent.leaseToken! };
      await refused(/is not in flight at delivery 2$/, child(stolen, "a"));
      await client.success(later!);
      await refused(/is not in flight at delivery 2$/, child(later!, "a"));
      const missing = { id: "nobody", slot: "a" };
      await refused(
        /^job nobody, whose child it is to be, is not in flight$/,
        job({ childOf: missing }),
      );
      const { status, body } = await send(broker, "POST", "/jobs/bulk", {
        jobs: [{ type: "t", queue: "q", payload: 1 }, {
          type: "t",
          queue: "q",
          payload: 1,
          child_of: missing,
        }],
      });
      assert.deepEqual([status, body.error.slice(0, 18)], [409, "jobs[1]: job nobod"]);
      assert.equal(await client.count({ queue: ["q", "children"] }), 0);
    }));

  it("is stored anew when the job begins anew, and not when it is retried", () =>
    withParent(async ({ client, leases, parent, broker }) => {
      const movement = createMovement({ fetch: broker.fetch });
      let last = parent;
      const again = async () => (await client.enqueue(child(last, "a"))).duplicate;
      const taken = async () => last = (await leases.take({ queues: ["parents", "next"] }))[0]!;
      assert.equal(await again(), false);
      await client.release(last);
      await taken();
      assert.equal(await again(), true);
      await movement.requeue(parent.id);
      await taken();
      assert.equal(await again(), false);
      await client.success(last, { next: { queue: "next" } });
      await taken();
      assert.equal(await again(), false);
      await movement.put(parent.id, job({ queue: "parents" }));
      await taken();
      assert.equal(await again(), false);
      assert.equal(await client.count({ queue: "children" }), 4);
    }));

  it("fills its slot also as a duplicate, or folded into another job", () =>
    withParent(async ({ client, parent }) => {
      const unique = await client.enqueue(job({ queue: "children", uniqueKey: "k" }));
      const first = await client.enqueue(child(parent, "a", { uniqueKey: "k" }));
      assert.deepEqual([first.id, first.duplicate], [unique.id, true]);
      await client.delete(unique.id);
      const again = await client.enqueue(child(parent, "a", { uniqueKey: "k" }));
      assert.deepEqual([again.id, again.duplicate], [unique.id, true]);
      const batch = { key: "b", when: "true", fold: "$existing + $new" };
      await client.enqueue(job({ queue: "children", batch, payload: [1] }));
      const folded = await client.enqueue(child(parent, "b", { batch, payload: [2] }));
      assert.equal(folded.folded, true);
      await client.enqueue(child(parent, "b", { batch, payload: [2] }));
      assert.deepEqual((await client.get(folded.id)).payload, [1, 2]);
    }));

  it("has a slot that is one, and no other of its call has it", () =>
    withParent(async ({ client, parent }) => {
      const refused = (slots: string[], message: RegExp) =>
        assert.rejects(client.enqueueMany(slots.map((slot) => child(parent, slot))), {
          status: 422,
          message,
        });
      await refused(["a", "b", "a"], /^jobs\[2\]: child_of\.slot "a" is given twice$/);
      await refused([""], /^jobs\[0\]: child_of\.slot has 0 characters, expected 1 to 1000/);
      await refused(["x".repeat(1001)], /has 1001 characters/);
      await refused(["a\0"], /none that is null$/);
      assert.equal(await client.count({ queue: "children" }), 0);
    }));
});

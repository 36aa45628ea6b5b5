/** What qless tells of jobs, queues and workers: statements of its behaviour, over the protocol. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { job, withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

describe("failures", () => {
  it("are counted by group, listed newest first, and all of a group are waiting after a requeue", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      const ids: string[] = [];
      const taken = await take({ prefetch: 0 });
      for (let at = 0; at < 6; at++) {
        const { id } = await client.enqueue(job());
        await clock.advance(1000);
        const failureGroup = at < 4 ? "first" : "second";
        await client.failure(id, { message: "a backtrace", failureGroup, kill: true });
        ids.push(id);
      }
      await taken.close();
      assert.deepEqual((await send(broker, "GET", "/failures")).body.groups, [
        { group: "first", count: 4 },
        { group: "second", count: 2 },
      ]);
      const newestFirst = "/jobs?status=dead&failure_group=first&sort=failed_at&order=desc";
      const { body } = await send(broker, "GET", newestFirst);
      assert.deepEqual(
        body.jobs.map(({ id }: { id: string }) => id),
        ids.slice(0, 4).reverse(),
      );
      assert.deepEqual((await send(broker, "POST", "/failures/first/requeue", {})).body, {
        requeued: 4,
      });
      assert.deepEqual((await send(broker, "GET", "/failures")).body.groups, [
        { group: "second", count: 2 },
      ]);
      const waiting = (await client.page({ status: "ready" })).jobs;
      assert.deepEqual(waiting.map(({ id }) => id), ids.slice(0, 4));
    }));
});

/** Who is woken when a budget pays again: docs/protocol.md, sections 8.5 and 8.6. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

describe("readers that wait for a budget", () => {
  it("are woken by tokens that come back, also after a job of a queue that nobody reads went in front", () =>
    withBroker(async ({ broker, clock, take }) => {
      const policy = { allocation: 1, strategy: { type: "while_in_flight" } };
      await send(broker, "PUT", "/budgets/k", policy);
      const enqueue = async (queue: string, priority: number) => {
        const job = { type: "t", queue, payload: null, priority, budgets: [{ key: "k", cost: 1 }] };
        return (await send(broker, "POST", "/jobs", job)).body.id as string;
      };
      const first = await enqueue("q", 5);
      const next = await enqueue("q", 5);
      const taken = await take({ prefetch: 10, queues: ["q"] });
      await clock.settle();
      await enqueue("unread", 1);
      await clock.settle();
      assert.deepEqual(taken.jobs.map(({ id }) => id), [first]);
      await send(broker, "POST", `/jobs/${first}/success`);
      await clock.settle();
      assert.deepEqual(taken.jobs.map(({ id }) => id), [first, next]);
    }));
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createEvents,
  type EventGap,
  type EventsClient,
  type JobEvent,
  type ListenDisconnect,
  type ListenOptions,
} from "../../src/client/mod.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { job, withBroker } from "../support/broker.ts";

/** Listens, and gathers what comes. */
function gather(events: EventsClient, options: ListenOptions = {}) {
  const heard: (JobEvent | EventGap)[] = [];
  const controller = new AbortController();
  const disconnects: ListenDisconnect[] = [];
  const ended = (async () => {
    const listening = events.listen({
      signal: controller.signal,
      disconnected: (event) => disconnects.push(event),
      ...options,
    });
    for await (const event of listening) heard.push(event);
  })();
  ended.catch(() => {});
  return { heard, disconnects, ended, stop: () => controller.abort(new Error("enough")) };
}

describe("createEvents()", () => {
  it("gives the events that are asked for, until its signal is aborted", () =>
    withBroker(async ({ broker, client, clock }) => {
      const events = createEvents({ fetch: broker.fetch, clock });
      const { heard, ended, stop } = gather(events, { queue: "q", kinds: ["enqueued", "changed"] });
      await clock.settle();
      const { id } = await client.enqueue(job({ tags: ["a"] }));
      await client.patch(id, { queue: "other" });
      await client.enqueue(job({ queue: "p" }));
      await clock.settle();
      assert.deepEqual(heard.map((event) => ({ ...event, cursor: undefined })), [
        {
          event: "enqueued",
          cursor: undefined,
          id,
          type: "t",
          queue: "q",
          status: "ready",
          tags: ["a"],
          at: clock.now(),
        },
        {
          event: "changed",
          cursor: undefined,
          id,
          type: "t",
          queue: "other",
          fromQueue: "q",
          status: "ready",
          tags: ["a"],
          at: clock.now(),
        },
      ]);
      stop();
      await assert.rejects(ended, { message: "enough" });
    }));

  it("closes its connection when the loop is left", () =>
    withBroker(async ({ broker, client, clock }) => {
      const events = createEvents({ fetch: broker.fetch, clock });
      const first = (async () => {
        for await (const { event } of events.listen()) return event;
      })();
      await clock.settle();
      await client.enqueue(job());
      await clock.settle();
      assert.equal(await first, "enqueued");
      await clock.advance(60_000);
      assert.equal(clock.timers, 0);
    }, { statistics: false })); // Their writing would be a timer.

  it("goes on where it was when connections break, however often", () =>
    withBroker(async ({ broker, client, clock }) => {
      const open: AbortController[] = [];
      const fetch = (request: Request) => {
        const controller = new AbortController();
        open.push(controller);
        request.signal.addEventListener("abort", () => controller.abort());
        return broker.fetch(new Request(request, { signal: controller.signal }));
      };
      const events = createEvents({ fetch, clock, random: () => 1 });
      const { heard, disconnects, stop } = gather(events, { kinds: "enqueued" });
      await clock.settle();
      const ids: string[] = [];
      for (let round = 0; round < 6; round++) {
        ids.push((await client.enqueue(job())).id);
        if (round % 2 === 0) await clock.settle();
        open.at(-1)!.abort(new Error("broken"));
        await clock.settle();
        ids.push((await client.enqueue(job())).id);
        await clock.advance(31_000);
      }
      assert.deepEqual(heard.map((event) => event.event === "gap" ? "gap" : event.id), ids);
      assert.equal(disconnects.length, 6);
      assert.equal(disconnects[0]!.retryInMs, 250);
      stop();
    }));

  it("opens a silent connection anew, and waits longer each time", () => {
    const clock = createTestClock();
    let calls = 0;
    const fetch = () => {
      calls++;
      return Promise.resolve(
        new Response(new ReadableStream(), { headers: { "content-type": "application/x-ndjson" } }),
      );
    };
    const events = createEvents({ fetch, clock, random: () => 1 });
    const { disconnects, stop } = gather(events, { idleTimeoutMs: 4000 });
    return (async () => {
      await clock.advance(3999);
      assert.equal(calls, 1);
      await clock.advance(1);
      assert.match(String(disconnects[0]!.error), /Heard nothing for 4000 ms/);
      await clock.advance(250);
      assert.equal(calls, 2);
      stop();
    })();
  });

  it("tells of a gap when the broker was started anew", () =>
    withBroker(async ({ broker, client, clock }) => {
      const events = createEvents({ fetch: broker.fetch, clock });
      const { heard, stop } = gather(events, { after: "before-7" });
      await clock.settle();
      await client.enqueue(job());
      await clock.settle();
      assert.deepEqual(heard.map(({ event }) => event), ["gap", "enqueued"]);
      stop();
    }));

  it("fails where the server does not let it listen, and says that another has no events", async () => {
    const clock = createTestClock();
    const answers: [Response, RegExp][] = [
      [Response.json({ error: "not found" }, { status: 404 }), /no endpoint 'GET \/events'/],
      [Response.json({ error: "no" }, { status: 403 }), /no/],
      [Response.json({ jobs: [] }), /expected application\/x-ndjson/],
    ];
    for (const [answer, message] of answers) {
      const events = createEvents({ fetch: () => Promise.resolve(answer), clock });
      await assert.rejects(gather(events).ended, { message });
    }
  });

  it("tries again where the server fails for the moment", async () => {
    const clock = createTestClock();
    let calls = 0;
    const fetch = () => {
      calls++;
      return Promise.resolve(Response.json({ error: "busy" }, { status: 503 }));
    };
    const { disconnects, stop } = gather(createEvents({ fetch, clock, random: () => 1 }));
    await clock.advance(750);
    assert.equal(calls, 3);
    assert.deepEqual(disconnects.map(({ retryInMs }) => retryInMs), [250, 500, 1000]);
    stop();
  });

  it("refuses filters that cannot be sent", () => {
    const events = createEvents({ url: "http://localhost" });
    assert.throws(() => events.listen({ queue: [] }), /Cannot listen by 'queue' \[\]/);
    assert.throws(() => events.listen({ tag: "a,b" }), TypeError);
    assert.throws(() => events.listen({ idleTimeoutMs: -1 }), RangeError);
  });
});

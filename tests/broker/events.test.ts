/** The stream of events: docs/protocol.md, section 15.3. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { job, withBroker } from "../support/broker.ts";
import { type Heard, listen } from "../support/listen.ts";
import { send } from "../support/send.ts";

const kinds = ({ events }: Heard) => events.map(({ event }) => event);

describe("events", () => {
  it("tell each change of a job once, with what is known of it", () =>
    withBroker(async ({ broker, client, clock }) => {
      const heard = await listen(broker);
      const { id } = await client.enqueue(job({ tags: ["a"], readyAt: clock.now() + 50 }));
      await clock.advance(50);
      const stream = await client.take({ workerId: "w" });
      await clock.settle();
      await client.failure(id, { message: "m", retryAt: clock.now() + 100 });
      await clock.advance(100);
      await clock.settle();
      await client.success(id);
      await stream.close();
      await clock.settle();
      const told = heard.events.map(({ event, status, worker, tags }) => ({
        event,
        status,
        worker,
        tags,
      }));
      const tags = ["a"];
      const worker = undefined;
      assert.deepEqual(told, [
        { event: "enqueued", status: "scheduled", worker, tags },
        { event: "due", status: "ready", worker, tags },
        { event: "taken", status: "in_flight", worker: "w", tags },
        { event: "failed", status: "scheduled", worker: "w", tags },
        { event: "due", status: "ready", worker, tags },
        { event: "taken", status: "in_flight", worker: "w", tags },
        { event: "succeeded", status: undefined, worker: "w", tags },
      ]);
      assert.ok(heard.events.every((event) => event.id === id && event.type === "t"));
      assert.ok(heard.events.every((event) => event.queue === "q"));
      assert.deepEqual(heard.events[0].at, clock.now() - 150);
      await heard.close();
    }));

  it("have kinds for what people do", () =>
    withBroker(async ({ broker, client, clock }) => {
      const heard = await listen(broker);
      const { id } = await client.enqueue(job());
      await client.patch(id, { queue: "other" });
      await send(broker, "PUT", `/jobs/${id}/track`);
      await send(broker, "DELETE", `/jobs/${id}/track`);
      const stream = await client.take();
      await clock.settle();
      await client.release(id);
      await clock.settle();
      await client.failure(id, { message: "m", kill: true });
      await stream.close();
      await client.delete(id);
      await clock.settle();
      assert.deepEqual(kinds(heard), [
        "enqueued",
        "changed",
        "tracked",
        "untracked",
        "taken",
        "released",
        "taken",
        "died",
        "removed",
      ]);
      assert.deepEqual([heard.events[1].queue, heard.events[1].from_queue], ["other", "q"]);
      assert.deepEqual([heard.events[2].tracked, heard.events[3].tracked], [true, undefined]);
    }));

  it("are filtered", () =>
    withBroker(async ({ broker, client, clock }) => {
      const first = (await client.enqueue(job({ type: "a", tags: ["x"] }))).id;
      const second = (await client.enqueue(job({ type: "b", queue: "p" }))).id;
      await send(broker, "PUT", `/jobs/${second}/track`);
      const queries = {
        "": 4,
        [`?id=${first}`]: 2,
        [`?id=${first},${second}`]: 4,
        "?type=a,c": 2,
        "?queue=p": 2,
        "?tag=x,y": 2,
        "?tag=y": 0,
        "?tracked=true": 2,
        "?tracked=false": 2,
        "?worker=w": 4,
        "?worker=v": 0,
        "?kind=taken": 2,
        "?kind=taken,removed&queue=q": 2,
        "?worker=w&tracked=true&kind=removed": 1,
      };
      const heard: [Heard, number][] = [];
      for (const [query, count] of Object.entries(queries)) {
        heard.push([await listen(broker, query), count]);
      }
      const stream = await client.take({ workerId: "w", prefetch: 5 });
      await clock.settle();
      await client.delete(first);
      await client.delete(second);
      await clock.settle();
      for (const [{ events, close }, count] of heard) {
        assert.equal(events.length, count);
        await close();
      }
      await stream.close();
    }));

  it("tell those who listen to a queue of jobs that leave it, once", () =>
    withBroker(async ({ broker, client, clock }) => {
      const { id } = await client.enqueue(job({ queue: "a" }));
      const left = await listen(broker, "?queue=a");
      const both = await listen(broker, "?queue=a,b");
      await client.patch(id, { queue: "b" });
      await client.patch(id, { priority: 1 });
      await clock.settle();
      assert.deepEqual([kinds(left), kinds(both)], [["changed"], ["changed", "changed"]]);
    }));

  it("are NDJSON, or server-sent events with their cursors as ids", () =>
    withBroker(async ({ broker, client, clock }) => {
      const lines = await listen(broker);
      const sse = await listen(broker, "", { accept: "text/event-stream" });
      assert.equal(lines.response.headers.get("content-type"), "application/x-ndjson");
      assert.equal(sse.response.headers.get("content-type"), "text/event-stream");
      await client.enqueue(job());
      await clock.settle();
      const [event] = lines.events;
      assert.equal(lines.text(), `\n${JSON.stringify(event)}\n`);
      const start = sse.response.headers.get("millrace-cursor");
      assert.equal(
        sse.text(),
        `: heartbeat\nid: ${start}\n\nid: ${event.cursor}\ndata: ${JSON.stringify(event)}\n\n`,
      );
      for (const accept of ["text/html", "application/msgpack"]) {
        const response = await broker.fetch(
          new Request("http://broker/events", { headers: { accept } }),
        );
        assert.equal(response.status, 406);
        await response.body?.cancel();
      }
    }));

  it("come with heartbeats, which say how far the stream is when it has passed over some", () =>
    withBroker(async ({ broker, client, clock }) => {
      const heard = await listen(broker, "?queue=other");
      await clock.settle();
      assert.equal(heard.text(), "\n");
      await clock.advance(3000);
      assert.equal(heard.text(), "\n\n");
      await client.enqueue(job());
      await clock.advance(3000);
      assert.deepEqual(kinds(heard), ["mark"]);
      const resumed = await listen(broker, `?after=${heard.events[0].cursor}`);
      await clock.settle();
      assert.deepEqual(resumed.events, []);
      const before = heard.response.headers.get("millrace-cursor");
      const all = await listen(broker, `?after=${before}`);
      await clock.settle();
      assert.deepEqual(kinds(all), ["enqueued"]);
    }));

  it("stop their timers when the listener leaves, and forget all after a minute", () =>
    withBroker(async ({ broker, client, clock }) => {
      const heard = await listen(broker);
      assert.equal(clock.timers, 1);
      await client.enqueue(job());
      await clock.settle();
      const { cursor } = heard.events[0];
      await heard.close();
      assert.equal(clock.timers, 1);
      await clock.advance(59_999);
      const soon = await listen(broker, `?after=${cursor}`);
      await clock.settle();
      assert.deepEqual(soon.events, []);
      await soon.close();
      await clock.advance(60_000);
      assert.equal(clock.timers, 0);
      const late = await listen(broker, `?after=${cursor}`);
      await clock.settle();
      assert.deepEqual(kinds(late), ["gap"]);
      await late.close();
    }, { statistics: false }));

  it("go on where a listener left, by the query or the header, without loss and double", () =>
    withBroker(async ({ broker, client, clock }) => {
      const ids: string[] = [];
      const seen: string[] = [];
      let headers: Record<string, string> = {};
      for (let round = 0; round < 5; round++) {
        const heard = await listen(broker, "?kind=enqueued", headers);
        ids.push((await client.enqueue(job())).id);
        await clock.settle();
        seen.push(...heard.events.map(({ id }) => id));
        headers = { "last-event-id": heard.events.at(-1).cursor };
        await heard.close();
        ids.push((await client.enqueue(job())).id);
      }
      const last = await listen(broker, `?after=${headers["last-event-id"]}`);
      await clock.settle();
      seen.push(...last.events.map(({ id }) => id));
      assert.deepEqual(seen, ids);
    }));

  it("begin with a gap where a cursor is of another run, or no cursor", () =>
    withBroker(async ({ broker, client, clock }) => {
      const first = await listen(broker);
      await client.enqueue(job());
      await clock.settle();
      const other = await listen(broker, "?after=abc-7");
      const strange = await listen(broker, "", { "last-event-id": "what?" });
      const future = await listen(broker, `?after=${first.events[0].cursor}0`);
      await clock.settle();
      for (const { events } of [other, strange, future]) {
        assert.deepEqual(events.map(({ event }) => event), ["gap", "enqueued"]);
        assert.notEqual(events[0].cursor, events[1].cursor);
      }
    }));

  it("are kept for five minutes", () =>
    withBroker(async ({ broker, client, clock }) => {
      const heard = await listen(broker);
      await client.enqueue(job());
      await clock.advance(200_000);
      await client.enqueue(job());
      const start = heard.response.headers.get("millrace-cursor");
      await clock.advance(101_000);
      const late = await listen(broker, `?after=${start}`);
      await clock.settle();
      assert.deepEqual(kinds(late), ["gap", "enqueued"]);
      const inTime = await listen(broker, `?after=${heard.events.find(({ id }) => id).cursor}`);
      await clock.settle();
      assert.deepEqual(kinds(inTime), ["enqueued"]);
    }));

  it("refuse what cannot be meant", () =>
    withBroker(async ({ broker }) => {
      const cases: [string, RegExp][] = [
        ["kind=taken,x", /'kind' must be of enqueued, .*, got "x"$/],
        ["tracked=maybe", /'tracked' must be true or false, got "maybe"$/],
        ["after=x", /'after' must be the cursor of an event, got "x"$/],
        ["status=ready", /unknown parameter "status"$/],
      ];
      for (const [query, error] of cases) {
        const answer = await send(broker, "GET", `/events?${query}`);
        assert.equal(answer.status, 400);
        assert.match(answer.body.error, error);
      }
    }));

  it("have a limit of listeners", () =>
    withBroker(async ({ broker }) => {
      const first = await listen(broker);
      await listen(broker);
      const answer = await send(broker, "GET", "/events");
      assert.deepEqual(answer, {
        status: 503,
        body: { error: "busy: 2 listen to events, at most 2 may" },
      });
      await first.close();
      const third = await listen(broker);
      assert.equal(third.response.status, 200);
    }, { maxEventListeners: 2 }));

  it("end with a last event when the broker stops", () =>
    withBroker(async ({ broker, clock }) => {
      const heard = await listen(broker);
      await broker.stop();
      await clock.settle();
      const [{ event, reason }] = heard.events;
      assert.deepEqual([event, reason, heard.ended()], ["cut", "the broker stops", true]);
    }));

  it("wait for a slow reader, and cut off one that is too slow", () =>
    withBroker(async ({ broker, client, clock }) => {
      const request = new Request("http://broker/events?kind=enqueued");
      const response = await broker.fetch(request);
      const reader = response.body!.getReader();
      const fill = async (thousands: number) => {
        for (let round = 0; round < thousands; round++) {
          await client.enqueueMany(Array.from({ length: 1000 }, () => job()));
          await clock.advance(1);
        }
      };
      const read = async () => {
        let text = "";
        for (;;) {
          const next = reader.read();
          const raced = await Promise.race([next, clock.settle().then(() => undefined)]);
          if (raced === undefined || raced.done) return { text, next };
          text += new TextDecoder().decode(raced.value);
        }
      };
      await fill(20);
      const first = await read();
      const ids = first.text.split("\n").filter((line) => line !== "")
        .map((line) => JSON.parse(line).id);
      assert.equal(new Set(ids).size, 20_000);
      await fill(60);
      const rest: string[] = [];
      for (let part = await first.next; !part.done; part = await reader.read()) {
        rest.push(new TextDecoder().decode(part.value));
      }
      const lines = rest.join("").split("\n").filter((line) => line !== "");
      const last = JSON.parse(lines.at(-1)!);
      assert.deepEqual([last.event, last.reason.slice(0, 8)], ["cut", "too slow"]);
      assert.ok(lines.length < 2000, `${lines.length} lines waited`);
    }));

  it("tell a large change piece by piece, to all who listen", () =>
    withBroker(async ({ broker, client, clock }) => {
      const all = await Promise.all(Array.from({ length: 20 }, () => listen(broker)));
      const jobs = await client.enqueueMany(Array.from({ length: 2000 }, () => job()));
      await client.enqueueMany(Array.from({ length: 2000 }, () => job()));
      await clock.advance(10);
      await clock.advance(10);
      for (const heard of all) {
        assert.equal(heard.events.length, 4000);
        assert.equal(heard.events[0].id, jobs[0]!.id);
        assert.equal(new Set(heard.events.map(({ cursor }) => cursor)).size, 4000);
      }
    }));
});

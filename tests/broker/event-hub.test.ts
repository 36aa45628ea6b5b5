/** Telling events without HTTP: who is told what, when, and what is kept. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createEventRing, type KeptEvent } from "../../src/broker/engine/event-ring.ts";
import { createEventHub, type EventListener } from "../../src/broker/engine/events.ts";
import type { EventFilter } from "../../src/protocol/events.ts";
import { status } from "../../src/protocol/status.ts";
import type { JobsChange } from "../../src/store/changes.ts";
import { createTestClock } from "../../src/testing/mod.ts";

const toChange = (...ids: string[]): JobsChange => ({
  kind: "jobs",
  from: undefined,
  to: status.scheduled,
  cause: "enqueued",
  jobs: ids.map((id) => ({ id, seq: 1, queue: "q", type: "t", traits: 0, readyAt: 0 })),
});

function createHub() {
  const clock = createTestClock();
  const hub = createEventHub({ clock, random: () => 0.5, maxListeners: 10, workerOf: () => "w" });
  const decoder = new TextDecoder();
  return {
    clock,
    hub,
    listen(filter: EventFilter = {}, changes: Partial<EventListener> = {}) {
      const state = { canWrite: true, text: "", ended: false };
      const { write: written, ...others } = changes;
      const listening = hub.listen({
        format: "ndjson",
        filter,
        after: undefined,
        canWrite: () => state.canWrite,
        write(bytes) {
          state.text += decoder.decode(bytes);
          written?.(bytes);
        },
        end: () => void (state.ended = true),
        ...others,
      });
      const told = () =>
        state.text.split("\n").filter((line) => line !== "").map((line) => {
          const { event, id } = JSON.parse(line);
          return id ?? event;
        }).join(" ");
      return { state, listening, told };
    },
  };
}

describe("createEventHub()", () => {
  it("makes nothing of changes while nobody listens", () => {
    const { hub } = createHub();
    assert.equal(hub.isOn, false);
    const change = toChange("a");
    Object.defineProperty(change, "jobs", { get: () => assert.fail("was looked at") });
    hub.publish([change]);
  });

  it("tells one that was behind, and catches up while others are told, each event once", () => {
    const { hub, listen } = createHub();
    const slow = { drained: () => {} };
    const first = listen({ queue: ["q"] }, { write: () => slow.drained() });
    const second = listen({ type: ["t"] });
    second.state.canWrite = false;
    hub.publish([toChange("a")]);
    slow.drained = () => {
      second.state.canWrite = true;
      second.listening.drained();
    };
    hub.publish([toChange("b", "c")]);
    slow.drained = () => {};
    hub.publish([toChange("d")]);
    assert.deepEqual([first.told(), second.told()], ["a b c d", "a b c d"]);
  });

  it("tells what a slow one missed in its order, and then what follows", () => {
    const { hub, listen } = createHub();
    const { state, listening, told } = listen();
    state.canWrite = false;
    for (const id of ["a", "b", "c"]) hub.publish([toChange(id)]);
    assert.equal(told(), "");
    state.canWrite = true;
    listening.drained();
    hub.publish([toChange("d")]);
    assert.equal(told(), "a b c d");
  });

  it("begins anew with a gap when more happens than can be told", async () => {
    const { hub, listen, clock } = createHub();
    const quick = listen();
    const slow = listen();
    slow.state.canWrite = false;
    const [one] = toChange("x").jobs;
    const many = { ...toChange(), jobs: new Array(300_001).fill(one) } as JobsChange;
    hub.publish([many]);
    hub.publish([toChange("a")]);
    await clock.advance(10);
    assert.equal(quick.told(), "gap a");
    assert.deepEqual([slow.told(), slow.state.ended], ["cut", true]);
  });

  it("tells a large change in pieces, and what comes meanwhile behind it", async () => {
    const { hub, listen, clock } = createHub();
    const { told } = listen();
    const ids = Array.from({ length: 2500 }, (_, at) => `${at}`);
    hub.publish([toChange(...ids)]);
    assert.ok(told().split(" ").length < 2500);
    hub.publish([toChange("last")]);
    await clock.advance(10);
    assert.equal(told(), [...ids, "last"].join(" "));
  });
});

describe("createEventRing()", () => {
  const toEvent = (number: number, keptAt = 0): KeptEvent => ({
    number,
    place: number,
    kind: "due",
    id: "a",
    type: "t",
    queue: "q",
    fromQueue: undefined,
    worker: undefined,
    tags: undefined,
    tracked: false,
    status: status.ready,
    at: 0,
    keptAt,
    text: undefined,
  });

  it("keeps 50,000 events", () => {
    const ring = createEventRing();
    assert.deepEqual([ring.first, ring.last], [1, 0]);
    for (let number = 1; number <= 120_000; number++) ring.add(toEvent(number));
    assert.deepEqual([ring.first, ring.last], [70_001, 120_000]);
    for (const number of [70_001, 99_999, 120_000]) assert.equal(ring.at(number).number, number);
  });

  it("keeps 16 MiB of them", () => {
    const ring = createEventRing();
    const queue = "q".repeat(100_000);
    for (let number = 1; number <= 1000; number++) ring.add({ ...toEvent(number), queue });
    assert.equal(1000 - ring.first, 166);
  });

  it("forgets those that are older than five minutes", () => {
    const ring = createEventRing();
    for (let number = 1; number <= 10; number++) ring.add(toEvent(number, number * 60_000));
    ring.prune(9 * 60_000);
    assert.deepEqual([ring.first, ring.last], [4, 10]);
    ring.prune(Infinity);
    assert.deepEqual([ring.first, ring.last], [11, 10]);
  });
});

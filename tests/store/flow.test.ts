/** What is counted by the minute. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { status } from "../../src/protocol/status.ts";
import type { Cause, Change } from "../../src/store/changes.ts";
import { Flow, type FlowCell, flowSteps, mostNamed } from "../../src/store/flow.ts";

const start = 1_800_000_000_000 - 1_800_000_000_000 % flowSteps.month.ms;
const { inFlight, ready, dead, scheduled } = status;

interface Told {
  readonly cause: Cause;
  readonly from?: number;
  readonly to?: number;
  readonly queue?: string;
  readonly type?: string;
  readonly fromQueue?: string;
  readonly fromType?: string;
  readonly readyAt?: number;
  readonly dequeuedAt?: number;
}

const change = ({ cause, from, to, fromQueue, fromType, queue = "q", type = "t", ...at }: Told) =>
  ({
    kind: "jobs",
    cause,
    from,
    to,
    ...fromQueue !== undefined && { fromQueue },
    ...fromType !== undefined && { fromType },
    jobs: [{ id: "1", seq: 1, traits: 0, queue, type, ...at }],
  }) as unknown as Change;

const figures = ({ queue, type, at, waits, runs, age, ...counts }: FlowCell) => [
  (at - start) / 60_000,
  queue,
  type,
  ...Object.entries(counts).flatMap(([name, value]) => value === 0 ? [] : [`${value} ${name}`]),
  ...waits.count > 0 ? [`${waits.count} waits`] : [],
  ...runs.count > 0 ? [`${runs.count} runs`] : [],
  ...age < 0 ? [] : [`${age} ms`],
];

describe("the flow of jobs", () => {
  it("counts each thing once among all, and once of its queue and type", () => {
    const rows: readonly (readonly [Told, string[]])[] = [
      [{ cause: "enqueued", to: ready }, ["1 enqueued"]],
      [{ cause: "put", to: scheduled }, ["1 enqueued"]],
      [{ cause: "taken", from: ready, to: inFlight }, ["1 waits"]],
      [{ cause: "succeeded", from: inFlight }, ["1 completed", "1 runs"]],
      [{ cause: "advanced", from: inFlight, to: scheduled }, ["1 completed", "1 runs"]],
      [{ cause: "failed", from: inFlight, to: scheduled }, ["1 retries"]],
      [{ cause: "lease-lost", from: inFlight, to: ready }, ["1 retries"]],
      [{ cause: "failed", from: inFlight, to: dead }, ["1 failures"]],
      [{ cause: "lease-lost", from: inFlight }, ["1 failures"]],
      [{ cause: "cancelled", from: inFlight, to: dead }, ["1 cancelled"]],
    ];
    for (const [told, counted] of rows) {
      const flow = new Flow();
      flow.add([change(told)], start);
      assert.deepEqual(flow.takeAll().map(figures), [
        [0, "", "", ...counted],
        [0, "q", "t", ...counted],
      ]);
    }
  });

  it("counts nothing that no run came to", () => {
    const flow = new Flow();
    flow.add([
      change({ cause: "put", from: ready, to: ready }),
      change({ cause: "due", from: scheduled, to: ready }),
      change({ cause: "cancelled", from: ready, to: dead }),
      change({ cause: "released", from: inFlight, to: ready }),
      change({ cause: "failed", from: inFlight, to: inFlight }),
      change({ cause: "removed", from: inFlight }),
      { kind: "settlements" },
    ], start);
    assert.equal(flow.size, 0);
  });

  it("counts the end of a run where the run was", () => {
    const flow = new Flow();
    flow.add([
      change({ cause: "advanced", from: inFlight, to: ready, queue: "b", fromQueue: "a" }),
      change({ cause: "failed", from: inFlight, to: ready, type: "new", fromType: "old" }),
    ], start);
    assert.deepEqual(flow.takeAll().map(figures).slice(1), [
      [0, "a", "t", "1 completed", "1 runs"],
      [0, "q", "old", "1 retries"],
    ]);
  });

  it("tells minutes apart, and goes on after what could not be stored came back", () => {
    const flow = new Flow();
    const one = change({ cause: "taken", from: ready, to: inFlight, readyAt: start });
    flow.add([one], start + 59_999);
    flow.add([one], start + 60_000);
    const taken = flow.takeAll();
    flow.add([one], start + 60_001);
    flow.giveBack(taken);
    assert.equal(flow.size, 5);
    assert.deepEqual(flow.takeAll().map(figures), [
      [0, "", "", "1 waits"],
      [0, "q", "t", "1 waits"],
      [1, "", "", "1 waits"],
      [1, "", "", "1 waits"],
      [1, "q", "t", "1 waits"],
      [1, "q", "t", "1 waits"],
    ]);
    assert.deepEqual(flow.takeAll(), []);
  });

  it("has rows for so many types of a queue, and the others under one name", () => {
    const flow = new Flow();
    const add = (type: string, at: number) =>
      flow.add([change({ cause: "succeeded", from: inFlight, type })], at);
    for (let at = 0; at < mostNamed.typesOfQueue + 50; at++) add(`job-${at}`, start);
    const cells = flow.takeAll();
    assert.equal(cells.length, mostNamed.typesOfQueue + 2);
    assert.deepEqual(cells.slice(0, 2).map(figures), [
      [0, "", "", "150 completed", "150 runs"],
      [0, "q", "", "50 completed", "50 runs"],
    ]);
    // Also a minute later; and anew with the next six hours.
    add("other", start + 60_000);
    assert.deepEqual(figures(flow.takeAll().at(-1)!).slice(0, 3), [1, "q", ""]);
    add("other", start + flowSteps.month.ms);
    assert.deepEqual(figures(flow.takeAll().at(-1)!).slice(0, 3), [360, "q", "other"]);
  });

  it("has the greatest age of each queue in a minute, and of all", () => {
    const flow = new Flow();
    flow.addAge("a", 5, start);
    flow.addAge("a", 3, start);
    flow.addAge("b", 0, start);
    flow.addAge("q".repeat(401), 9, start);
    flow.addAge("a", 4, start + 60_000);
    flow.add([change({ cause: "enqueued", to: ready, queue: "a" })], start + 60_000);
    assert.deepEqual(flow.takeAll().map(figures), [
      [0, "", "", "9 ms"],
      [0, "a", "", "5 ms"],
      [0, "b", "", "0 ms"],
      [1, "", "", "1 enqueued", "4 ms"],
      [1, "a", "", "4 ms"],
      [1, "a", "t", "1 enqueued"],
    ]);
  });

  it("has no rows for names that no key of a row has room for", () => {
    const flow = new Flow();
    const [fits, tooLong] = ["ü".repeat(400), "ü".repeat(401)];
    for (const [queue, type] of [[fits, fits], [fits, tooLong], [tooLong, fits]] as const) {
      flow.add([change({ cause: "enqueued", to: ready, queue, type })], start);
    }
    assert.deepEqual(flow.takeAll().map(figures), [
      [0, "", "", "3 enqueued"],
      [0, fits, "", "1 enqueued"],
      [0, fits, fits, "1 enqueued"],
    ]);
  });

  it("is bounded, whatever queues and types there are", () => {
    const flow = new Flow();
    for (let at = 0; at < 20_000; at++) {
      const [queue, type] = [`q${at % 1500}`, `t${at}`];
      flow.add([change({ cause: "enqueued", to: ready, queue, type })], start);
    }
    const most = 1 + mostNamed.queues + mostNamed.types;
    assert.ok(flow.size <= most, `${flow.size} cells`);
    const [all, ...others] = flow.takeAll();
    assert.equal(all!.enqueued, 20_000);
    assert.equal(new Set(others.map(({ queue }) => queue)).size, mostNamed.queues);
  });
});

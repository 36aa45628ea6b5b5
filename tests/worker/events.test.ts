import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "../../src/log.ts";
import { handle } from "../../src/worker/mod.ts";
import { setUp } from "./run-one.ts";
import { wireJob, work } from "./scripted-broker.ts";

describe("events", () => {
  it("tell how long jobs took and why they failed", async () => {
    const gate = Promise.withResolvers<void>();
    const { worker, clock, deliver } = await setUp({
      handlers: [handle(work, () => gate.promise)],
    });
    const seen: unknown[] = [];
    worker.on("failed", ({ durationMs, error }) => seen.push([durationMs, error]));
    await deliver(wireJob("a"));
    await clock.advance(1234);
    const error = new Error("no");
    gate.reject(error);
    await clock.settle();
    assert.deepEqual(seen, [[1234, error]]);
  });

  it("measure durations by a clock that is never set", async () => {
    const gate = Promise.withResolvers<void>();
    const { worker, clock, deliver } = await setUp({
      handlers: [handle(work, () => gate.promise)],
    });
    const seen: number[] = [];
    worker.on("succeeded", ({ durationMs }) => seen.push(durationMs));
    await deliver(wireJob("a"));
    await clock.advance(1000);
    clock.setNow(clock.now() - 3_600_000);
    await clock.advance(500);
    gate.resolve();
    await clock.settle();
    assert.deepEqual(seen, [1500]);
  });

  it("end for a listener that was removed", async () => {
    const { worker, deliver } = await setUp({ handlers: [handle(work, () => {})] });
    let heard = 0;
    const listener = () => heard++;
    const off = worker.on("started", listener);
    worker.on("started", listener);
    await deliver(wireJob("a"));
    assert.equal(heard, 2);
    off();
    off();
    await deliver(wireJob("b"));
    assert.equal(heard, 3);
  });

  it("are not disturbed by a listener that throws", async () => {
    const errors: unknown[] = [];
    const logger = {
      ...silentLogger,
      error: (message: string) => errors.push(message),
    };
    const { worker, deliver, acks } = await setUp({ handlers: [handle(work, () => {})], logger });
    let heard = 0;
    worker.on("succeeded", () => {
      throw new Error("oops");
    });
    worker.on("succeeded", () => heard++);
    await deliver(wireJob("a"));
    assert.deepEqual([heard, acks, errors], [1, [["a"]], ["Listener of 'succeeded' threw"]]);
  });

  it("are not disturbed by an async listener that rejects, nor by what only looks like a promise", async () => {
    const errors: unknown[] = [];
    const logger = {
      ...silentLogger,
      error: (message: string, fields: unknown) => errors.push([message, fields]),
    };
    const { worker, deliver, acks } = await setUp({ handlers: [handle(work, () => {})], logger });
    const error = new Error("the metrics server is down");
    const thenable = {
      get then() {
        throw error;
      },
    };
    worker.on("succeeded", () => Promise.reject(error));
    worker.on("started", () => thenable);
    await deliver(wireJob("a"));
    assert.deepEqual(acks, [["a"]]);
    assert.deepEqual(errors, [
      ["Listener of 'started' threw", { error }],
      ["Listener of 'succeeded' threw", { error }],
    ]);
  });

  it("and jobs go on although the logger throws, now or later", async (context) => {
    const told = context.mock.method(console, "error", () => {});
    const logger = {
      ...silentLogger,
      info: () => {
        throw new Error("disk full");
      },
      error: () => Promise.reject(new Error("no network")),
    };
    const { worker, deliver, acks } = await setUp({ handlers: [handle(work, () => {})], logger });
    worker.on("succeeded", () => {
      throw new Error("oops");
    });
    await deliver(wireJob("a"));
    assert.deepEqual(acks, [["a"]]);
    assert.equal(told.mock.callCount(), 1);
    const [text, error] = told.mock.calls[0]!.arguments as [string, Error];
    assert.match(text, /^A logger that was given to Millrace threw/);
    assert.equal(error.message, "disk full");
  });
});

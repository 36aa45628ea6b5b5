/**
 * What a worker tells of its jobs: a line for what went wrong, and `reported` for whoever listens.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as v from "valibot";
import { defineJob, PayloadError } from "../../src/client/mod.ts";
import type { LogFields, Logger } from "../../src/log.ts";
import {
  advance,
  cancel,
  cancelOn,
  handle,
  type HandlerFunction,
  type ReportedEvent,
  retryAt,
  snooze,
  type WorkerOptions,
} from "../../src/worker/mod.ts";
import { setUp as setUpWorker } from "./run-one.ts";
import {
  type Answer,
  createScriptedBroker,
  createScriptedWorker,
  hold,
  refuse,
  wireJob,
  work,
} from "./scripted-broker.ts";

/** A logger that keeps its lines from info on. */
function createLines() {
  const lines: [level: string, message: string, fields: LogFields | undefined][] = [];
  const at = (level: string) => (message: string, fields?: LogFields) =>
    void lines.push([level, message, fields]);
  const logger: Logger = { debug() {}, info: at("info"), warn: at("warn"), error: at("error") };
  /** Those about jobs. */
  const ofJobs = () =>
    lines.filter(([, message]) => message.includes("Job ") || message.includes("more lines"));
  return { logger, lines, ofJobs };
}

/** Runs one job and gives what is told of it. */
async function tell(
  run: HandlerFunction<unknown>,
  { job = {}, answer, ...options }: Partial<WorkerOptions> & {
    readonly job?: object;
    readonly answer?: Answer | undefined;
  } = {},
) {
  const { logger, ofJobs } = createLines();
  const parts = await setUpWorker({ handlers: [handle(work, run)], logger, ...options });
  if (answer !== undefined) {
    for (const kind of ["failure", "success", "release"] as const) {
      parts.answers[kind].push(answer);
    }
  }
  const reported: ReportedEvent[] = [];
  parts.worker.on("reported", (event) => reported.push(event));
  await parts.deliver(wireJob("a", { queue: "default", deliveries: 1, ...job }));
  return { ...parts, lines: ofJobs(), event: reported[0], reported };
}

const answerJob = (more: object): Answer => () => Response.json(wireJob("a", more));
const error = new Error("no route");
const fail = () => {
  throw error;
};

describe("a job that fails", () => {
  it("is one line with the retry and when it is, by the broker's clock", async () => {
    const { lines, event } = await tell(fail, {
      job: { attempts: 1, retry_limit: 25 },
      answer: answerJob({ status: "scheduled", attempts: 2, failed_at: 5000, ready_at: 36_200 }),
    });
    assert.deepEqual(lines, [[
      "warn",
      "Job failed, retry 2 of 25 in 31 s",
      { id: "a", type: "work", queue: "default", attempt: 2, error },
    ]]);
    assert.ok(event?.became === "retried");
    assert.deepEqual(
      [event.job.id, event.attempt, event.error, event.readyAt, event.retryInMs, event.retryLimit],
      ["a", 2, error, 36_200, 31_200, 25],
    );
  });

  it("says no limit that it was not told, nor one that does not hold", async () => {
    const answer = (attempts: number) =>
      answerJob({ status: "scheduled", attempts, failed_at: 0, ready_at: 90_000 });
    const untold = await tell(fail, { answer: answer(1) });
    assert.equal(untold.lines[0]![1], "Job failed, retry 1 in 90 s");
    const over = await tell(() => retryAt(90_000, { cause: error }), {
      job: { retry_limit: 0 },
      answer: answer(1),
    });
    assert.equal(over.lines[0]![1], "Job failed, retry 1 in 90 s");
  });

  it("is told of once the broker has answered", async () => {
    const { answer, give } = hold();
    const { logger, ofJobs } = createLines();
    const { answers, deliver, clock } = await setUpWorker({
      handlers: [handle(work, fail)],
      logger,
    });
    answers.failure.push(answer);
    await deliver(wireJob("a"));
    assert.deepEqual(ofJobs(), []);
    give(answerJob({ status: "ready", attempts: 1 }));
    await clock.settle();
    assert.equal(ofJobs().length, 1);
  });

  it("and was put off by its handler is no warning", async () => {
    const { lines } = await tell(() => retryAt(1000), {
      answer: answerJob({ status: "scheduled", attempts: 1, failed_at: 0, ready_at: 1000 }),
    });
    assert.deepEqual(lines.map(([level, message]) => [level, message]), [
      ["info", "Job was put off, retry 1 in 1 s"],
    ]);
  });
});

describe("a job that is dead", () => {
  const dead = answerJob({ status: "dead", attempts: 1 });
  const typed = defineJob({ type: "work", queue: "default", payload: v.string() });
  const cases: [reason: string, line: string, run: HandlerFunction<unknown>, more?: object][] = [
    ["retries", "no retries are left", fail],
    ["cancelled", "its handler gave it up", () => cancel("gone")],
    ["cancelled", "a rule for its error gave it up", fail, { onError: [cancelOn([Error])] }],
    ["type", "no handler for its type, and no retries are left", fail, {
      job: { type: "other" },
    }],
    ["payload", "its payload does not fit", fail, { handlers: [handle(typed, fail)] }],
    [
      "unsupported",
      "only a Millrace broker can do what its handler said",
      () => advance({ queue: "next" }),
      { job: { deliveries: undefined } },
    ],
  ];
  for (const [reason, line, run, more] of cases) {
    it(`is one line at error level: ${line}`, async () => {
      const { lines, event } = await tell(run, { answer: dead, ...more });
      assert.deepEqual(lines.map(([level, message]) => [level, message]), [
        ["error", `Job is dead: ${line}`],
      ]);
      assert.ok(event?.became === "dead");
      assert.equal(event.reason, reason);
      assert.deepEqual(lines[0]![2]!["error"], event.error);
      if (reason === "payload") assert.ok(event.error instanceof PayloadError);
    });
  }
});

describe("a job that does not fail", () => {
  it("is told of to listeners alone, with how long it ran", async () => {
    const gate = Promise.withResolvers<void>();
    const { worker, clock, deliver } = await setUpWorker({
      handlers: [handle(work, () => gate.promise)],
    });
    const seen: unknown[] = [];
    worker.on(
      "reported",
      ({ became, attempt, durationMs }) => seen.push([became, attempt, durationMs]),
    );
    await deliver(wireJob("a", { attempts: 2 }));
    await clock.advance(1500);
    assert.deepEqual(seen, []);
    gate.resolve();
    await clock.settle();
    assert.deepEqual(seen, [["completed", 3, 1500]]);
  });

  it("says when it runs again, or where it is now", async () => {
    const snoozed = await tell(() => snooze("30s"), {
      answer: answerJob({ status: "scheduled", ready_at: 77_000 }),
    });
    assert.ok(snoozed.event?.became === "snoozed");
    assert.deepEqual([snoozed.event.readyAt, snoozed.event.retryInMs], [77_000, 30_000]);
    assert.deepEqual(snoozed.lines, []);
  });

  it("and was another's meanwhile is lost, with a line", async () => {
    const lost = await tell(() => {}, {
      answer: () => Response.json({ not_found: ["a"], stale: [] }, { status: 422 }),
    });
    assert.equal(lost.event?.became, "lost");
    assert.deepEqual(lost.lines.map(([level, message]) => [level, message]), [
      ["warn", "Job was taken from this worker: what it came to is not counted"],
    ]);
  });

  it("and whose report is refused is lost", async () => {
    const { event, clock, reported } = await tell(fail, { answer: refuse(400) });
    await clock.settle();
    assert.equal((event ?? reported[0])?.became, "lost");
  });
});

describe("a storm of jobs that fail", () => {
  it("is some lines, and then one with how many there were", async () => {
    const { logger, ofJobs } = createLines();
    const { worker, clock, deliver } = await setUpWorker({
      handlers: [handle(work, fail)],
      concurrency: 100,
      logger,
    });
    let count = 0;
    worker.on("reported", () => count++);
    await deliver(...Array.from({ length: 100 }, (_, at) => wireJob(`j${at}`)));
    assert.deepEqual([count, ofJobs().length], [100, 20]);
    await clock.advance(10_000);
    assert.deepEqual(ofJobs().slice(20), [
      ["warn", "80 more lines of 'Job failed' are not shown", { types: "work 80" }],
    ]);
    await deliver(wireJob("later"));
    assert.equal(ofJobs().length, 22);
    await worker.stop();
    assert.equal(clock.timers, 0);
  });

  it("is counted when the worker is stopped in it", async () => {
    const { logger, ofJobs } = createLines();
    const { worker, deliver } = await setUpWorker({
      handlers: [handle(work, fail)],
      concurrency: 30,
      logger,
    });
    await deliver(...Array.from({ length: 30 }, (_, at) => wireJob(`j${at}`)));
    await worker.kill();
    assert.match(ofJobs().at(-1)![1], /^10 more lines/);
  });
});

describe("an event loop that is held", () => {
  it("is a warning that names the type of the job, if it was of one", async () => {
    const { logger, lines } = createLines();
    const held = { ms: 0 };
    const broker = createScriptedBroker();
    const { clock } = broker;
    const { worker } = createScriptedWorker(broker, {
      handlers: [
        handle(work, () => void (held.ms += 20_000)),
        handle(defineJob<unknown>({ type: "other", queue: "default" }), () => {}),
      ],
      clock: { ...clock, monotonic: () => clock.monotonic() + held.ms },
      logger,
    });
    const blocked: unknown[] = [];
    worker.on("blocked", ({ blockedMs, type }) => blocked.push([blockedMs, type]));
    await worker.start();
    broker.connection.ask(1);
    broker.connection.send(wireJob("a"));
    await clock.advance(7500);
    broker.connection.send(wireJob("b"), wireJob("c", { type: "other" }));
    await clock.advance(7500);
    await clock.advance(7500);
    assert.deepEqual(blocked, [[20_000, "work"], [20_000, undefined]]);
    const told = lines.filter(([, message]) => message.startsWith("Event loop"));
    assert.deepEqual(told.map(([level, message]) => [level, message.split(":")[0]]), [
      ["warn", "Event loop was held for 20 s by a job of type 'work'"],
      ["warn", "Event loop was held for 20 s"],
    ]);
  });
});

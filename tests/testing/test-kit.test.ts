import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import * as v from "valibot";
import { createCrons, createLeases, createQueues, defineJob } from "../../src/client/mod.ts";
import type { TestKit } from "../../src/testing/mod.ts";
import { cancel, handle, type JobHandler, result, snooze } from "../../src/worker/mod.ts";
import { withKit } from "../support/kit.ts";

const step = defineJob({ type: "step", queue: "steps", payload: v.number() });
const mail = defineJob<{ to: string; lines?: string[] }>({ type: "mail", queue: "mail" });

const failing = (times: number) =>
  handle(step, () => {
    if (times-- > 0) throw new Error("down");
  });

describe("runNext()", () => {
  it("runs one job, and says what became of it", () =>
    withKit([handle(step, (n) => {
      if (n === 1) throw new RangeError("one");
      if (n === 2) return snooze("1m");
      if (n === 3) throw cancel("no use");
      return n === 4 ? result({ four: 4 }) : undefined;
    })], async (kit) => {
      assert.equal(await kit.runNext(), undefined);
      await kit.client.enqueueMany(step, [0, 1, 2, 3, 4]);
      const seen = [];
      for (let run = await kit.runNext(); run !== undefined; run = await kit.runNext()) {
        const { job, kind, status, result, error, outcome, after } = run;
        seen.push([
          job.payload,
          kind,
          status,
          result,
          (error as Error)?.message,
          outcome?.kind,
          after?.attempts,
        ]);
      }
      assert.deepEqual(seen, [
        [0, "succeeded", "completed", undefined, undefined, undefined, undefined],
        [1, "failed", "scheduled", undefined, "one", undefined, 1],
        [2, "snoozed", "scheduled", undefined, undefined, "snoozed", 0],
        [3, "cancelled", "dead", undefined, undefined, "cancelled", 1],
        [4, "succeeded", "completed", { four: 4 }, undefined, undefined, undefined],
      ]);
    }));

  it("waits for real work of handlers, during which the clock stands still", () =>
    withKit([handle(step, async () => {
      const text = await readFile(new URL(import.meta.url), "utf8");
      const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
      await new Promise((resolve) => setTimeout(resolve, 3));
      return hash.byteLength;
    }, { timeout: "1ms" })], async (kit) => {
      await kit.client.enqueue(step, 1);
      const run = await kit.runNext();
      assert.deepEqual([run!.result, run!.endedAt - run!.startedAt], [32, 0]);
    }));

  it("moves the clock for a handler that sleeps by it, up to its time limit", () =>
    withKit(({ sleep }) => [handle(step, (n) => sleep(n), { timeout: "1h" })], async (kit) => {
      await kit.client.enqueueMany(step, [250, 7_200_000]);
      const slept = await kit.runNext();
      assert.deepEqual([slept!.kind, slept!.endedAt - slept!.startedAt], ["succeeded", 250]);
      const late = await kit.runNext();
      assert.equal(late!.endedAt - late!.startedAt, 3_600_000);
      assert.match(String(late!.error), /Job ran longer than 3600000 ms/);
    }));

  it("lets time pass beneath a handler when it is told so", () =>
    withKit([handle(step, (_, { signal }) =>
      new Promise<void>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      }), { timeout: "5m" })], async (kit) => {
      await kit.client.enqueue(step, 1);
      const running = kit.runNext();
      await kit.travel("5m");
      assert.equal((await running)!.endedAt, kit.clock.now());
      assert.equal((await running)!.status, "scheduled");
    }));

  it("tells a handler at once that its job was taken away", () => {
    const began = Promise.withResolvers<string>();
    return withKit([handle(step, (_, { job, signal }) => {
      began.resolve(job.id);
      return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    })], async (kit) => {
      await kit.client.enqueue(step, 1);
      const running = kit.runNext();
      await kit.client.delete(await began.promise);
      const run = await running;
      assert.deepEqual([run!.kind, (run!.error as Error).name, run!.after], [
        "released",
        "LeaseLostError",
        undefined,
      ]);
    });
  });

  it("says what may be the matter with a handler that never ends", () =>
    withKit([handle(step, () => new Promise<void>(() => {}), { timeout: "1h" })], async (kit) => {
      await kit.client.enqueue(step, 1);
      await assert.rejects(kit.runNext(), /^Error: The handler of 'step' \(job \w+\) is not done/);
    }, { patienceMs: 20 }));

  it("refuses what cannot be", async () => {
    await withKit([], async (kit) => {
      await assert.rejects(kit.runNext(), /without 'handlers'/);
      await assert.rejects(kit.drain(), /without 'handlers'/);
      assert.deepEqual(await kit.travel("1h"), []);
    });
    const holder: { kit?: TestKit } = {};
    await withKit([handle(step, () => holder.kit!.drain())], async (kit) => {
      holder.kit = kit;
      await kit.client.enqueue(step, 1);
      const run = await kit.runNext();
      assert.match(String(run!.error), /Cannot call 'drain\(\)' while 'runNext\(\)'/);
    });
  });
});

describe("drain()", () => {
  it("goes through retries and jobs that come of jobs, and lets the time pass that they wait for", () =>
    withKit(({ client }) => [
      failing(2),
      handle(mail, async ({ to }) => {
        if (to === "first") await client.enqueue(mail, { to: "second" }, { delay: "3d" });
      }),
    ], async (kit) => {
      const since = kit.clock.now();
      await kit.client.enqueue(step, 1);
      await kit.client.enqueue(mail, { to: "first" });
      const runs = await kit.drain();
      assert.deepEqual(runs.map(({ job, kind }) => `${job.type} ${kind}`), [
        "step failed",
        "mail succeeded",
        "step failed",
        "step succeeded",
        "mail succeeded",
      ]);
      assert.equal(kit.clock.now() - since, 3 * 86_400_000);
    }));

  it("ends before time passes, or after a run", () =>
    withKit([failing(9)], async (kit) => {
      await kit.client.enqueueMany(step, [1, 2]);
      const since = kit.clock.now();
      assert.equal((await kit.drain({ until: "now" })).length, 2);
      assert.equal(kit.clock.now(), since);
      const runs = await kit.drain({ until: ({ after }) => after?.attempts === 3 });
      assert.equal(runs.at(-1)!.after!.attempts, 3);
    }));

  it("ends with a job that would be run for ever", () =>
    withKit(({ client }) => [handle(step, async (n) => {
      await client.enqueue(step, n + 1);
    })], async (kit) => {
      await kit.client.enqueue(step, 1);
      await assert.rejects(kit.drain({ maxRuns: 10 }), /Ran 10 jobs .*\('step' 10 times\)/);
    }));

  it("waits for tokens of budgets", () =>
    withKit([failing(0)], async (kit) => {
      const since = kit.clock.now();
      const strategy = { type: "time_based", durationMs: 60_000 } as const;
      const budgets = [{ key: "slow", createWith: { allocation: 1, strategy } }];
      await kit.client.enqueueMany(step, [1, 2, 3], { budgets });
      const runs = await kit.drain();
      assert.deepEqual(runs.map(({ startedAt }) => startedAt - since), [0, 60_000, 120_000]);
    }));

  it("leaves jobs of a budget that gets no tokens, however often other things are due", () =>
    withKit([failing(0)], async (kit) => {
      const entries = [{ name: "often", everyMs: 60_000, job: mail.toRequest({ to: "x" }) }];
      await createCrons(kit).put("others", { entries });
      const strategy = { type: "while_in_flight" } as const;
      const use = { key: "few", createWith: { allocation: 1, strategy } };
      await kit.client.enqueue({ type: "x", queue: "elsewhere", payload: 1, budgets: [use] });
      await createLeases(kit).take({ queues: ["elsewhere"], leaseMs: 86_400_000 }); // Holds the one token.
      await kit.client.enqueue(step, 1, { budgets: [{ key: "few" }] });
      assert.deepEqual(await kit.drain(), []);
      await kit.client.enqueue(step, 2, { delay: "1m" });
      assert.deepEqual((await kit.drain()).map(({ job }) => job.payload), [2]);
    }));

  it("leaves jobs of paused queues", () =>
    withKit([failing(0)], async (kit) => {
      await kit.client.enqueue(step, 1);
      await createQueues(kit).pause("steps");
      assert.deepEqual(await kit.drain(), []);
      await createQueues(kit).resume("steps");
      assert.equal((await kit.drain()).length, 1);
    }));
});

describe("travel()", () => {
  it("fires cron entries exactly once for each of their times, and runs what is due", () =>
    withKit([handle(mail, () => {})], async (kit) => {
      await createCrons(kit).put("reports", {
        entries: [
          { name: "hourly", expression: "0 * * * *", job: mail.toRequest({ to: "hourly" }) },
          { name: "nightly", expression: "30 2 * * *", job: mail.toRequest({ to: "nightly" }) },
        ],
      });
      const runs = await kit.travel("2d");
      assert.equal(new Set(runs.map(({ startedAt }) => startedAt)).size, 50);
      assert.equal(
        runs.filter(({ job }) => (job.payload as { to: string }).to === "nightly").length,
        2,
      );
      assert.ok(runs.every(({ startedAt }) => startedAt % 1_800_000 === 0));
    }));

  it("costs nothing while nothing is due", () =>
    withKit([failing(0)], async (kit) => {
      const since = kit.clock.now();
      await kit.client.enqueue(step, 1);
      assert.equal((await kit.travel("3650d")).length, 1);
      assert.equal(kit.clock.now() - since, 3650 * 86_400_000);
    }));

  it("stops at its time, whatever waits", () =>
    withKit([failing(1)], async (kit) => {
      await kit.client.enqueue(step, 1, { delay: "1h" });
      assert.deepEqual(await kit.travel("59m"), []);
      assert.equal((await kit.travel("1m"))[0]!.kind, "failed");
      await assert.rejects(kit.travel("soon" as never), /Cannot read 'duration'/);
    }));
});

describe("enqueued()", () => {
  it("gives jobs that are stored and jobs that were", () =>
    withKit([handle(mail, ({ to }) => {
      if (to === "bad") throw cancel("no");
    })], async (kit) => {
      await kit.client.enqueueMany(mail, [{ to: "a" }, { to: "bad" }]);
      await kit.drain();
      await kit.client.enqueue(mail, { to: "c", lines: ["x", "y"] });
      const jobs = await kit.enqueued(mail);
      assert.deepEqual(jobs.map(({ payload, status }) => [payload.to, status]), [
        ["a", "completed"],
        ["bad", "dead"],
        ["c", "ready"],
      ]);
      assert.equal((await kit.enqueued(mail, { lines: ["x", "y"] })).length, 1);
      assert.equal((await kit.enqueued(mail, ({ to }) => to.length === 1)).length, 2);
      const [job] = await kit.expectEnqueued(mail, { to: "c" }, { times: 1 });
      assert.equal(job.payload.lines![1], "y");
      await kit.expectNotEnqueued(mail, { to: "d" });
    }));

  it("says what was enqueued instead", () =>
    withKit([], async (kit) => {
      const explain = (check: Promise<unknown>) => check.then(() => "", ({ message }) => message);
      assert.equal(
        await explain(kit.expectEnqueued(mail)),
        "Expected a job of 'mail', and there are 0\n\nNo job of any type was enqueued",
      );
      await kit.client.enqueueMany(mail, [{ to: "far", lines: ["1", "2"] }, {
        to: "near",
        lines: ["3"],
      }]);
      await kit.client.enqueue(step, 1);
      assert.equal(
        await explain(kit.expectEnqueued(mail, { to: "near", lines: ["4"] })),
        `Expected a job of 'mail' with { to: "near", lines: ["4"] }, and there are 0

Nearest of the other 2 of 'mail':
  ready { to: "near", lines: ["3"] }
    lines[0] is "3", expected "4"
  ready { to: "far", lines: ["1", "2"] }
    to is "far", expected "near"
    lines is ["1", "2"], expected ["4"]

Of other types: 1 of 'step'`,
      );
      assert.match(
        await explain(kit.expectNotEnqueued(mail, { to: "near" })),
        /^Expected no job of 'mail' with { to: "near" }, and there are 1\n/,
      );
      assert.match(await explain(kit.expectEnqueued(step, 1, { times: 2 })), /^Expected 2 jobs/);
    }));
});

describe("perform()", () => {
  it("runs the handler as a worker would, and stores nothing", () => {
    const seen: string[] = [];
    const handler: JobHandler = handle(step, (n, { attempt }) => {
      seen.push(`handler ${n} ${attempt}`);
      if (n === 2) throw new Error("two");
      return result(n);
    });
    return withKit([handler], async (kit) => {
      const run = await kit.perform(step, 1, { job: { attempts: 4 } });
      assert.deepEqual([run.kind, run.result], ["succeeded", 1]);
      assert.equal((await kit.perform(step, 2)).retry, true);
      assert.match(`${(await kit.perform(step, "x" as never)).error}`, /does not fit/);
      assert.deepEqual(seen, ["around step", "handler 1 5", "around step", "handler 2 1"]);
      assert.deepEqual(await kit.enqueued(step), []);
      const wrong = { jobs: {} } as never;
      await assert.rejects(kit.perform(step, 1, wrong), /'jobs', did you mean 'job'\?/);
      await assert.rejects(
        kit.perform(mail, { to: "x" }),
        /Cannot perform 'mail': the handlers of the kit are 'step'/,
      );
    }, {
      worker: {
        middleware: [async ({ job }, next) => {
          seen.push(`around ${job.type}`);
          await next();
        }],
      },
    });
  });
});

/**
 * The test kit: the real broker in memory, with one clock that only the test moves.
 *
 * @module
 */

import type { Random } from "../async/clock.ts";
import { checkNotNegative, toMs } from "../async/duration.ts";
import { createBroker } from "../broker/broker.ts";
import type { Client } from "../client/client.ts";
import { createClient } from "../client/create-client.ts";
import { createCrons } from "../client/crons.ts";
import { createLeases } from "../client/leases.ts";
import { withMiddleware } from "../client/middleware.ts";
import { checkOptions, type Names } from "../options.ts";
import type { Job } from "../protocol/job.ts";
import { createFaultPlan } from "./faults.ts";
import { createJobBook } from "./job-book.ts";
import { createKitNetwork } from "./kit-network.ts";
import { createKitTime } from "./kit-time.ts";
import { createKitWorker, type JobRun } from "./kit-worker.ts";
import { createPerform } from "./perform.ts";
import { createSeededRandom } from "./seeded-random.ts";
import { createTestClock } from "./test-clock.ts";
import type { DrainOptions, KitParts, TestKit, TestKitOptions } from "./test-kit.ts";
import { createTranscript } from "./transcript.ts";

/** Instants in a row without a run after which jobs that wait for tokens are left. */
const mostIdleSteps = 200;

/**
 * Creates a kit. It opens no port, never sleeps and shares nothing with other kits, so tests may run side by side.
 *
 * @param options The database, the handlers, and what else there is.
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { defineJob } from "@millrace/millrace/client";
 * import { openSqlite } from "@millrace/millrace/deno";
 * import { createTestKit } from "@millrace/millrace/testing";
 * import { handle } from "@millrace/millrace/worker";
 *
 * const mail = defineJob<{ to: string }>({ type: "mail", queue: "mail" });
 * let isDown = true;
 *
 * await using kit = createTestKit({
 *   store: openSqlite(":memory:"),
 *   handlers: [handle(mail, () => {
 *     if (isDown) throw new Error("Mail server is down");
 *   })],
 * });
 *
 * await kit.client.enqueue(mail, { to: "ada@example.com" });
 * await kit.expectEnqueued(mail, { to: "ada@example.com" });
 *
 * const first = await kit.runNext();
 * console.log(first?.kind, first?.status); // failed scheduled
 *
 * isDown = false;
 * const [second] = await kit.drain(); // half a minute later, without waiting for it
 * console.log(second?.kind, second?.status); // succeeded completed
 * ```
 */
export function createTestKit(options: TestKitOptions): TestKit {
  checkOptions("createTestKit", options, optionNames);
  const { store, now, seed = 1, patienceMs = 4000 } = options;
  if (store === undefined) {
    throw new TypeError(
      "Cannot create a test kit without 'store': give 'openSqlite(\":memory:\")' of the runtime's entry",
    );
  }
  checkNotNegative("patienceMs", patienceMs);
  const clock = createTestClock(now === undefined ? undefined : toNow(now));
  const random: Random = createSeededRandom(seed);
  const broker = createBroker({
    random,
    logger: false,
    ...options.broker,
    store,
    clock,
    timers: false,
  });
  const time = createKitTime({ clock, broker, patienceMs });

  const shared = {
    token: options.client?.token,
    random,
    clock,
    timeoutMs: Infinity,
    retry: { baseDelayMs: 0, maxDelayMs: 0 },
  };
  const faults = createFaultPlan();
  const transcript = createTranscript(clock);
  const ways = createKitNetwork({
    broker,
    clock,
    time,
    faults,
    transcript,
    changed: () => book.observe(),
    tellWorker: async () => await worker?.heartbeat(),
  });
  const own = { ...shared, fetch: ways.own };
  const ownClient = createClient(own);
  const book = createJobBook(ownClient, transcript.stored);
  const { client: fetch } = ways;
  const { enqueueMiddleware: layers = [] } = options;
  const layered = (client: Client) => layers.length === 0 ? client : withMiddleware(client, layers);
  const bareClient = createClient({ ...shared, ...options.client, fetch, clock });
  const client = layered(bareClient);
  const parts: KitParts = { client, clock, fetch, sleep: time.sleep };
  const { handlers: given = [] } = options;
  const handlers = typeof given === "function" ? given(parts) : given;
  const worker = handlers.length === 0 ? undefined : createKitWorker({
    client: layered(createClient({ ...shared, fetch: ways.worker })),
    leases: createLeases({ ...shared, fetch: ways.worker }),
    look: ownClient,
    handlers,
    clock,
    time,
    given: { random, logger: false, ...options.worker },
    started(job) {
      book.note(job);
      transcript.started(job);
    },
  });

  /** What is under way, for a message. */
  let busy: string | undefined;
  const exclusively = async <Result>(name: string, act: () => Promise<Result>): Promise<Result> => {
    if (busy !== undefined) {
      throw new Error(
        `Cannot call '${name}()' while '${busy}()' of the kit is under way: await it`,
      );
    }
    busy = name;
    try {
      return await act();
    } finally {
      busy = undefined;
    }
  };

  const demandHandlers = () => {
    if (worker === undefined) throw new Error("Cannot run jobs in a kit without 'handlers'");
  };

  /** Whether the worker has a reason to look. */
  const hasReady = async () =>
    await ownClient.count({ queue: worker?.queues, status: "ready" }) > 0;

  const runNext = async (): Promise<JobRun | undefined> => {
    if (worker === undefined || !await hasReady()) return undefined;
    await book.observe(); // Now, as it may be gone afterwards.
    const run = await worker.runNext();
    if (run !== undefined) {
      book.note(run.after ?? { ...run.job, status: run.status } as Job);
      transcript.ended(run);
    }
    return run;
  };

  /** Runs what is ready now. */
  const runReady = async (
    runs: JobRun[],
    isEnough: (run: JobRun) => boolean | Promise<boolean>,
  ) => {
    for (let run = await runNext(); run !== undefined; run = await runNext()) {
      runs.push(run);
      if (await isEnough(run)) return true;
    }
    return false;
  };

  /** What the jobs wait for that cannot run now: a time that will come, tokens that may come, or neither. */
  const findReason = async (): Promise<"time" | "tokens" | undefined> => {
    const queue = worker?.queues;
    if (await ownClient.count({ queue, status: "scheduled" }) > 0) return "time";
    for await (const { budgets } of ownClient.list({ queue, status: "ready", limit: 2000 })) {
      if (budgets !== undefined) return "tokens";
    }
    return undefined;
  };

  const drain = async ({ until, maxRuns = 1000 }: DrainOptions): Promise<JobRun[]> => {
    demandHandlers();
    const runs: JobRun[] = [];
    const isEnough = async (run: JobRun) => {
      if (typeof until === "function" && await until(run)) return true;
      if (runs.length >= maxRuns) throw toEndless(runs, maxRuns);
      return false;
    };
    for (let idle = 0;;) {
      const before = runs.length;
      if (await runReady(runs, isEnough) || until === "now") return runs;
      const reason = await findReason();
      idle = reason === "time" || runs.length > before ? 0 : idle + 1;
      // Budgets without tokens, while cron entries of other queues come round.
      if (reason === undefined || idle > mostIdleSteps) return runs;
      if (!await time.step(Infinity)) return runs;
    }
  };

  const travel = async (ms: number): Promise<JobRun[]> => {
    const runs: JobRun[] = [];
    const untilAt = clock.now() + ms;
    for (;;) {
      await runReady(runs, () => false);
      if (clock.now() >= untilAt) break;
      await time.step(untilAt);
    }
    await clock.settle(); // For workers that somebody else has started.
    return runs;
  };

  const surroundings = { logger: false, ...options.worker, clock, random } as const;
  const perform = createPerform({ handlers, client, time, surroundings });
  const crons = createCrons(own);
  let closing: Promise<void> | undefined;
  const close = async () => {
    await worker?.kill();
    await broker.stop();
  };

  const kit: TestKit = {
    ...parts,
    broker,
    faults,
    transcript,
    crons: {
      async fire(group, entry) {
        const { job } = await crons.getEntry({ group, entry });
        return await ownClient.get((await bareClient.enqueue({ ...job, payload: job.payload })).id);
      },
    },
    enqueued: (definition, expected) => book.find(definition, expected),
    async expectEnqueued(definition, expected, options = {}) {
      checkOptions("expectEnqueued", options, { times: 1 });
      const { times } = options;
      const found = await book.find(definition, expected);
      const isRight = times === undefined ? found.length > 0 : found.length === times;
      type Some = [typeof found[number], ...typeof found];
      if (isRight) return found as Some;
      const wanted = times === undefined ? "a job" : `${times} ${times === 1 ? "job" : "jobs"}`;
      throw new Error(book.explain(definition, expected, { wanted, found: found.length }));
    },
    async expectNotEnqueued(definition, expected) {
      const found = await book.find(definition, expected);
      if (found.length === 0) return;
      throw new Error(
        book.explain(definition, expected, { wanted: "no job", found: found.length }),
      );
    },
    runNext: () =>
      exclusively("runNext", async () => {
        demandHandlers();
        return await runNext();
      }),
    async drain(options = {}) {
      checkOptions("drain", options, { until: 1, maxRuns: 1 });
      return await exclusively("drain", () => drain(options));
    },
    async travel(duration) {
      const ms = toMs(duration, "duration");
      if (busy === undefined) return await exclusively("travel", () => travel(ms));
      await time.pass(clock.now() + ms, () => busy !== undefined);
      return [];
    },
    async perform(definition, payload, options = {}) {
      checkOptions("perform", options, { job: 1 });
      return await exclusively("perform", () => perform(definition.type, payload, options.job));
    },
    close: () => closing ??= close(),
    [Symbol.asyncDispose]: () => kit.close(),
  };
  return kit;
}

const optionNames: Names<TestKitOptions> = {
  store: 1,
  handlers: 1,
  now: 1,
  worker: 1,
  broker: 1,
  client: 1,
  enqueueMiddleware: 1,
  seed: 1,
  patienceMs: 1,
};

function toNow(given: Date | number): number {
  const now = Number(given);
  if (Number.isInteger(now) && now >= 0) return now;
  throw new RangeError(`Cannot use 'now' ${given}: expected a Date or ms since the epoch`);
}

function toEndless(runs: readonly JobRun[], maxRuns: number): Error {
  const counts = new Map<string, number>();
  for (const { job: { type } } of runs) counts.set(type, (counts.get(type) ?? 0) + 1);
  const told = [...counts].map(([type, count]) => `'${type}' ${count} times`).join(", ");
  return new Error(
    `Ran ${maxRuns} jobs and more are left (${told}): if no job enqueues or retries itself for ever, raise 'maxRuns'`,
  );
}

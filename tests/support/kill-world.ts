/**
 * Requests as jobs, in a world where worker and broker are killed: what a process is after `kill -9`, in one process and with a
 * clock that stands still.
 *
 * A killed worker hears and says nothing more, and its connections are broken. A killed broker carries out no statement more,
 * and breaks the connections of all; a new one opens the same database. Both are killed at a step that a plan says, so a trial
 * can be done again.
 *
 * @module
 */

import assert from "node:assert/strict";
import { StoreError } from "../../src/errors.ts";
import { type Broker, createBroker } from "../../src/broker/mod.ts";
import { type Client, createClient, type Fetch, type Job } from "../../src/client/mod.ts";
import type { SyncDatabase } from "../../src/store/database.ts";
import { createTestClock, type TestClock } from "../../src/testing/mod.ts";
import { openMemory } from "../store/sqlite.ts";

/** Where processes are killed; each number counts steps from the start, or from the last kill of that kind. */
export interface KillPlan {
  /** Steps of a worker: what it sends to the broker or hears from there, and what it does with the other server. */
  readonly worker?: readonly number[];
  /** Statements of a broker. */
  readonly statement?: readonly number[];
  /** Answers of a broker that are on their way: what they say is done. */
  readonly answer?: readonly number[];
}

/** What a worker under test is given. */
export interface WorkerLife {
  /** Reaches the broker. */
  readonly fetch: Fetch;
  /** Reaches the other server; a body comes in two parts. */
  readonly send: typeof globalThis.fetch;
  readonly clock: TestClock;
}

/** What is tried. */
export interface KillTrial {
  readonly plan: KillPlan;
  /** Enqueues the requests, and gives their ids. */
  enqueue(client: Client): Promise<readonly string[]>;
  /** Starts a worker; gives what ends it when the trial is over. */
  start(life: WorkerLife): () => Promise<unknown>;
  /** The type of the jobs that follow from requests. */
  readonly follows: string;
  /** Which request such a job is about. */
  requestOf(job: Job): string;
}

/** What was seen. */
export interface KillReport {
  /** How many processes were killed. */
  readonly kills: number;
  /** How often each request was sent. */
  readonly sent: readonly number[];
}

/** A process that can be killed. */
interface Mortal {
  isAlive: boolean;
  readonly death: AbortController;
}

const toMortal = (): Mortal => ({ isAlive: true, death: new AbortController() });
const reset = () => new TypeError("connection reset");
const never = <Value>() => new Promise<Value>(() => {});

/** Steps of a kind until the next kill. */
function createFate(plan: readonly number[] = []) {
  const left = [...plan];
  let steps = 0;
  return {
    /** Whether this step is the last. */
    step(): boolean {
      if (left.length === 0 || steps++ < left[0]!) return false;
      left.shift();
      steps = 0;
      return true;
    },
  };
}

/** How long a trial takes at most, by its clock, and in which steps. */
const longestMs = 600_000;
const stepMs = 1000;

/** For so long nothing that is late may change anything, in ms: some leases of the workers under test. */
const lateMs = 10_000;

/** Does a trial, and demands that each request is followed by one job: never none, never two. */
export async function runKillTrial(
  { plan, enqueue, start, follows, requestOf }: KillTrial,
): Promise<KillReport> {
  const clock = createTestClock();
  const real = openMemory();
  const fates = {
    worker: createFate(plan.worker),
    statement: createFate(plan.statement),
    answer: createFate(plan.answer),
  };
  let kills = 0;
  /** What is under way before anybody may be killed. */
  let isReady = false;

  let broker!: { readonly mortal: Mortal; readonly fetch: Broker["fetch"]; stop(): unknown };
  const openBroker = () => {
    const mortal = toMortal();
    const killBroker = () => {
      mortal.isAlive = false;
      kills++;
      mortal.death.abort(reset());
      openBroker();
    };
    const own = createBroker({
      store: toMortalDatabase(real, mortal, () => {
        if (!isReady || !fates.statement.step()) return;
        killBroker();
      }),
      clock,
      logger: false,
    });
    const fetch = async (request: Request): Promise<Response> => {
      const cut = new Promise<never>((_, reject) => {
        const { signal } = mortal.death;
        if (signal.aborted) reject(signal.reason);
        signal.addEventListener("abort", () => reject(signal.reason));
      });
      cut.catch(() => {});
      const signal = AbortSignal.any([request.signal, mortal.death.signal]);
      const answer = await Promise.race([own.fetch(new Request(request, { signal })), cut]);
      if (isReady && fates.answer.step()) {
        killBroker();
        throw reset();
      }
      return answer;
    };
    broker = { mortal, fetch, stop: () => own.stop({ timeoutMs: 0 }) };
  };
  openBroker();

  const sent = new Map<string, number>();
  const ends: (() => Promise<unknown>)[] = [];
  const startWorker = () => {
    const mortal = toMortal();
    /** Whether the worker is dead, or dies now. */
    const isOver = (): boolean => {
      if (!mortal.isAlive) return true;
      if (!isReady || !fates.worker.step()) return false;
      mortal.isAlive = false;
      kills++;
      mortal.death.abort(reset());
      startWorker();
      return true;
    };
    const fetch: Fetch = async (request) => {
      if (isOver()) return await never();
      const signal = AbortSignal.any([request.signal, mortal.death.signal]);
      try {
        const answer = await broker.fetch(new Request(request, { signal }));
        return isOver() ? await never() : answer;
      } catch (error) {
        if (!mortal.isAlive) return await never();
        throw error;
      }
    };
    const send = async (url: string | URL | Request): Promise<Response> => {
      if (isOver()) return await never();
      const address = String(url instanceof Request ? url.url : url);
      sent.set(address, (sent.get(address) ?? 0) + 1);
      if (isOver()) return await never();
      let part = 0;
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (isOver()) return await never();
          if (part++ < 2) controller.enqueue(new TextEncoder().encode(`part ${part} `));
          else controller.close();
        },
      }, { highWaterMark: 0 });
      return new Response(body, { headers: { "content-type": "text/plain" } });
    };
    ends.push(start({ fetch, send: send as typeof globalThis.fetch, clock }));
  };

  const client = createClient({
    clock,
    retry: { limit: 0 },
    fetch: (request) => broker.fetch(request),
  });
  const ids = await enqueue(client);
  isReady = true;
  startWorker();
  /** Asked without a step of anybody's fate. */
  const look = async <Value>(ask: () => Promise<Value>): Promise<Value> => {
    isReady = false;
    try {
      return await ask();
    } finally {
      isReady = true;
    }
  };
  const followers = async (): Promise<Job[]> => {
    const jobs: Job[] = [];
    for await (const job of client.list({ type: follows })) jobs.push(job);
    return jobs;
  };
  const areOver = () => look(async () => await client.count({ id: ids }) === 0);
  try {
    for (let passed = 0; !await areOver(); passed += stepMs) {
      assert.ok(passed < longestMs, `requests are not done: ${JSON.stringify({ plan, ids })}`);
      await clock.advance(stepMs);
    }
    // What a former worker says late must change nothing.
    await clock.advance(lateMs);
    isReady = false;
    const about = (await followers()).map(requestOf).sort();
    assert.deepEqual(about, [...ids].sort(), `followers of ${JSON.stringify(plan)}`);
    const counts = [...sent.values()];
    assert.equal(counts.length, ids.length, "each request was sent");
    return { kills, sent: counts };
  } finally {
    isReady = false;
    const ending = ends.map((end) => end());
    await clock.settle();
    await Promise.race([Promise.all(ending), clock.advance(lateMs)]);
    await broker.stop();
    real.close();
  }
}

/** A view of a database that ends with a process: what was not committed is rolled back, and the data stay. */
function toMortalDatabase(real: SyncDatabase, mortal: Mortal, step: () => void): SyncDatabase {
  const live = () => {
    if (mortal.isAlive) step();
    if (!mortal.isAlive) throw new StoreError("The broker was killed");
  };
  const { values, begin: _, ...rest } = real;
  return {
    ...rest,
    open: () => real.open(),
    close() {},
    transaction: (work) => real.transaction(work),
    all: (sql, params) => (live(), real.all(sql, params)),
    ...values && { values: (sql, params) => (live(), values.call(real, sql, params)) },
    run: (sql, params) => (live(), real.run(sql, params)),
  };
}

/**
 * A broker that does only what a test says: streams fed by hand, answers given by hand.
 *
 * @module
 */

import { type Client, createClient, defineJob, type JobDefinition } from "../../src/client/mod.ts";
import { createTestClock, type TestClock } from "../../src/testing/mod.ts";
import { createWorker, handle, type Worker, type WorkerOptions } from "../../src/worker/mod.ts";

/** A take stream as the broker sees it. */
export interface Connection {
  readonly url: URL;
  readonly headers: Headers;
  /** Whether the worker hung up. */
  readonly closed: boolean;
  /** Sends all jobs in one chunk. */
  send(...jobs: object[]): void;
  beat(): void;
  /** Sends a control frame of a kind. */
  control(name: string): void;
  /** Asks what the worker has. */
  ask(number: number): void;
  /** Sends any text. */
  write(text: string): void;
  end(): void;
  breakOff(): void;
}

/** A failure that was reported. */
export interface Reported {
  readonly id: string;
  readonly message: string;
  readonly error_type?: string;
  readonly backtrace?: string;
  readonly retry_at?: number;
  readonly kill?: boolean;
  readonly delivery?: number;
}

/** What a worker said of itself. */
export interface Statement {
  readonly run: string;
  readonly heard?: number;
  readonly taking: boolean;
  readonly prefetch?: number;
  readonly ids: readonly string[];
  readonly deliveries: readonly number[];
}

export type Answer = () => Response | Promise<Response>;

export interface ScriptedBroker {
  readonly clock: TestClock;
  readonly client: Client;
  /** All take streams so far, the last one is the present one. */
  readonly connections: Connection[];
  readonly connection: Connection;
  /** The ids of each request of successes. */
  readonly acks: string[][];
  /** The deliveries of each of them. */
  readonly ackedDeliveries: (readonly number[] | undefined)[];
  readonly failures: Reported[];
  /** What a job is when somebody looks at it, if not in flight as it was sent; by its id. */
  readonly jobs: Map<string, object>;
  /** What was given back. */
  readonly releases: { readonly id: string; readonly delay_ms?: number }[];
  /** What the worker said of itself. */
  readonly statements: Statement[];
  /** What calls are answered with, in turn; when empty, as a broker does. */
  readonly answers: {
    take: Answer[];
    success: Answer[];
    failure: Answer[];
    release: Answer[];
    tell: Answer[];
  };
}

export const ok: Answer = () => new Response(null, { status: 204 });
export const refuse = (status: number): Answer => () =>
  Response.json({ error: `status ${status}` }, { status });
export const notFound = (...ids: string[]): Answer => () =>
  Response.json({ not_found: ids }, { status: 422 });
/** What a worker is told is not its any more. */
export const gone = (...ids: string[]): Answer => () => Response.json({ gone: ids });
export const unreachable: Answer = () => Promise.reject(new TypeError("connection refused"));

/** An answer that waits until it is given. */
export function hold(): { answer: Answer; give: (answer: Answer) => void } {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  return { answer: async () => await (await promise)(), give: resolve };
}

/** A job as the wire has it. */
export function wireJob(id: string, more: object = {}): object {
  return {
    id,
    type: "work",
    queue: "default",
    priority: 32768,
    status: "in_flight",
    ready_at: 0,
    attempts: 0,
    dequeued_at: 0,
    payload: null,
    ...more,
  };
}

export function createScriptedBroker(): ScriptedBroker {
  const clock = createTestClock();
  const connections: Connection[] = [];
  const acks: string[][] = [];
  const ackedDeliveries: (readonly number[] | undefined)[] = [];
  const failures: Reported[] = [];
  const jobs = new Map<string, object>();
  const statements: Statement[] = [];
  const releases: ScriptedBroker["releases"] = [];
  const answers: ScriptedBroker["answers"] = {
    take: [],
    success: [],
    failure: [],
    release: [],
    tell: [],
  };
  const encoder = new TextEncoder();

  const openConnection = (request: Request): Response => {
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    let closed = false;
    const body = new ReadableStream<Uint8Array>({
      start: (given) => void (controller = given),
      cancel: () => void (closed = true),
    });
    const write = (text: string) => controller.enqueue(encoder.encode(text));
    connections.push({
      url: new URL(request.url),
      headers: request.headers,
      get closed() {
        return closed;
      },
      send: (...jobs) => write(jobs.map((job) => `${JSON.stringify(job)}\n`).join("")),
      beat: () => write("\n"),
      control: (name) => write(`${JSON.stringify({ control: name })}\n`),
      ask: (number) => write(`${JSON.stringify({ control: "ask", number, within_ms: 60_000 })}\n`),
      write,
      end: () => controller.close(),
      breakOff: () => controller.error(new TypeError("connection reset")),
    });
    return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
  };

  const fetch = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (pathname === "/jobs/take") return await answers.take.shift()?.() ?? openConnection(request);
    if (pathname === "/jobs/success") {
      const { ids, deliveries } = await request.json() as { ids: string[]; deliveries?: number[] };
      acks.push(ids);
      ackedDeliveries.push(deliveries);
      return await (answers.success.shift() ?? ok)();
    }
    if (pathname.startsWith("/workers/")) {
      statements.push({ run: pathname.slice(9), ...await request.json() as object } as Statement);
      return await (answers.tell.shift() ?? gone())();
    }
    if (pathname === "/jobs/release") {
      const { ids, ...rest } = await request.json() as { ids: string[] };
      for (const id of ids) releases.push({ id, ...rest });
      return await (answers.release.shift() ?? ok)();
    }
    const released = /^\/jobs\/([^/]+)\/release$/.exec(pathname)?.[1];
    if (released !== undefined) {
      releases.push({ id: released, ...await request.json() as object });
      return await (answers.release.shift() ?? (() => Response.json(wireJob(released))))();
    }
    const [, id, isReport] = /^\/jobs\/([^/]+)(\/failure)?$/.exec(pathname)!;
    if (!isReport) return Response.json(wireJob(id!, jobs.get(id!)));
    failures.push({ id, ...await request.json() as object } as Reported);
    return await (answers.failure.shift() ?? (() => Response.json(wireJob(id!))))();
  };

  return {
    clock,
    // The worker's own patience is what is tried here.
    client: createClient({ fetch, clock, retry: { limit: 0 } }),
    connections,
    get connection() {
      return connections.at(-1)!;
    },
    acks,
    ackedDeliveries,
    failures,
    releases,
    statements,
    jobs,
    answers,
  };
}

/** A job that nobody checks. */
export const work: JobDefinition<unknown> = defineJob<unknown>({ type: "work", queue: "default" });

/** A worker of a scripted broker; by default each job runs until it is let go. */
export function createScriptedWorker(
  broker: ScriptedBroker,
  options: Partial<WorkerOptions> = {},
): {
  worker: Worker;
  /** The ids of the jobs that were begun, in order. */
  started: string[];
  /** Lets jobs end: well, or with an error. */
  finish(id: string, error?: unknown): Promise<void>;
} {
  const started: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const { client, clock } = broker;
  const handlers = [handle(work, (_payload, { job }) => {
    started.push(job.id);
    const gate = Promise.withResolvers<void>();
    gates.set(job.id, gate);
    return gate.promise;
  })];
  const worker = createWorker({ client, clock, random: () => 1, handlers, ...options });
  return {
    worker,
    started,
    async finish(id, error) {
      const { resolve, reject } = gates.get(id)!;
      if (error === undefined) resolve();
      else reject(error);
      await clock.settle();
    },
  };
}

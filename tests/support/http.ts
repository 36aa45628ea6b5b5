/**
 * Requests as jobs at a real broker, with a clock that stands still and another server that answers when a test says so.
 *
 * @module
 */

import { createClient, createLeases, type Fetch } from "../../src/client/mod.ts";
import {
  createHttp,
  type CreateHttpOptions,
  createHttpWorker,
  defineHttpCallback,
  type Http,
  type HttpFailure,
  type HttpResult,
  type HttpStopReport,
  type HttpWorker,
  type HttpWorkerOptions,
} from "../../src/offload/mod.ts";
import { type TestBroker, withBroker } from "./broker.ts";

/** A request that the other server has, and has not answered. */
export interface Asked {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | undefined;
  readonly signal: AbortSignal;
  /** Answers it. */
  answer(body?: string | null, init?: ResponseInit): Promise<void>;
  /** Breaks the connection. */
  fail(error?: unknown): Promise<void>;
}

/** What a callback was told. */
export interface Told {
  readonly args: unknown;
  readonly requestId: string;
  readonly result?: HttpResult;
  readonly failure?: HttpFailure;
}

/** What a test works with. */
export interface HttpBench extends TestBroker {
  readonly http: Http;
  readonly worker: HttpWorker;
  /** All that was asked so far, answered or not. */
  readonly asked: Asked[];
  /** What the callback `noted` was told. */
  readonly told: Told[];
  /** How workers were stopped. */
  readonly stops: HttpStopReport[];
  /** Lines from warnings on. */
  readonly lines: string[];
  /** Another worker at the same broker; it is stopped at the end. */
  another(options?: Partial<HttpWorkerOptions>): HttpWorker;
}

/** Another server: it answers when somebody says so. */
export function createOtherServer(settle: () => Promise<void>) {
  const asked: Asked[] = [];
  const fetch =
    ((input: string | URL, init: RequestInit = {}) =>
      new Promise<Response>((resolve, reject) => {
        const signal = init.signal as AbortSignal;
        signal.addEventListener("abort", () => reject(signal.reason));
        const { body } = init;
        asked.push({
          url: String(input),
          method: init.method ?? "GET",
          headers: new Headers(init.headers),
          body: body ? new TextDecoder().decode(body as Uint8Array) : undefined,
          signal,
          answer(body = "", init) {
            resolve(new Response(body, init));
            return settle();
          },
          fail(error = new TypeError("fetch failed", { cause: { code: "ECONNRESET" } })) {
            reject(error);
            return settle();
          },
        });
      })) as typeof globalThis.fetch;
  return { asked, fetch };
}

/** Runs a test with a worker of requests that was not started. */
export function withHttp(
  test: (bench: HttpBench) => Promise<void>,
  options: Partial<HttpWorkerOptions> & { readonly defaults?: CreateHttpOptions } = {},
): Promise<void> {
  return withBroker(async (parts) => {
    const { broker, client, clock } = parts;
    const { defaults, ...given } = options;
    const { asked, fetch } = createOtherServer(() => clock.settle());
    const told: Told[] = [];
    const lines: string[] = [];
    const noted = defineHttpCallback<Record<string, unknown>>("noted", {
      onComplete: (result, { args, requestId }) => void told.push({ args, requestId, result }),
      onError: (failure, { args, requestId }) => void told.push({ args, requestId, failure }),
    });
    const workers: HttpWorker[] = [];
    const stops: HttpStopReport[] = [];
    const own: Fetch = (request) => broker.fetch(request);
    const note = (text: string) => void lines.push(text);
    const another = (more: Partial<HttpWorkerOptions> = {}) => {
      const worker = createHttpWorker({
        client: createClient({ fetch: own, clock, retry: { limit: 0 } }),
        leases: createLeases({ fetch: own, clock, retry: { limit: 0 } }),
        callbacks: [noted],
        clock,
        random: () => 1,
        fetch,
        logger: { debug() {}, info() {}, warn: note, error: note },
        ...given,
        ...more,
      });
      worker.on("stop", (report) => stops.push(report));
      workers.push(worker);
      return worker;
    };
    const worker = another();
    const http = createHttp(client, { callback: noted, ...defaults });
    try {
      await test({ ...parts, http, worker, asked, told, stops, lines, another });
    } finally {
      for (const worker of workers) {
        const stopping = worker.stop({ timeoutMs: 0 });
        await clock.advance(5000);
        await stopping;
      }
    }
  });
}

/**
 * Replays what a reference server answered, call by call, against a fetch function.
 *
 * The transcripts have real time in them (`no_job_for_ms`, polls), so this suite takes some seconds.
 *
 * @module
 */

import assert from "node:assert/strict";
import { decode } from "@msgpack/msgpack";
import { type Bindings, difference, fillIn } from "./matching.ts";
import { type FrameReader, openFrameReader } from "./frame-reader.ts";

/** One scenario of a transcript. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly steps: readonly Step[];
}

interface Exchange {
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Record<string, string | string[]>;
    readonly json?: unknown;
    readonly base64?: string;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly body?: unknown;
    readonly text?: string;
  };
  readonly poll?: true;
  readonly stream?: number;
}

type Step =
  | Exchange
  | {
    readonly expect: {
      readonly stream: number;
      readonly job?: unknown;
      readonly no_job_for_ms?: number;
    };
  }
  | { readonly close: number }
  | { readonly wait_ms: number };

/** Answers a request, in one process or over a network. */
export type Fetch = (request: Request) => Promise<Response>;

interface Stream {
  readonly reader: FrameReader;
  readonly controller: AbortController;
}

const pollMs = 20;
const patienceMs = 4000;

/** Replays one scenario on an empty server at `origin`. Throws an `AssertionError` at the first difference. */
export async function replay(scenario: Scenario, fetch: Fetch, origin: string): Promise<void> {
  const ids: Bindings = new Map();
  const streams = new Map<number, Stream>();
  try {
    for (const [index, step] of scenario.steps.entries()) {
      const where = `${scenario.id} step ${index + 1}: ${JSON.stringify(step).slice(0, 240)}`;
      if (!canSay(step)) continue;
      if ("wait_ms" in step) await pause(step.wait_ms);
      else if ("close" in step) await close(streams, step.close);
      else if ("expect" in step) await expectFrame(step.expect, streams, ids, where);
      else if (step.stream !== undefined) {
        const controller = new AbortController();
        const response = await fetch(toRequest(step, ids, origin, controller.signal));
        assert.equal(headDifference(step, response), undefined, where);
        streams.set(step.stream, { controller, reader: openFrameReader(response) });
      } else await exchange(step, fetch, ids, origin, where);
    }
  } finally {
    for (const number of [...streams.keys()]) await close(streams, number);
  }
}

/** Fetch has no word for a header of several lines, nor for a GET with a body: those calls need a socket. */
function canSay(step: Step): boolean {
  if (!("request" in step)) return true;
  const { method, headers, json, base64 } = step.request;
  const hasBody = json !== undefined || base64 !== undefined;
  return !Object.values(headers).some(Array.isArray) && !(method === "GET" && hasBody);
}

async function exchange(
  step: Exchange,
  fetch: Fetch,
  ids: Bindings,
  origin: string,
  where: string,
): Promise<void> {
  const deadline = Date.now() + (step.poll ? patienceMs : 0);
  while (true) {
    const response = await fetch(toRequest(step, ids, origin));
    const found = headDifference(step, response) ?? await bodyDifference(step, response, ids);
    if (found === undefined) return;
    if (Date.now() >= deadline) assert.fail(`${where}\n  ${found}`);
    if (!response.bodyUsed) await response.body?.cancel();
    await pause(pollMs);
  }
}

function toRequest(
  { request }: Exchange,
  ids: Bindings,
  origin: string,
  signal?: AbortSignal,
): Request {
  const now = Date.now();
  const body = request.base64 !== undefined
    ? Uint8Array.from(atob(request.base64), (char) => char.charCodeAt(0))
    : request.json !== undefined
    ? new TextEncoder().encode(JSON.stringify(fillIn(request.json, ids, now)))
    : undefined;
  const path = fillIn(request.path, ids, now) as string;
  return new Request(origin + path, {
    method: request.method,
    headers: request.headers as Record<string, string>,
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  });
}

function headDifference({ response: expected }: Exchange, actual: Response): string | undefined {
  if (actual.status !== expected.status) {
    return `status: expected ${expected.status}, got ${actual.status}`;
  }
  for (const [name, value] of Object.entries(expected.headers)) {
    const given = actual.headers.get(name);
    if (name === "allow") {
      const methods = (text: string | null) => text?.split(/, */).sort().join();
      if (methods(given) === methods(value)) continue;
    } else if (name === "transfer-encoding" || given === value) continue;
    return `header ${name}: expected ${value}, got ${given}`;
  }
  return undefined;
}

async function bodyDifference(
  { response: expected }: Exchange,
  actual: Response,
  ids: Bindings,
): Promise<string | undefined> {
  const bytes = new Uint8Array(await actual.arrayBuffer());
  if (expected.body === undefined) {
    const text = new TextDecoder().decode(bytes);
    return text === (expected.text ?? "") ? undefined : `body: expected nothing, got ${text}`;
  }
  const isPack = actual.headers.get("content-type") === "application/msgpack";
  const body = isPack ? decode(bytes) : JSON.parse(new TextDecoder().decode(bytes));
  return difference(expected.body, body, ids, Date.now(), "body");
}

async function expectFrame(
  expected: { readonly stream: number; readonly job?: unknown; readonly no_job_for_ms?: number },
  streams: Map<number, Stream>,
  ids: Bindings,
  where: string,
): Promise<void> {
  const { reader } = streams.get(expected.stream)!;
  if (expected.no_job_for_ms !== undefined) {
    const job = await reader.next(expected.no_job_for_ms);
    assert.equal(job, undefined, `${where}\n  got a job`);
    return;
  }
  const job = await reader.next(patienceMs);
  assert.notEqual(job, undefined, `${where}\n  got no job`);
  assert.equal(difference(expected.job, job, ids, Date.now(), "job"), undefined, where);
}

async function close(streams: Map<number, Stream>, number: number): Promise<void> {
  const { reader, controller } = streams.get(number)!;
  streams.delete(number);
  controller.abort();
  await reader.cancel();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

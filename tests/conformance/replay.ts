/**
 * Replays what a reference server answered, call by call.
 *
 * The transcripts have real time in them (`no_job_for_ms`, polls), so this suite takes some seconds.
 *
 * @module
 */

import assert from "node:assert/strict";
import { decode, encode } from "@msgpack/msgpack";
import { type Bindings, difference, fillIn } from "./matching.ts";
import { type FrameReader, openFrameReader } from "./frame-reader.ts";
import { type Answer, type Call, readAll, type Sender } from "./sends/send.ts";

/** One scenario of a transcript. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly steps: readonly Step[];
}

/** One call with its answer. */
export interface Exchange {
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

/** One step of a scenario. */
export type Step =
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

interface Stream {
  readonly reader: FrameReader;
  readonly answer: Answer;
}

const pollMs = 20;
/** How long what must come may take: a machine that runs all stages of the gate at once is slow. */
const patienceMs = 20_000;

/**
 * Replays one scenario on an empty broker. Throws an `AssertionError` at the first difference. Gives the calls that
 * the way to it has no word for, which are passed over.
 */
export async function replay(scenario: Scenario, sender: Sender): Promise<Call[]> {
  const ids: Bindings = new Map();
  const streams = new Map<number, Stream>();
  const unsent: Call[] = [];
  const startedAt = Date.now();
  try {
    for (const [index, step] of scenario.steps.entries()) {
      const where = `${scenario.id} step ${index + 1}: ${JSON.stringify(step).slice(0, 240)}`;
      if ("wait_ms" in step) await pause(step.wait_ms);
      else if ("close" in step) await close(streams, step.close);
      else if ("expect" in step) await expectFrame(step.expect, { streams, ids, startedAt, where });
      else if (!sender.canSend(toCall(step, ids))) unsent.push(toCall(step, ids));
      else if (step.stream !== undefined) {
        const answer = await sender.send(toCall(step, ids));
        assert.equal(headDifference(step, answer), undefined, where);
        streams.set(step.stream, { answer, reader: openFrameReader(answer) });
      } else await exchange(step, { sender, ids, startedAt, where });
    }
  } finally {
    for (const number of [...streams.keys()]) await close(streams, number);
  }
  return unsent;
}

async function exchange(
  step: Exchange,
  { sender, ids, startedAt, where }: {
    readonly sender: Sender;
    readonly ids: Bindings;
    readonly startedAt: number;
    readonly where: string;
  },
): Promise<void> {
  const deadline = Date.now() + (step.poll ? patienceMs : 0);
  while (true) {
    const answer = await sender.send(toCall(step, ids));
    const body = await readAll(answer.body);
    const found = headDifference(step, answer) ??
      bodyDifference(step, answer, body, { ids, startedAt });
    if (found === undefined) return;
    if (Date.now() >= deadline) assert.fail(`${where}\n  ${found}`);
    await pause(pollMs);
  }
}

function toCall({ request }: Exchange, ids: Bindings): Call {
  const { method, headers, json, base64 } = request;
  const now = Date.now();
  const path = fillIn(request.path, ids, now) as string;
  if (base64 !== undefined) {
    return { method, path, headers, body: Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)) };
  }
  if (json === undefined) return { method, path, headers };
  const value = fillIn(json, ids, now);
  const body = headers["content-type"] === "application/msgpack"
    ? encode(value)
    : new TextEncoder().encode(JSON.stringify(value));
  return { method, path, headers, body };
}

function headDifference({ response: expected }: Exchange, actual: Answer): string | undefined {
  if (actual.status !== expected.status) {
    return `status: expected ${expected.status}, got ${actual.status}`;
  }
  for (const [name, value] of Object.entries(expected.headers)) {
    const given = actual.headers.get(name);
    if (name === "allow") {
      // An extension may answer another method of the path.
      const methods = new Set(given?.split(/, */));
      if (value.split(/, */).every((method) => methods.has(method))) continue;
    } else if (name === "transfer-encoding" || given === value) continue;
    return `header ${name}: expected ${value}, got ${given}`;
  }
  return undefined;
}

function bodyDifference(
  { response: expected }: Exchange,
  actual: Answer,
  bytes: Uint8Array<ArrayBuffer>,
  { ids, startedAt }: { readonly ids: Bindings; readonly startedAt: number },
): string | undefined {
  const text = () => new TextDecoder().decode(bytes);
  if (expected.body === undefined) {
    return text() === (expected.text ?? "") ? undefined : `body: expected nothing, got ${text()}`;
  }
  const isPack = actual.headers.get("content-type") === "application/msgpack";
  const body = isPack ? decode(bytes) : JSON.parse(text());
  return difference(expected.body, body, ids, { from: startedAt, to: Date.now() }, "body");
}

async function expectFrame(
  expected: { readonly stream: number; readonly job?: unknown; readonly no_job_for_ms?: number },
  { streams, ids, startedAt, where }: {
    readonly streams: Map<number, Stream>;
    readonly ids: Bindings;
    readonly startedAt: number;
    readonly where: string;
  },
): Promise<void> {
  const { reader } = streams.get(expected.stream)!;
  if (expected.no_job_for_ms !== undefined) {
    const job = await reader.next(expected.no_job_for_ms);
    assert.equal(job, undefined, `${where}\n  got a job`);
    return;
  }
  const job = await reader.next(patienceMs);
  assert.notEqual(job, undefined, `${where}\n  got no job`);
  const span = { from: startedAt, to: Date.now() };
  assert.equal(difference(expected.job, job, ids, span, "job"), undefined, where);
}

async function close(streams: Map<number, Stream>, number: number): Promise<void> {
  const { reader, answer } = streams.get(number)!;
  streams.delete(number);
  answer.abort();
  await reader.cancel();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

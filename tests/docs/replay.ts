/**
 * Replays examples of `docs/protocol.md` on a broker in this process, whose clock stands still.
 *
 * @module
 */

import assert from "node:assert/strict";
import { openSqlite } from "../../adapters/node/mod.ts";
import { type Broker, createBroker } from "../../src/broker/mod.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { type CurlCommand, readCurl } from "./command.ts";
import type { Step } from "./protocol-page.ts";

/** How many chunks are read at most before an expected line has to have come. */
const maxChunks = 20;

/** Does the steps of an example in turn and compares the answers. */
export async function replay(steps: readonly Step[]): Promise<void> {
  const broker = createBroker({ store: openSqlite(":memory:"), clock: createTestClock() });
  const ids = new Map<string, string>();
  const streams: ReadableStreamDefaultReader<Uint8Array>[] = [];
  try {
    for (const step of steps) {
      const job = /^kill %(\d+)$/.exec(step.command)?.[1];
      if (job !== undefined) await streams[Number(job) - 1]!.cancel();
      else await doStep(broker, step, { ids, streams });
    }
  } finally {
    for (const stream of streams) await stream.cancel();
    await broker.close();
  }
}

interface Memory {
  /** The id that the broker gave, for each id of the page. */
  readonly ids: Map<string, string>;
  /** What goes on in the background, in the order of its beginning. */
  readonly streams: ReadableStreamDefaultReader<Uint8Array>[];
}

async function doStep(broker: Broker, step: Step, { ids, streams }: Memory): Promise<void> {
  const command = readCurl(withRealIds(step.command, ids));
  const where = `docs/protocol.md:${step.line}`;
  const response = await broker.fetch(toRequest(command));
  if (command.background) {
    assert.equal(response.status, 200, where);
    const reader = response.body!.getReader();
    streams.push(reader);
    const expected = toLines(step.answer);
    const lines = await readLines(reader, expected.length, where);
    for (const [index, line] of expected.entries()) demandLine(lines[index]!, line, ids, where);
    return;
  }
  const [head, ...rest] = step.answer.split("\n\n");
  const [statusLine, ...headers] = head!.split("\n");
  assert.equal(response.status, Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine!)?.[1]), where);
  for (const line of headers) {
    const [, name, value] = /^([^:]+): (.*)$/.exec(line)!;
    assert.equal(response.headers.get(name!), value, `${where}, ${name}`);
  }
  const text = await response.text();
  const expected = rest.join("\n\n");
  if (expected === "") assert.equal(text, "", where);
  else demandLine(text, expected, ids, where);
}

function toRequest({ method, path, headers, body }: CurlCommand): Request {
  return new Request(`http://broker${path}`, {
    method,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    ...body !== undefined && { body },
  });
}

/** Heartbeats of NDJSON are empty lines, which say nothing here. */
function toLines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

async function readLines(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  count: number,
  where: string,
): Promise<string[]> {
  const decoder = new TextDecoder();
  let text = "";
  for (let chunks = 0; chunks < maxChunks; chunks++) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
    const lines = toLines(text);
    if (lines.length >= count && text.endsWith("\n")) {
      assert.equal(lines.length, count, where);
      return lines;
    }
  }
  assert.fail(`${where}: expected ${count} lines, got ${JSON.stringify(text)}`);
}

/** Compares JSON, which may have a field name of SSE before it, or else plain text. */
function demandLine(
  actual: string,
  expected: string,
  ids: Map<string, string>,
  where: string,
): void {
  const [, prefix, json] = /^((?:data: )?)([[{][\s\S]*)$/.exec(expected) ?? [];
  if (json === undefined) return assert.equal(actual, expected, where);
  assert.ok(actual.startsWith(prefix!), where);
  const value = JSON.parse(actual.slice(prefix!.length));
  learnIds(value, JSON.parse(json), ids);
  const wanted = JSON.parse(withRealIds(json, ids));
  assert.deepEqual(withDots(value, wanted), wanted, where);
}

/** The id of a job that the page shows for the first time is whatever the broker gave it. */
function learnIds(actual: unknown, expected: unknown, ids: Map<string, string>): void {
  if (typeof expected !== "object" || expected === null) return;
  if (typeof actual !== "object" || actual === null) return;
  for (const [key, value] of Object.entries(expected)) {
    const found = (actual as Record<string, unknown>)[key];
    if (key !== "id") learnIds(found, value, ids);
    else if (!ids.has(value) && typeof found === "string") ids.set(value, found);
  }
}

function withRealIds(text: string, ids: ReadonlyMap<string, string>): string {
  return text.replace(/\b[0-9a-z]{25}\b/g, (id) => ids.get(id) ?? id);
}

/** Puts the page's text in the place of one that only goes on after it; such a text ends in `…`. */
function withDots(actual: unknown, expected: unknown): unknown {
  if (typeof expected === "string" && expected.endsWith("…")) {
    const begins = typeof actual === "string" && actual.startsWith(expected.slice(0, -1));
    return begins ? expected : actual;
  }
  if (typeof actual !== "object" || actual === null) return actual;
  if (Array.isArray(actual)) {
    const wanted: readonly unknown[] = Array.isArray(expected) ? expected : [];
    return actual.map((item, at) => withDots(item, wanted[at]));
  }
  if (typeof expected !== "object" || expected === null) return actual;
  const wanted = expected as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(actual).map(([key, value]) => [key, withDots(value, wanted[key])]),
  );
}

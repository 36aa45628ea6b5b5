/**
 * Answers of the broker that pages which are open at once share, so that hundreds of them cost the broker what one does.
 *
 * | An answer that          | Is shared                                                                             |
 * | ----------------------- | ------------------------------------------------------------------------------------- |
 * | is under way            | with all that ask the same, with the same token; it is given up when all have left    |
 * | came                    | until something has changed, and for a second at most                                 |
 * | is too large            | with nobody: the first that asked gets it, the others ask for themselves              |
 * | is no 200, or no JSON   | with those that wait for it                                                           |
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { createByteBuffer } from "../protocol/byte-buffer.ts";

/** What was answered, whole. */
export interface SharedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What tells it from others; undefined if it was no success. */
  readonly tag: string | undefined;
}

/** Asks the broker for those that ask the same. */
export interface SharedAnswers {
  /**
   * Asks, or waits for the answer that another one waits for.
   *
   * @param path The path at the broker, with its query.
   * @param call The token of the visitor, and what ends the wait.
   * @returns The whole answer; one that is not shared as it came.
   */
  get(path: string, call: SharedCall): Promise<SharedAnswer | Response>;
  /** Something has changed: what came until now is of no use. */
  forget(): void;
}

/** Who asks. */
export interface SharedCall {
  readonly token: string | undefined;
  readonly signal: AbortSignal;
}

/** What they are made of. */
export interface SharedAnswersParts {
  /** Asks the broker. */
  readonly ask: (path: string, call: SharedCall) => Promise<Response>;
  readonly clock: Clock;
  /** Whether answers are shared at all. */
  readonly isShared: boolean;
}

/** How long an answer is of use if nothing is known to have changed, in ms. */
const freshMs = 1000;

/** Bytes of an answer that is shared, at most, and of all together. */
const mostBytes = 1024 * 1024;
const mostBytesTogether = 16 * mostBytes;

interface Entry {
  readonly startedAt: number;
  readonly controller: AbortController;
  readonly answer: Promise<Loaded>;
  waiting: number;
  bytes: number;
  isOver: boolean;
}

/** An answer: whole, or the beginning of one that is too large, for who takes it first. */
type Loaded = SharedAnswer | { taken: boolean; readonly response: Response };

/** Creates them. */
export function createSharedAnswers(
  { ask, clock, isShared }: SharedAnswersParts,
): SharedAnswers {
  const entries = new Map<string, Entry>();

  const isFresh = ({ startedAt }: Entry) => clock.monotonic() - startedAt < freshMs;

  const begin = (key: string, path: string, token: string | undefined): Entry => {
    const controller = new AbortController();
    const own: Entry = {
      startedAt: clock.monotonic(),
      controller,
      answer: ask(path, { token, signal: controller.signal }).then(readWhole),
      waiting: 0,
      bytes: 0,
      isOver: false,
    };
    const over = (bytes: number) => {
      own.isOver = true;
      own.bytes = bytes;
      if (bytes === 0 && entries.get(key) === own) entries.delete(key);
    };
    own.answer.then(
      (loaded) => over("bytes" in loaded && loaded.tag !== undefined ? loaded.bytes.length : 0),
      () => over(0),
    );
    return own;
  };

  const find = (path: string, token: string | undefined): Entry => {
    const key = `${token ?? ""}\n${path}`;
    const found = entries.get(key);
    // A broker that is slow to answer is not asked the same once more meanwhile.
    if (found !== undefined && (!found.isOver || isFresh(found))) return found;
    let kept = 0;
    for (const [key, entry] of entries) {
      if (entry.isOver && !isFresh(entry)) entries.delete(key);
      else kept += entry.bytes;
    }
    if (kept > mostBytesTogether) entries.clear();
    const own = begin(key, path, token);
    entries.set(key, own);
    return own;
  };

  /** Leaves an answer before it came: who leaves last ends it. */
  const leave = (entry: Entry) => {
    if (--entry.waiting > 0 || entry.bytes > 0) return;
    entry.controller.abort();
    entry.answer.then(orTaken, () => {}).then((one) => {
      if (one instanceof Response) return one.body?.cancel();
    }).catch(() => {}); // It is gone.
    for (const [key, one] of entries) if (one === entry) entries.delete(key);
  };

  return {
    async get(path, call) {
      call.signal.throwIfAborted();
      if (!isShared) return orTaken(await ask(path, call).then(readWhole));
      const entry = find(path, call.token);
      entry.waiting++;
      const loaded = await untilAborted(entry.answer, call.signal).catch((error) => {
        leave(entry);
        throw error;
      });
      entry.waiting--;
      if (!("response" in loaded)) return loaded;
      if (loaded.taken) return await ask(path, call);
      return orTaken(loaded);
    },
    forget: () => entries.clear(),
  };
}

function orTaken(loaded: Loaded): SharedAnswer | Response {
  if (!("response" in loaded)) return loaded;
  loaded.taken = true;
  return loaded.response;
}

/** Waits for a promise, or for the end of who waits. */
function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** Reads an answer, as far as it is to be shared. */
async function readWhole(response: Response): Promise<Loaded> {
  const { status, headers, body } = response;
  const isJson = headers.get("content-type")?.startsWith("application/json") === true;
  if (!isJson) return { taken: false, response };
  const bytes = createByteBuffer(4096);
  const reader = body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes.add(value);
    if (bytes.length > mostBytes) {
      const whole = goOn(bytes.whole(), reader);
      return { taken: false, response: new Response(whole, { status, headers }) };
    }
  }
  // Of its own: the buffer has room that would be kept with it.
  const own = bytes.whole().slice();
  return { status, headers, bytes: own, tag: status === 200 ? await toTag(own) : undefined };
}

/** A stream of what was read, and of what is still to come. */
function goOn(
  read: Uint8Array<ArrayBuffer>,
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(read),
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

async function toTag(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `"${btoa(String.fromCharCode(...digest.subarray(0, 12)))}"`;
}

/**
 * Calls through the dispatcher that stands under the `fetch` of Node: the same connections and the same proxy, at a
 * sixth of the cost.
 *
 * Node puts it under a symbol as soon as `fetch` or one of its classes is touched. Who sets another one there (an agent
 * with other limits, a proxy) keeps it, because it is looked up for each call. The handlers are those of undici 6; later
 * versions, which have other ones, still serve them under this symbol.
 *
 * @module
 */

import { concatBytes } from "../protocol/concat-bytes.ts";
import type { Bytes, Port, PortAnswer, PortCall } from "./port-types.ts";

/** The members of a handler that are called. */
interface Handler {
  onConnect(abort: (reason?: unknown) => void): void;
  onHeaders(status: number, headers: readonly Uint8Array[], resume: () => void): boolean;
  onData(chunk: Uint8Array): boolean;
  onComplete(): void;
  onError(error: unknown): void;
}

/** The members of a dispatcher that are used. */
interface Dispatcher {
  dispatch(options: object, handler: Handler): boolean;
}

const key = Symbol.for("undici.globalDispatcher.1");

/**
 * Sends a call.
 *
 * @param fetchCall Stands in where there is no dispatcher, or a redirect is to be followed.
 */
export async function callOnNode(call: PortCall, fetchCall: Port): Promise<PortAnswer> {
  const answer = await dispatchCall(call);
  if (answer !== undefined && (answer.status < 300 || answer.status >= 400)) return answer;
  // `fetch` knows how to follow a redirect. Nothing was done yet, so that sending the call again is safe.
  void answer?.stream()?.cancel().catch(() => {});
  return await fetchCall(call);
}

/**
 * Sends a call by the dispatcher.
 *
 * @returns The answer; undefined if there is no dispatcher, and nothing was sent.
 */
function dispatchCall(call: PortCall): Promise<PortAnswer | undefined> {
  void globalThis.Request; // Loads it.
  const dispatcher = (globalThis as { readonly [key]?: Partial<Dispatcher> })[key];
  if (typeof dispatcher?.dispatch !== "function") return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const { origin, pathname, search } = new URL(call.url);
    const { method, headers, body, signal } = call;
    dispatcher.dispatch!({
      origin,
      path: pathname + search,
      method,
      headers,
      body,
      // The client has a deadline of its own, and a take stream may be silent for as long as it likes.
      headersTimeout: 0,
      bodyTimeout: 0,
    }, createHandler(signal, call.streamed, resolve, reject));
  });
}

function createHandler(
  signal: AbortSignal,
  streamed: boolean,
  resolve: (answer: PortAnswer) => void,
  reject: (error: unknown) => void,
): Handler {
  let head: Pick<PortAnswer, "status" | "header"> | undefined;
  let stream: ReadableStreamDefaultController<Bytes> | undefined;
  let cancelled = false;
  let resumeSocket = () => {};
  let abortCall = (_reason?: unknown) => {};
  const chunks: Bytes[] = [];
  const follow = () => abortCall(signal.reason);

  return {
    onConnect(abort) {
      abortCall = abort;
      if (signal.aborted) return follow();
      signal.addEventListener("abort", follow, { once: true });
    },
    onHeaders(status, headers, resume) {
      if (status < 200) return true;
      head = { status, header: (name) => findHeader(headers, name) };
      if (!streamed) return true;
      resumeSocket = resume;
      const body = new ReadableStream<Bytes>({
        start: (controller) => void (stream = controller),
        pull: () => resumeSocket(),
        cancel(reason) {
          cancelled = true;
          abortCall(reason);
        },
      });
      resolve({
        ...head,
        bytes: async () => new Uint8Array(await new Response(body).arrayBuffer()),
        stream: () => body,
      });
      return true;
    },
    onData({ buffer, byteOffset, byteLength }) {
      // A parser that goes on in the middle of a piece, before its rest has come, gives nothing as data. Passed on, that would
      // be read, and reading would let it go on again: for ever, and before anything else has its turn.
      if (byteLength === 0) return true;
      // What comes is a Buffer, whose methods are not all those of its base class.
      const chunk = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
      if (stream === undefined) return chunks.push(chunk) > 0;
      if (cancelled) return true;
      stream.enqueue(chunk);
      return (stream.desiredSize ?? 1) > 0;
    },
    onComplete() {
      signal.removeEventListener("abort", follow);
      if (stream !== undefined) {
        if (!cancelled) stream.close();
        return;
      }
      const bytes = chunks.length === 1 ? chunks[0]! : concatBytes(chunks);
      resolve({
        ...head!,
        bytes: () => Promise.resolve(bytes),
        stream: () => new Response(bytes).body,
      });
    },
    onError(error) {
      signal.removeEventListener("abort", follow);
      if (stream !== undefined) stream.error(error);
      else reject(error);
    },
  };
}

/** Names and values follow one another. */
function findHeader(headers: readonly Uint8Array[], name: string): string | null {
  const text = new TextDecoder("latin1");
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i]!.length === name.length && text.decode(headers[i]).toLowerCase() === name) {
      return text.decode(headers[i + 1]);
    }
  }
  return null;
}

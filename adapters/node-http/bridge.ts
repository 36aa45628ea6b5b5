/**
 * From Node's request and response objects to those of the web, for HTTP/1 and HTTP/2 alike.
 *
 * When a client goes away, the signal of its request is aborted and the body of its response is cancelled; a handler
 * may listen to either.
 *
 * @module
 */

import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";
import type { FetchHandler } from "../server.ts";
import { type ClientCertificate, keepCertificate } from "../client-certificate.ts";
import { discardBody, type Incoming, toBody } from "./body.ts";
import { usualCalls } from "./limits.ts";

/** What is used of both kinds of response. HTTP/2's has all of it, though its types do not say so. */
type Outgoing =
  & Pick<
    ServerResponse,
    | "statusCode"
    | "setHeader"
    | "flushHeaders"
    | "write"
    | "end"
    | "writableEnded"
    | "on"
    | "off"
    | "destroy"
  >
  & { readonly stream?: Http2ServerResponse["stream"] };

/** What a bridge is told of its server. */
interface BridgeOptions {
  /** Calls that one connection of HTTP/1.1 may have under way; default 200. */
  readonly maxCalls?: number;
  /** Called after each call, answered or not. */
  readonly onEnd?: () => void;
  /** Whether a call came with TLS, for its URL; default not. */
  readonly isSecure?: (incoming: Incoming) => boolean;
  /** The certificate that the client of a request has shown. */
  readonly certificateOf?: (incoming: Incoming) => ClientCertificate | undefined;
}

/** Creates a listener for `request` events. */
export function createBridge(
  fetch: FetchHandler,
  { maxCalls = usualCalls, onEnd = () => {}, isSecure = () => false, certificateOf }: BridgeOptions,
): (incoming: Incoming, outgoing: ServerResponse | Http2ServerResponse) => void {
  const turns = createTurns(maxCalls);
  const handle: Handle = {
    fetch,
    toRequest(incoming, signal) {
      const request = toRequest(incoming, isSecure(incoming) ? "https" : "http", signal);
      const certificate = certificateOf?.(incoming);
      if (certificate !== undefined) keepCertificate(request, certificate);
      return request;
    },
  };
  return (incoming, response) => {
    const outgoing = response as Outgoing;
    // On a connection of HTTP/2 the calls are independent, and the protocol limits their number.
    const { socket } = outgoing.stream === undefined ? incoming : { socket: undefined };
    if (socket !== undefined && !turns.mayCome(socket)) return;
    const gone = new AbortController();
    outgoing.on("close", () => {
      discardBody(incoming);
      if (!outgoing.writableEnded) {
        gone.abort(new DOMException("The client went away", "AbortError"));
      }
      onEnd();
      if (socket !== undefined) turns.end(socket);
    });
    outgoing.on("error", () => {}); // The close event follows, and is enough.
    incoming.on("error", () => {});
    const start = () => void answer(handle, incoming, outgoing, gone.signal);
    if (socket === undefined) start();
    else turns.take(socket, start);
  };
}

/** The calls of one connection, behind the one that is answered. */
interface Pipeline {
  readonly waiting: (() => void)[];
  /** Whether more came than may wait. */
  isFull: boolean;
  /** Set while reading is about to be stopped. */
  pause: unknown;
}

/**
 * Lets the calls of one connection be answered one after the other.
 *
 * A client may send many calls before it reads an answer (pipelining). Node hands over all of them at once, and would
 * hold all of their answers in memory. It goes on reading calls behind one that takes long, so their number is limited: of a
 * connection that has sent too many nothing more is read, and it is closed when those are answered that were let in.
 */
function createTurns(maxCalls: number): {
  /** Whether a call that has just come is let in. */
  mayCome(socket: Socket): boolean;
  take(socket: Socket, start: () => void): void;
  end(socket: Socket): void;
} {
  const connections = new WeakMap<Socket, Pipeline>();
  return {
    mayCome(socket) {
      const calls = connections.get(socket);
      if (calls === undefined || calls.waiting.length + 1 < maxCalls) return true;
      calls.isFull = true;
      // Node reads on after each call that it has parsed, so this comes after all that one piece has brought.
      calls.pause ??= setImmediate(() => {
        calls.pause = undefined;
        socket.pause();
      });
      return false;
    },
    take(socket, start) {
      const calls = connections.get(socket);
      if (calls !== undefined) return void calls.waiting.push(start);
      connections.set(socket, { waiting: [], isFull: false, pause: undefined });
      start();
    },
    end(socket) {
      const calls = connections.get(socket);
      if (socket.destroyed) return void connections.delete(socket);
      const next = calls?.waiting.shift();
      if (next !== undefined) return next();
      connections.delete(socket);
      if (calls?.isFull) socket.destroySoon();
    },
  };
}

/** What answers the calls of one server. */
interface Handle {
  readonly fetch: FetchHandler;
  toRequest(incoming: Incoming, signal: AbortSignal): Request;
}

async function answer(
  handle: Handle,
  incoming: Incoming,
  outgoing: Outgoing,
  signal: AbortSignal,
): Promise<void> {
  let request: Request;
  try {
    request = handle.toRequest(incoming, signal);
  } catch {
    outgoing.statusCode = 400;
    return void outgoing.end();
  }
  try {
    await send(await handle.fetch(request), incoming.method === "HEAD", outgoing, signal);
  } catch (error) {
    // The head was sent, so a broken body is all that can still tell the client.
    if (outgoing.stream === undefined) outgoing.destroy();
    // By `close` with a code, Bun would end the stream as if all had gone well.
    else outgoing.stream.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

type Scheme = "http" | "https";

function toRequest(incoming: Incoming, scheme: Scheme, signal: AbortSignal): Request {
  const headers = new Headers();
  const raw = incoming.rawHeaders;
  for (let at = 0; at < raw.length; at += 2) {
    if (!raw[at]!.startsWith(":")) headers.append(raw[at]!, raw[at + 1]!);
  }
  const method = incoming.method!;
  const body = method === "GET" || method === "HEAD" ? null : toBody(incoming);
  const init = { method, headers, signal, body, duplex: "half" };
  return new Request(toUrl(incoming, scheme), init);
}

function toUrl({ headers, url }: Incoming, scheme: Scheme): string {
  if (!url!.startsWith("/")) return url!; // A whole URL, as proxies are sent.
  return `${scheme}://${headers.host ?? headers[":authority"] ?? "localhost"}${url}`;
}

async function send(
  response: Response,
  isHead: boolean,
  outgoing: Outgoing,
  signal: AbortSignal,
): Promise<void> {
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) {
    // Each cookie needs a line of its own: repeated calls of setHeader would replace the last.
    if (name !== "set-cookie") outgoing.setHeader(name, value);
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader("set-cookie", cookies);
  const { body } = response;
  if (body === null) return void outgoing.end();
  if (isHead) {
    outgoing.end();
    return await body.cancel();
  }

  const reader = body.getReader();
  // A body may break off while its reader is waited for.
  const failed = { told() {} };
  reader.closed.catch(() => failed.told());
  const cancel = () => void reader.cancel(signal.reason).catch(() => {});
  if (signal.aborted) return cancel();
  signal.addEventListener("abort", cancel);

  // A body that is complete at once is sent with its length. Any other is sent as it comes, its head first.
  let held: Uint8Array | undefined;
  let streaming = false;
  const stream = () => {
    if (streaming) return; // A second piece came before the turn was over.
    streaming = true;
    outgoing.flushHeaders();
    if (held !== undefined) outgoing.write(held);
  };
  const immediate = setImmediate(stream);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (!streaming && held === undefined) held = value;
      else {
        stream();
        if (!outgoing.write(value)) await untilWritable(outgoing, failed);
      }
    }
    if (streaming || held === undefined) outgoing.end();
    else outgoing.end(held);
  } finally {
    clearImmediate(immediate);
    signal.removeEventListener("abort", cancel);
  }
}

/** Resolves when more can be written, when the connection was closed, or when the body has failed. */
function untilWritable(outgoing: Outgoing, failed: { told(): void }): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off("drain", done);
      outgoing.off("close", done);
      resolve();
    };
    outgoing.on("drain", done);
    outgoing.on("close", done);
    failed.told = done;
  });
}

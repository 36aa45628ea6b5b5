/**
 * From Node's request and response objects to the web's, for HTTP/1 and HTTP/2 alike.
 *
 * A call ends early when its client goes away: the request's signal is aborted and the body of the
 * answer is cancelled, whichever the handler listens to.
 *
 * @module
 */

import type { ServerResponse } from "node:http";
import { constants, type Http2ServerResponse } from "node:http2";
import type { FetchHandler } from "../server.ts";
import { discardBody, type Incoming, toBody } from "./body.ts";

/** The part that the two kinds of answer share; HTTP/2's has it all, its types do not. */
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

/** Creates a listener for `request` events. `onEnd` is called after each call, answered or not. */
export function createBridge(
  fetch: FetchHandler,
  onEnd: () => void,
): (incoming: Incoming, outgoing: ServerResponse | Http2ServerResponse) => void {
  return (incoming, response) => {
    const outgoing = response as Outgoing;
    const gone = new AbortController();
    outgoing.on("close", () => {
      discardBody(incoming);
      if (!outgoing.writableEnded) {
        gone.abort(new DOMException("The client went away", "AbortError"));
      }
      onEnd();
    });
    outgoing.on("error", () => {}); // Its close follows, and says all there is to say.
    incoming.on("error", () => {});
    void answer(fetch, incoming, outgoing, gone.signal);
  };
}

async function answer(
  fetch: FetchHandler,
  incoming: Incoming,
  outgoing: Outgoing,
  signal: AbortSignal,
): Promise<void> {
  let request: Request;
  try {
    request = toRequest(incoming, signal);
  } catch {
    outgoing.statusCode = 400;
    return void outgoing.end();
  }
  try {
    await send(await fetch(request), incoming.method === "HEAD", outgoing, signal);
  } catch {
    // The head is out, so all that can be told is that the body is not whole.
    if (outgoing.stream === undefined) outgoing.destroy();
    else outgoing.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }
}

function toRequest(incoming: Incoming, signal: AbortSignal): Request {
  const headers = new Headers();
  const raw = incoming.rawHeaders;
  for (let at = 0; at < raw.length; at += 2) {
    if (!raw[at]!.startsWith(":")) headers.append(raw[at]!, raw[at + 1]!);
  }
  const method = incoming.method!;
  const body = method === "GET" || method === "HEAD" ? null : toBody(incoming);
  const init = { method, headers, signal, body, duplex: "half" };
  return new Request(toUrl(incoming), init);
}

function toUrl({ headers, url }: Incoming): string {
  if (!url!.startsWith("/")) return url!; // A whole URL, as a proxy is sent.
  return `http://${headers.host ?? headers[":authority"] ?? "localhost"}${url}`;
}

async function send(
  response: Response,
  isHead: boolean,
  outgoing: Outgoing,
  signal: AbortSignal,
): Promise<void> {
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) {
    // Each cookie is a line of its own; a repeated setHeader would replace the one before.
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
  const cancel = () => void reader.cancel(signal.reason).catch(() => {});
  if (signal.aborted) return cancel();
  signal.addEventListener("abort", cancel);

  // What is whole at once goes out whole, with its length. Anything else goes out as it comes, head first.
  let held: Uint8Array | undefined;
  let streaming = false;
  const stream = () => {
    streaming = true;
    outgoing.flushHeaders();
    if (held !== undefined) outgoing.write(held);
  };
  const soon = setImmediate(stream);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (!streaming && held === undefined) held = value;
      else {
        if (!streaming) stream();
        if (!outgoing.write(value)) await drained(outgoing);
      }
    }
    if (streaming || held === undefined) outgoing.end();
    else outgoing.end(held);
  } finally {
    clearImmediate(soon);
    signal.removeEventListener("abort", cancel);
  }
}

/** Resolves when there is room again, or nobody to write to. */
function drained(outgoing: Outgoing): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      outgoing.off("drain", settle);
      outgoing.off("close", settle);
      resolve();
    };
    outgoing.on("drain", settle);
    outgoing.on("close", settle);
  });
}

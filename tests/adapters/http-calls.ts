/**
 * A client for tests that says which HTTP version it speaks.
 *
 * @module
 */

import { connect, type SecureClientSessionOptions } from "node:http2";

/** A call to make. */
export interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

/** An answer whose head is there. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body, as it comes. Rejects when it is cut off. */
  readonly chunks: AsyncIterator<Uint8Array>;
  /** Leaves: resets the stream or closes the connection. */
  abort(): void;
}

/** Makes a call over one HTTP version; resolves when the head of the answer is there. */
export type Send = (url: string, call?: Call) => Promise<Answer>;

/** HTTP/1.1, by the runtime's own fetch. */
export const http1: Send = (url, call) => callByFetch(fetch, url, call);

/** HTTP/1.1 by another fetch: with certificates, say. */
export function toHttp1(fetch: Fetch): Send {
  return (url, call) => callByFetch(fetch, url, call);
}

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

async function callByFetch(
  fetch: Fetch,
  url: string,
  { method = "GET", path = "/", headers = {}, body }: Call = {},
): Promise<Answer> {
  const leaving = new AbortController();
  const response = await fetch(url + path, {
    method,
    headers,
    body: body ?? null,
    signal: leaving.signal,
  });
  const chunks = (response.body ?? new Blob([]).stream())[Symbol.asyncIterator]();
  return {
    status: response.status,
    headers: response.headers,
    chunks,
    abort() {
      // Deno's fetch, aborted between two reads, may keep the connection until it collects garbage.
      chunks.return?.().catch(() => {});
      leaving.abort();
    },
  };
}

/** HTTP/2 without TLS, with prior knowledge; one connection a call. */
export const http2: Send = (url, call) => callByHttp2({}, url, call);

/** HTTP/2 with TLS, and certificates. */
export function toHttp2(options: SecureClientSessionOptions): Send {
  return (url, call) => callByHttp2(options, url, call);
}

function callByHttp2(
  options: SecureClientSessionOptions,
  url: string,
  { method = "GET", path = "/", headers = {}, body }: Call = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const session = connect(url, options);
    session.on("error", reject);
    const stream = session.request({ ":method": method, ":path": path, ...headers });
    stream.on("error", reject);
    stream.on("close", () => session.close());
    stream.on("response", (fields) => {
      const entries = Object.entries(fields).filter(([name]) => !name.startsWith(":"))
        .flatMap(([name, value]) =>
          [value].flat().map((one): [string, string] => [name, String(one)])
        );
      resolve({
        status: Number(fields[":status"]),
        headers: new Headers(entries),
        chunks: stream[Symbol.asyncIterator](),
        abort: () => stream.close(8 /* CANCEL */),
      });
    });
    stream.end(body);
  });
}

/** Reads a body to its end. */
export async function readText({ chunks }: Answer): Promise<string> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    parts.push(new Uint8Array(next.value));
  }
  return await new Blob(parts).text();
}

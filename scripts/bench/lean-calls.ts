/**
 * HTTP with as little as each runtime allows: `fetch` on Deno and Bun. On Node that takes several times the processor time
 * of undici, so undici it is if it is installed where this file finds it, and else `node:http`.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { Agent, type IncomingMessage, request as requestHttp } from "node:http";
import type { RuntimeName } from "./runtimes.ts";

/** An answer that is there whole. */
export interface LeanAnswer {
  readonly status: number;
  readonly text: string;
}

/** An answer that does not end. */
export interface LeanStream {
  readonly chunks: AsyncIterable<Uint8Array>;
  close(): void;
}

/** How the lean client asks. */
export interface LeanCalls {
  call(method: string, path: string, body: string | undefined): Promise<LeanAnswer>;
  stream(path: string, accept: string): Promise<LeanStream>;
}

/** What is used of undici. */
interface Undici {
  readonly Pool: new (url: string) => {
    request(options: {
      readonly method: string;
      readonly path: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body?: string | undefined;
    }): Promise<{
      readonly statusCode: number;
      readonly body: AsyncIterable<Uint8Array> & { text(): Promise<string>; destroy(): void };
    }>;
  };
}

const json = { "content-type": "application/json" };

/** Gets ready to ask a server. */
export async function openLeanCalls(runtime: RuntimeName, url: string): Promise<LeanCalls> {
  if (runtime !== "node") return createFetchCalls(url);
  const name = "undici"; // No dependency: it is there or not.
  const undici = await import(name).catch(() => undefined) as Undici | undefined;
  return undici === undefined ? createHttpCalls(url) : createUndiciCalls(undici, url);
}

/**
 * Asks by `fetch`.
 *
 * @param ask What stands in for that of the platform.
 */
export function createFetchCalls(
  url: string,
  ask: (address: string, init: RequestInit) => Promise<Response> = fetch,
): LeanCalls {
  return {
    async call(method, path, body) {
      const init = body === undefined ? { method } : { method, body, headers: json };
      const response = await ask(url + path, init);
      return { status: response.status, text: await response.text() };
    },
    async stream(path, accept) {
      const { body } = await ask(url + path, { headers: { accept } });
      const reader = body!.getReader();
      async function* read() {
        for (let part; !(part = await reader.read()).done;) yield part.value;
      }
      // Not by a signal: on Deno a read that waits does not hear of it.
      return { chunks: read(), close: () => void reader.cancel() };
    },
  };
}

function createUndiciCalls({ Pool }: Undici, url: string): LeanCalls {
  const pool = new Pool(url);
  const streams = new Pool(url);
  return {
    async call(method, path, body) {
      const answer = await pool.request({ method, path, body, headers: body ? json : {} });
      return { status: answer.statusCode, text: await answer.body.text() };
    },
    async stream(path, accept) {
      const { body } = await streams.request({ method: "GET", path, headers: { accept } });
      return { chunks: body, close: () => body.destroy() };
    },
  };
}

function createHttpCalls(url: string): LeanCalls {
  const agent = new Agent({ keepAlive: true });
  const send = (
    method: string,
    path: string,
    headers: Readonly<Record<string, string | number>>,
    body?: string,
  ) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      requestHttp(url + path, { method, agent, headers }, resolve).on("error", reject).end(body);
    });
  return {
    async call(method, path, body) {
      const headers = body === undefined
        ? {}
        : { ...json, "content-length": Buffer.byteLength(body) };
      const answer = await send(method, path, headers, body);
      let text = "";
      for await (const part of answer.setEncoding("utf8")) text += part;
      return { status: answer.statusCode!, text };
    },
    async stream(path, accept) {
      const answer = await send("GET", path, { accept });
      return { chunks: answer, close: () => void answer.destroy() };
    },
  };
}

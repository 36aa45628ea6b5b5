/** A server that says what a test tells it to, and remembers what it was asked. */

import type { Fetch } from "../../src/client/mod.ts";

/** An answer, a failure of the network, or something made from the request. */
export type Line =
  | Response
  | Error
  | ((request: Request) => Response | Promise<Response>);

/** A request as it arrived. */
export interface Sent {
  /** Method, path and query string. */
  readonly call: string;
  readonly headers: Headers;
  /** The body as text; empty when there was none. */
  readonly body: string;
}

export interface Script {
  readonly fetch: Fetch;
  readonly sent: readonly Sent[];
}

/** Gives the answers one after the other; one call more than there are answers fails. */
export function createScript(...lines: Line[]): Script {
  const sent: Sent[] = [];
  return {
    sent,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const body = await request.clone().text();
      sent.push({ call: `${request.method} ${pathname}${search}`, headers: request.headers, body });
      const line = lines.shift();
      if (line === undefined) throw new Error("The script is over");
      if (line instanceof Error) throw line;
      return typeof line === "function" ? await line(request) : line;
    },
  };
}

/** A job as the wire has it. */
export function wireJob(fields: object = {}): Record<string, unknown> {
  return {
    id: "03hacwdizl462selgr7jfdqch",
    type: "t",
    queue: "q",
    priority: 32768,
    status: "ready",
    ready_at: 5,
    attempts: 0,
    ...fields,
  };
}

/** An answer in JSON. */
export function json(value: unknown, status = 200): Response {
  return Response.json(value, { status });
}

/**
 * Calls through `fetch`: the platform's, or one that was given.
 *
 * @module
 */

import type { Port, PortAnswer, PortCall } from "./port-types.ts";

/** Sends a call by the platform's `fetch`, without a `Request`, and looked up anew for each call. */
export const fetchPort: Port = async (call) =>
  toAnswer(await globalThis.fetch(call.url, toInit(call)));

/** What `fetch` takes besides the URL. */
export function toInit({ method, headers, body, signal }: PortCall): RequestInit {
  return body === undefined ? { method, headers, signal } : { method, headers, signal, body };
}

/** The answer that a response is. */
export function toAnswer(response: Response): PortAnswer {
  return {
    status: response.status,
    header: (name) => response.headers.get(name),
    bytes: async () => new Uint8Array(await response.arrayBuffer()),
    stream: () => response.body,
  };
}

/**
 * The one place where a call leaves the client: on Node to the dispatcher under its `fetch`, and everywhere else to
 * `fetch`.
 *
 * @module
 */

import { isMillraceError, NetworkError } from "../errors.ts";
import { messageOf, nameOf } from "./answer.ts";
import type { Fetch } from "./options.ts";
import type { Asked, Port, PortAnswer, PortCall } from "./port-types.ts";

/** Chooses the port of a client. A `fetch` that was given always wins. */
export function createPort(fetch: Fetch | undefined): Port {
  if (fetch === undefined) return isNode ? callOnNode : fetchCall;
  return async (call) => toAnswer(await fetch(new Request(call.url, toInit(call))));
}

/** The error for a call that got no answer. */
export function toNetworkError(error: unknown, asked: Asked): Error {
  if (isMillraceError(error)) return error;
  return new NetworkError(`No answer to ${nameOf(asked)}: ${reasonOf(error)}`, { cause: error });
}

/** What `fetch` of Node says is in the cause, and what a host with two addresses says only a code. */
function reasonOf(error: unknown): string {
  const { cause, code } = error as { readonly cause?: unknown; readonly code?: unknown };
  return cause instanceof Error ? reasonOf(cause) : messageOf(error) || String(code);
}

let dispatching: Promise<typeof import("./dispatcher.ts")> | undefined;

const isNode = globalThis.navigator?.userAgent?.startsWith("Node.js/") ?? false;

/** Who put another function in its place (a test, a tracer) wants the calls to go there. */
const platformFetch = globalThis.fetch;

const callOnNode: Port = async (call) => {
  if (globalThis.fetch !== platformFetch) return await fetchCall(call);
  // Spelled out, as Workers refuse a module whose imports they cannot see.
  const { callOnNode } = await (dispatching ??= import("./dispatcher.ts"));
  return await callOnNode(call, fetchCall);
};

/** Without a `Request`, and looked up anew for each call. */
const fetchCall: Port = async (call) => toAnswer(await globalThis.fetch(call.url, toInit(call)));

function toInit({ method, headers, body, signal }: PortCall): RequestInit {
  return body === undefined ? { method, headers, signal } : { method, headers, signal, body };
}

function toAnswer(response: Response): PortAnswer {
  return {
    status: response.status,
    header: (name) => response.headers.get(name),
    bytes: async () => new Uint8Array(await response.arrayBuffer()),
    stream: () => response.body,
  };
}

/**
 * The one place where a call leaves the client.
 *
 * @module
 */

import { isMillraceError, NetworkError } from "../errors.ts";
import { messageOf, nameOf } from "./answer.ts";
import { toAnswer, toInit } from "./fetch-port.ts";
import type { Fetch } from "./options.ts";
import { platformPort } from "./platform-port.ts";
import type { Asked, Port } from "./port-types.ts";

/** Chooses the port of a client. A `fetch` that was given always wins. */
export function createPort(fetch: Fetch | undefined): Port {
  if (fetch === undefined) return platformPort;
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

/**
 * The `fetch` of Bun, with certificates and a unix socket.
 *
 * @module
 */

import {
  checkCreateFetch,
  type CreateFetchOptions,
  type OwnFetch,
  toOwnFetch,
} from "../own-fetch.ts";

/**
 * Creates a `fetch` for a client whose broker is reached with an authority of your own, with a certificate of the client
 * (mutual TLS), or by a unix socket.
 *
 * @param options How to connect.
 * @returns The `fetch`, to be closed when it is no longer used.
 * @throws {TypeError} If a certificate or a key cannot be read, or they do not belong together.
 * @throws {RangeError} If the path of the socket is too long.
 *
 * @example A client over a unix socket
 * ```ts ignore
 * import { createClient } from "@millrace/millrace/client";
 * import { createFetch } from "@millrace/millrace/bun";
 *
 * await using fetch = createFetch({ socketPath: "/run/millrace/broker.sock" });
 * const client = createClient({ url: "http://localhost", fetch });
 * ```
 */
export function createFetch(options: CreateFetchOptions = {}): OwnFetch {
  checkCreateFetch(options);
  const { ca, cert, key, socketPath } = options;
  const closing = new AbortController();
  const how = {
    redirect: "manual",
    timeout: false, // A take stream may be silent for as long as it likes.
    ...(ca ?? cert) !== undefined && { tls: { ca, cert, key } },
    ...socketPath !== undefined && { unix: socketPath },
  } as RequestInit;
  return toOwnFetch((request) => {
    const signal = AbortSignal.any([request.signal, closing.signal]);
    return fetch(request, { ...how, signal });
  }, () => closing.abort(new Error("The fetch was closed")));
}

/**
 * A `fetch` with a client of Deno's that has certificates and a unix socket of its own.
 *
 * @module
 */

import {
  checkCreateFetch,
  type CreateFetchOptions,
  type OwnFetch,
  toOwnFetch,
} from "../own-fetch.ts";

/** What is used of the `Deno` namespace. */
interface DenoRuntime {
  createHttpClient(options: {
    readonly caCerts?: readonly string[];
    readonly cert?: string;
    readonly key?: string;
    readonly proxy?: { readonly transport: "unix"; readonly path: string };
    readonly poolMaxIdlePerHost?: number;
  }): DenoHttpClient;
}

interface DenoHttpClient {
  close(): void;
}

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
 * ```ts
 * import { createClient } from "@millrace/millrace/client";
 * import { createFetch } from "@millrace/millrace/deno";
 *
 * await using fetch = createFetch({ socketPath: "/run/millrace/broker.sock" });
 * const client = createClient({ url: "http://localhost", fetch });
 * ```
 */
export function createFetch(options: CreateFetchOptions = {}): OwnFetch {
  checkCreateFetch(options);
  const { ca, cert, key, socketPath } = options;
  const { Deno } = globalThis as unknown as { readonly Deno: DenoRuntime };
  const client = Deno.createHttpClient({
    ...ca !== undefined && { caCerts: [ca] },
    ...cert !== undefined && key !== undefined && { cert, key },
    ...socketPath !== undefined && { proxy: { transport: "unix", path: socketPath } },
  });
  return toOwnFetch(
    (request) => fetch(request, { client, redirect: "manual" } as RequestInit),
    () => client.close(),
  );
}

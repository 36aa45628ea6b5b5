/**
 * A `fetch` by `node:http` and `node:https`: that of Node takes neither certificates nor unix sockets.
 *
 * @module
 */

import { createAgents, fetchByNode } from "../node-http/fetch-by-node.ts";
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
 * ```ts
 * import { createClient } from "@millrace/millrace/client";
 * import { createFetch } from "@millrace/millrace/node";
 *
 * await using fetch = createFetch({ socketPath: "/run/millrace/broker.sock" });
 * const client = createClient({ url: "http://localhost", fetch });
 * ```
 */
export function createFetch(options: CreateFetchOptions = {}): OwnFetch {
  checkCreateFetch(options);
  const agents = createAgents(options);
  return toOwnFetch((request) => fetchByNode(request, agents), () => {
    agents.http.destroy();
    agents.https.destroy();
  });
}

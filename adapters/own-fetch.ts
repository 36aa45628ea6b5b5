/**
 * What `createFetch` takes and gives on every runtime: a `fetch` for servers that the platform's own does not reach.
 *
 * @module
 */

import { checkOptions } from "../src/options.ts";
import { checkSocketPath } from "./socket-file.ts";
import { demandCertificate, demandPair } from "./tls.ts";

/** How `createFetch` connects. Certificates and keys are PEM texts, as files of them have it. */
export interface CreateFetchOptions {
  /**
   * The certificates of authorities that may have signed that of the server. On Node and Bun they stand in place of those that
   * come with the runtime; on Deno they are trusted beside them.
   *
   * @default {those that the runtime trusts}
   */
  readonly ca?: string | undefined;
  /** The certificate that is shown to a server that asks for one (mutual TLS). With `key`. */
  readonly cert?: string | undefined;
  /** The private key of `cert`, without a password. */
  readonly key?: string | undefined;
  /**
   * The unix socket that all calls go to, whatever host their URL has (`http://localhost`, say). Not on Windows.
   *
   * @default {none}
   */
  readonly socketPath?: string | undefined;
}

/** A `fetch` with connections of its own. It follows no redirects. */
export interface OwnFetch extends AsyncDisposable {
  (input: Request | URL | string, init?: RequestInit): Promise<Response>;
  /** Closes its connections; calls under way fail. Calling this again is fine. */
  close(): Promise<void>;
}

/**
 * Checks how to connect.
 *
 * @throws {TypeError} If an option is none, is no PEM text, or does not belong to another.
 * @throws {RangeError} If the path of the socket is too long.
 */
export function checkCreateFetch(options: CreateFetchOptions): void {
  checkOptions("createFetch", options, { ca: 1, cert: 1, key: 1, socketPath: 1 });
  const { ca, cert, key, socketPath } = options;
  if (ca !== undefined) demandCertificate("ca", ca);
  if (cert !== undefined && key !== undefined) demandPair({ cert, key });
  else if (cert !== undefined || key !== undefined) {
    const [one, other] = key === undefined ? ["cert", "key"] : ["key", "cert"];
    throw new TypeError(`Option '${one}' is given without '${other}', expected both`);
  }
  if (socketPath !== undefined) checkSocketPath(socketPath);
}

/** Makes a fetch of a function and of what closes it. */
export function toOwnFetch(
  call: (request: Request) => Promise<Response>,
  close: () => void,
): OwnFetch {
  let closed = false;
  const fetch = async (input: Request | URL | string, init?: RequestInit) => {
    if (closed) throw new TypeError("Cannot fetch: 'close' was called");
    return await call(input instanceof Request && !init ? input : new Request(input, init));
  };
  const closeOnce = () => {
    if (!closed) close();
    closed = true;
    return Promise.resolve();
  };
  return Object.assign(fetch, { close: closeOnce, [Symbol.asyncDispose]: closeOnce });
}

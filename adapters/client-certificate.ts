/**
 * Who a client is by its TLS certificate (mutual TLS).
 *
 * @module
 */

/** What a server knows of a client that has shown a certificate of an authority that the server trusts. */
export interface ClientCertificate {
  /** The common name of its subject; empty if it has none. */
  readonly name: string;
  /** The common name, and the DNS names, URIs and e-mail addresses that it is for. */
  readonly names: readonly string[];
  /** The SHA-256 of the certificate, as 64 hexadecimal digits. */
  readonly sha256: string;
  /** When it ends, in ms since the epoch. */
  readonly expiresAt: number;
}

/** By the request, and not on it: whoever calls can set all that is on a request. */
const certificates = new WeakMap<Request, ClientCertificate>();

/** Keeps the certificate that came with a request. */
export function keepCertificate(request: Request, certificate: ClientCertificate): void {
  certificates.set(request, certificate);
}

/**
 * The certificate that the client of a request has shown to a server of `serve` with `tls.clientCa`, which has checked it. A
 * broker's `auth` goes by it to know clients without tokens.
 *
 * A request that was made anew from another one (as frameworks do that cut off a base path) has none: ask before.
 *
 * @param request The request, as the server gave it to its handler.
 * @returns The certificate; undefined if there was none.
 *
 * @example A worker that is known by its certificate
 * ```ts
 * import { createBroker } from "@millrace/millrace/broker";
 * import { clientCertificate, openSqlite } from "@millrace/millrace/deno";
 *
 * await using broker = createBroker({
 *   store: openSqlite(":memory:"),
 *   auth(request) {
 *     const name = clientCertificate(request)?.name;
 *     return name === "mailer" ? { name, scopes: ["work"], queues: ["mail"] } : undefined;
 *   },
 * });
 * console.log((await broker.fetch(new Request("https://localhost/jobs"))).status); // 401
 * ```
 */
export function clientCertificate(request: Request): ClientCertificate | undefined {
  return certificates.get(request);
}

/**
 * A transport: `fetch` for calls that take long, on sockets of its own.
 *
 * The platforms' own `fetch` loses answers. What was seen with Node 22.13 and 24.21, Deno 2.9 and Bun 1.4:
 *
 * | What happens                               | Node                   | Deno        | Bun                     | Here         |
 * | ------------------------------------------ | ---------------------- | ----------- | ----------------------- | ------------ |
 * | pieces cut off, with `connection: close`   | 22: a part, as whole   | fails       | as whole, if after `0`  | `connection` |
 * | `gzip` cut off                             | a part, as whole       | fails       | fails                   | `connection` |
 * | 421                                        | sent again, `POST` too | given       | given                   | given        |
 * | 407                                        | an error without a code | given      | given                   | given        |
 * | an unasked 100                             | an error               | passed over | passed over             | passed over  |
 * | a `content-length` among the trailers      | 24: an error           | passed over | passed over             | passed over  |
 * | a length, and pieces too                   | an error               | one of them | one of them             | `protocol`   |
 * | an unasked 101                             | 22: waits, 24: asserts | given       | an error                | `protocol`   |
 * | a status line without an end               | read for ever          | an error    | an error                | `protocol`   |
 * | silence of 310 s                           | given up after 301     | waits       | waits                   | waits        |
 * | a name that leads to an address within     | asked                  | asked       | asked                   | refused      |
 *
 * So this is HTTP/1.1 over `node:net` and `node:tls`, which behave alike on the three. It speaks no HTTP/2: by `node:http2` of Deno
 * and Bun, a stream that was reset ends as if it were whole. Over TLS it says that it speaks HTTP/1.1 only, and a server that does
 * not is a failure of kind `tls`. For such a server, and in browsers and Workers, give another `fetch`. Deno asks for leave to
 * connect to addresses and not to names: `--allow-net`, with nothing after it.
 *
 * @module
 */

import { type Clock, toClock } from "../../async/clock.ts";
import { checkNotNegative } from "../../async/duration.ts";
import { checkOptions, type Names } from "../../options.ts";
import { CallError } from "../exchange/call-error.ts";
import { isPublicAddress } from "../guard/public-address.ts";
import { callOver, type CallSettings } from "./call-over.ts";
import { connect, type ConnectSettings, proxyAuthorization } from "./connect.ts";
import { findSocketModules, toSockets } from "./node-sockets.ts";
import { createPool } from "./pool.ts";
import type { Connection, Sockets } from "./sockets.ts";

/** How a transport is made. */
export interface HttpTransportOptions {
  /**
   * Whether addresses within are refused: loopback, private, link-local and the like, among them those where clouds tell
   * secrets. Each address is looked at after its name was resolved, and the connection goes to that very address. Behind
   * a proxy only addresses that stand in the URL are looked at, as the proxy resolves the names.
   *
   * @default {true}
   */
  readonly guardAddresses?: boolean | undefined;
  /**
   * Allows more than the guard does, or less: is asked for each address that a name leads to.
   *
   * @default {undefined} what is public
   */
  readonly allowAddress?: ((address: string) => boolean) | undefined;
  /**
   * How long it may take until there is a connection, names and TLS included, in ms.
   *
   * @default {10_000}
   */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How long a connection is kept for the next call, in ms; 0 for a new one each time. A server that says that it keeps it for
   * less is believed. A `POST` or `PATCH` without an `idempotency-key` or a `webhook-id` always gets a new one.
   *
   * @default {4_000}
   */
  readonly keepAliveMs?: number | undefined;
  /**
   * The address of a proxy of HTTP, `http:` or `https:`; with a user and a password, if it wants them.
   *
   * @default {undefined} without one
   */
  readonly proxy?: string | URL | undefined;
  /**
   * Certificates to trust in place of those of the platform, as PEM.
   *
   * @default {undefined} those of the platform
   */
  readonly ca?: string | readonly string[] | undefined;
  /**
   * The own certificate, for servers that want to see one, as PEM.
   *
   * @default {undefined} none
   */
  readonly cert?: string | undefined;
  /**
   * The key of the own certificate, as PEM.
   *
   * @default {undefined} none
   */
  readonly key?: string | undefined;
}

/** A `fetch` that waits for as long as it takes. It follows no redirects. */
export interface HttpTransport extends AsyncDisposable {
  /**
   * Sends a request. `redirect` has to be `"manual"`, as redirects are for who knows what may be sent where.
   *
   * @param input The address.
   * @param init The request.
   * @returns The answer, as soon as its head is there. Read its body, or cancel it: it keeps a connection.
   */
  (input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /** Closes the connections that wait for the next call. Those in use are closed after it. */
  close(): Promise<void>;
}

const optionNames: Names<HttpTransportOptions> = {
  guardAddresses: 1,
  allowAddress: 1,
  connectTimeoutMs: 1,
  keepAliveMs: 1,
  proxy: 1,
  ca: 1,
  cert: 1,
  key: 1,
};

/** What is ambient. */
export interface TransportPorts {
  /** Measures time. */
  readonly clock?: Clock | undefined;
  /** Those of the platform, if not others. */
  readonly sockets?: Sockets | undefined;
}

/** Methods of requests that do no harm if they are sent again. */
const repeatable: ReadonlySet<string> = new Set(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]);

/** By these a receiver knows that it has seen a request before. */
const keyHeaders = ["idempotency-key", "webhook-id"];

/**
 * Creates a transport: give it to `createHttpWorker({ fetch })`. That has one of its own, so this is for who wants to set
 * something: a proxy, certificates, addresses.
 *
 * @param options How.
 * @throws {TypeError} If an option is not known, or the platform has no sockets.
 *
 * @example
 * ```ts
 * import { createHttpTransport } from "@millrace/millrace/node";
 *
 * const transport = createHttpTransport({ connectTimeoutMs: 5_000 });
 * const refused = transport("http://169.254.169.254/latest/meta-data/", { redirect: "manual" });
 * await refused.catch(({ message }) => console.log(message));
 * // Host '169.254.169.254' leads to an address that is not allowed
 * await transport.close();
 * ```
 */
export function createHttpTransport(options: HttpTransportOptions = {}): HttpTransport {
  return createTransport(options);
}

/** The same, with the time and the sockets of a test. */
export function createTransport(
  options: HttpTransportOptions,
  ports: TransportPorts = {},
): HttpTransport {
  checkOptions("createHttpTransport", options, optionNames);
  const { guardAddresses = true, connectTimeoutMs = 10_000, keepAliveMs = 4_000 } = options;
  checkNotNegative("connectTimeoutMs", connectTimeoutMs);
  checkNotNegative("keepAliveMs", keepAliveMs);
  const clock = toClock(ports.clock);
  const proxy = toProxy(options.proxy);
  const settings: ConnectSettings = {
    sockets: ports.sockets ?? platformSockets(),
    clock,
    timeoutMs: connectTimeoutMs,
    proxy,
    allowAddress: options.allowAddress ?? (guardAddresses ? isPublicAddress : () => true),
    ca: options.ca,
    cert: options.cert,
    key: options.key,
  };
  const pool = createPool(clock, keepAliveMs);

  /** A connection that waits, and is still open a turn of the event loop later: its end may have come already. */
  const takeQuiet = async (origin: string): Promise<Connection | undefined> => {
    for (let known = pool.take(origin); known !== undefined; known = pool.take(origin)) {
      await new Promise<void>((resolve) => clock.defer(resolve));
      if (known.isQuiet) return known;
      known.destroy();
    }
    return undefined;
  };

  const send = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const { signal, ...call } = await toCall(input, init);
    const { url, method } = call;
    const isForwarded = proxy !== undefined && url.protocol === "http:";
    const via = isForwarded ? { authorization: proxyAuthorization(proxy) } : undefined;
    const progress = { hasBegun: false };
    const how: CallSettings = {
      via,
      signal,
      progress,
      give: pool.give.bind(undefined, url.origin),
    };
    // A server may close a connection that waits just as a request leaves. What cannot be sent again then gets a new one.
    const canRepeat = repeatable.has(method) || keyHeaders.some((name) => call.headers.has(name));
    const known = keepAliveMs > 0 && canRepeat ? await takeQuiet(url.origin) : undefined;
    if (known !== undefined) {
      try {
        return await callOver(known, call, how);
      } catch (error) {
        if (progress.hasBegun || signal.aborted) throw error;
      }
    }
    return await callOver(await connect(url, settings, signal), call, how);
  };
  const close = () => Promise.resolve(pool.close());
  return Object.assign(send, { close, [Symbol.asyncDispose]: close });
}

function platformSockets(): Sockets {
  const modules = findSocketModules();
  if (modules !== undefined) return toSockets(modules);
  throw new TypeError("Cannot open sockets here: expected Node, Deno or Bun, or give 'sockets'");
}

function toProxy(proxy: string | URL | undefined): URL | undefined {
  if (proxy === undefined) return undefined;
  const url = URL.parse(String(proxy));
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  // Not with the value: it may hold a password.
  throw new TypeError("Cannot use 'proxy': expected the address of a proxy, 'http:' or 'https:'");
}

/** What `fetch` takes, in one form. */
async function toCall(input: RequestInfo | URL, init: RequestInit = {}) {
  const request = input instanceof Request ? input : undefined;
  const url = new URL(request?.url ?? String(input));
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new CallError("config", `Cannot ask '${url.protocol}', expected 'http:' or 'https:'`, {
      code: "url_invalid",
    });
  }
  if (url.username !== "" || url.password !== "") {
    throw new CallError("config", "Cannot ask an address with a user name, expected a header", {
      code: "url_invalid",
    });
  }
  if ((init.redirect ?? request?.redirect) !== "manual") {
    throw new TypeError("Cannot follow redirects: expected 'redirect: \"manual\"'");
  }
  const given = init.body ?? (request?.body === null ? undefined : await request?.arrayBuffer());
  return {
    url,
    method: (init.method ?? request?.method ?? "GET").toUpperCase(),
    ...await toContent(given ?? undefined, new Headers(init.headers ?? request?.headers)),
    signal: init.signal ?? request?.signal ?? new AbortController().signal,
  };
}

/** The body in bytes, and the content type that it has by itself. */
async function toContent(given: BodyInit | undefined, headers: Headers) {
  if (given === undefined) return { headers, body: undefined };
  if (given instanceof Uint8Array) return { headers, body: given };
  const response = new Response(given);
  const type = response.headers.get("content-type");
  if (type !== null && !headers.has("content-type")) headers.set("content-type", type);
  return { headers, body: new Uint8Array(await response.arrayBuffer()) };
}

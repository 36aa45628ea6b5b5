/**
 * What is needed to send requests, checked and with its defaults.
 *
 * @module
 */

import { type Clock, type Random, systemRandom, toClock } from "../async/clock.ts";
import { show } from "../options.ts";
import { version } from "../version.ts";
import { isPublicUrl } from "./guard/public-url.ts";
import type { Classified, ExchangePorts } from "./exchange/ports.ts";
import type { HttpTracing } from "./http-tracing.ts";
import type { Signer } from "./outgoing-request.ts";
import { createPayloads, type Payloads } from "./payloads/create-payloads.ts";
import { createHttpTransport, type HttpTransport } from "./transport/create-http-transport.ts";
import { findSocketModules } from "./transport/node-sockets.ts";

/** Where secrets come from: text, or a function that is asked each time; or one function for all. */
export type HttpSecrets =
  | Readonly<Record<string, string | ((name: string) => string | Promise<string>)>>
  | ((name: string) => string | undefined | Promise<string | undefined>);

/** What is needed to send requests. */
export interface HttpSendOptions {
  /**
   * The secrets that requests name.
   *
   * @default {none}
   */
  readonly secrets?: HttpSecrets | undefined;
  /**
   * The signers that requests name (`sign`).
   *
   * @default {none}
   */
  readonly signers?: Readonly<Record<string, Signer>> | undefined;
  /**
   * Sends requests, as `fetch` does; `createHttpTransport()` of the runtime's entry makes one that is set up otherwise.
   *
   * @default {such a transport on Node, Deno and Bun; elsewhere the platform's own, with its limits}
   */
  readonly fetch?: typeof fetch | HttpTransport | undefined;
  /**
   * Whether addresses within are refused, for the first address and each redirect: loopback, private, link-local, and those where
   * clouds tell secrets. The transport looks after it has resolved the name; of another `fetch` only the address itself is
   * looked at. Set it to false to send requests to machines of your own, also in development.
   *
   * @default {true; false if `fetch` is a transport, which has its own guard}
   */
  readonly guardAddresses?: boolean | undefined;
  /**
   * Says what an error of `fetch` is, where it knows better.
   *
   * @default {what is known of Node, Deno and Bun}
   */
  readonly classify?: ((error: unknown) => Classified | undefined) | undefined;
  /**
   * Whether an address may be asked: called for the first one, and for each redirect.
   *
   * @default {all may}
   */
  readonly allowUrl?: ((url: URL) => boolean | Promise<boolean>) | undefined;
  /**
   * The `user-agent` of requests that have none; null for none at all.
   *
   * @default {"millrace/" and the version}
   */
  readonly userAgent?: string | null | undefined;
  /**
   * Makes traces of calls: `traceHttp` of `./opentelemetry`.
   *
   * @default {none: the trace that a request was enqueued in goes to the server as it is}
   */
  readonly tracing?: HttpTracing | undefined;
  /**
   * Where large bodies are, and how they are encrypted: the same as where requests are enqueued.
   *
   * @default {all of it is in the jobs}
   */
  readonly payloads?: Payloads | undefined;
  /**
   * The time and the timers.
   *
   * @default {the platform's}
   */
  readonly clock?: Clock | undefined;
  /**
   * Where random numbers come from, for delays.
   *
   * @default {Math.random}
   */
  readonly random?: Random | undefined;
}

/** The names of the members. */
export const sendNames = {
  secrets: 1,
  signers: 1,
  fetch: 1,
  guardAddresses: 1,
  classify: 1,
  allowUrl: 1,
  userAgent: 1,
  tracing: 1,
  payloads: 1,
  clock: 1,
  random: 1,
} as const;

/** The options with their defaults. */
export interface SendSettings {
  readonly ports: Omit<ExchangePorts, "sink">;
  readonly payloads: Payloads;
  /** Whether bodies and arguments are packed, and not only written. */
  readonly isPacking: boolean;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} If an option is of a wrong kind.
 */
export function toSendSettings(options: HttpSendOptions): SendSettings {
  const { signers = {}, classify, allowUrl, userAgent = `millrace/${version}` } = options;
  const { tracing } = options;
  const clock = toClock(options.clock);
  const random = options.random ?? systemRandom;
  for (const [name, signer] of Object.entries(signers)) {
    if (typeof signer === "function") continue;
    throw new TypeError(`Cannot use signer '${name}' ${show(signer)}: expected a function`);
  }
  const send = options.fetch;
  if (send !== undefined && typeof send !== "function") {
    throw new TypeError(`Cannot use 'fetch' ${show(send)}: expected a function`);
  }
  if (tracing !== undefined && typeof tracing?.call !== "function") {
    throw new TypeError(
      `Cannot use 'tracing' ${show(tracing)}: expected what 'traceHttp' gives`,
    );
  }
  const { guardAddresses: isGuarded = !isTransport(send) } = options;
  return {
    ports: {
      fetch: (send ?? toOwnFetch(isGuarded)) as typeof fetch,
      classify,
      allowUrl: isGuarded
        ? (url) => isPublicUrl(url) && (allowUrl === undefined || allowUrl(url))
        : allowUrl,
      signers,
      userAgent,
      tracing,
      clock,
      random,
      resolveSecret: toResolver(options.secrets ?? {}),
    },
    payloads: options.payloads ?? createPayloads(),
    isPacking: options.payloads !== undefined,
    clock,
    random,
  };
}

/** Whether it has connections of its own, and looks at where they go. */
function isTransport(send: HttpSendOptions["fetch"]): boolean {
  return send !== undefined && Symbol.asyncDispose in send;
}

/** The transport of this platform; made when it is first needed. It keeps connections for some seconds only. */
function toOwnFetch(guardAddresses: boolean): typeof fetch {
  // Looked up at each call: tests and tracers put their own in its place.
  const platform: typeof fetch = (input, init) => globalThis.fetch(input, init);
  if (findSocketModules() === undefined) return platform;
  let transport: HttpTransport | undefined;
  const own: typeof fetch = (input, init) => {
    transport ??= createHttpTransport({ guardAddresses });
    return transport(input, init);
  };
  return own;
}

function toResolver(secrets: HttpSecrets): (name: string) => Promise<string> {
  return async (name) => {
    const found = typeof secrets === "function"
      ? await secrets(name)
      : Object.hasOwn(secrets, name)
      ? secrets[name]
      : undefined;
    const value = typeof found === "function" ? await found(name) : found;
    if (value !== undefined) return value;
    throw new Error("no secret of this name is known to the worker");
  };
}

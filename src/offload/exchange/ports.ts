/**
 * What an exchange is given: the request with everything decided, and what it needs to send it.
 *
 * @module
 */

import type { Clock, Random } from "../../async/clock.ts";
import type { JobMeta } from "../../protocol/meta.ts";
import type { HttpFailure, HttpFailureKind } from "../failure.ts";
import type { HttpTracing } from "../http-tracing.ts";
import type { Signer } from "../outgoing-request.ts";
import type { BodySink } from "../payloads/body-sink.ts";
import type { PayloadRef } from "../payloads/payload-store.ts";
import type { SecretRef } from "../secret.ts";

/** A request, with nothing left to decide. */
export interface ExchangeRequest {
  /** The id of the request: it is sent as `x-request-id`, unless the request has one of its own. */
  readonly id: string;
  /** The method, in upper case. */
  readonly method: string;
  /** The absolute address, without secrets. */
  readonly url: string;
  /** The headers; their names in lower case. */
  readonly headers: Readonly<Record<string, string | SecretRef>>;
  /** Headers that are sent where nothing else says more: the trace that the request belongs to. */
  readonly defaultHeaders?: Readonly<Record<string, string>> | undefined;
  /** What goes with the job of the request. */
  readonly meta?: JobMeta | undefined;
  /** Parameters that are added to the query of the first address only. */
  readonly secretParams: Readonly<Record<string, SecretRef>>;
  /** The body. */
  readonly body?: Uint8Array | undefined;
  /** How long all may take, redirects and repetitions included, in ms. */
  readonly timeoutMs: number;
  /** How long one address may take, in ms. */
  readonly hopTimeoutMs?: number | undefined;
  /** How long the body may be silent, in ms. */
  readonly idleTimeoutMs?: number | undefined;
  /** How many redirects are followed; with 0 a redirect is an answer like others. */
  readonly maxRedirects: number;
  /** How many bytes the body may have, once unpacked. */
  readonly maxBytes: number;
  /** The names of the signers, in their order. */
  readonly sign: readonly string[];
  /** Headers, in lower case, that do not go to another origin, beside those that never do. */
  readonly sensitiveHeaders: readonly string[];
  /** Whether a redirect may lead from `https` to `http`. */
  readonly allowInsecureRedirects: boolean;
  /** How often the request is sent again, if the connection fails before the answer begins. */
  readonly transportRetries: number;
  /** Sent as `idempotency-key`, unless the request has one of its own; allows repetitions of any method. */
  readonly idempotencyKey?: string | undefined;
}

/** What an error of `fetch` is. */
export interface Classified {
  /** The kind of failure. */
  readonly kind: HttpFailureKind;
  /** What the platform calls it, such as `ECONNREFUSED`. */
  readonly code?: string | undefined;
}

/** What an exchange needs. */
export interface ExchangePorts {
  /** Sends requests. It is asked not to follow redirects. */
  readonly fetch: typeof fetch;
  /** Says what an error of `fetch` is, where it knows better than the table in `classify.ts`. */
  readonly classify?: ((error: unknown) => Classified | undefined) | undefined;
  /** Gives a secret; rejects if there is none of this name. */
  resolveSecret(name: string): Promise<string>;
  /** The signers, by their names. */
  readonly signers: Readonly<Record<string, Signer>>;
  /** Whether an address may be asked: called for the first one and for each redirect. */
  readonly allowUrl?: ((url: URL) => boolean | Promise<boolean>) | undefined;
  /** Measures time. */
  readonly clock: Clock;
  /** Spreads repetitions. */
  readonly random: Random;
  /** The `user-agent` of requests that have none; null for none. */
  readonly userAgent: string | null;
  /** Is told of each call. */
  readonly tracing?: HttpTracing | undefined;
  /** Takes the body instead of memory, and gives it back if it is short. */
  readonly sink?: BodySink | undefined;
}

/** An answer, whatever its status is. */
export interface ExchangeResponse {
  /** Which outcome it is. */
  readonly kind: "response";
  /** The status. */
  readonly status: number;
  /** The headers, as pairs; `content-encoding` and `content-length` are left out, as the body is unpacked. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The address that answered, without secrets. */
  readonly url: string;
  /** The method of the last request. */
  readonly method: string;
  /** The addresses that led there, the first one first. */
  readonly redirects: readonly string[];
  /** How long it took, in ms. */
  readonly durationMs: number;
  /** The body, or where it lies. */
  readonly body: Uint8Array | PayloadRef;
}

/** How an exchange ends. `stopped` if the caller's signal ended it for a reason of its own: nobody is to be told. */
export type ExchangeOutcome =
  | ExchangeResponse
  | { readonly kind: "failure"; readonly failure: HttpFailure }
  | { readonly kind: "stopped"; readonly reason: unknown };

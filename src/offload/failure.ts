/**
 * Why a request has no answer, or none that is wanted.
 *
 * @module
 */

import type { HttpResult } from "./result.ts";

/**
 * The kinds of failure:
 *
 * | Kind         | What happened                                                                                |
 * | ------------ | -------------------------------------------------------------------------------------------- |
 * | `http`       | the answer has an error status, and the request said `httpErrors: "error"`                   |
 * | `redirect`   | too many redirects, a loop of them, or one that must not be followed                         |
 * | `timeout`    | the time of the request was over                                                             |
 * | `connection` | no connection, or it was lost; also an answer that was cut off                               |
 * | `tls`        | the other side could not be trusted, or spoke no TLS that is known                           |
 * | `too_large`  | the answer is larger than `maxBytes`                                                         |
 * | `protocol`   | the answer is not HTTP                                                                       |
 * | `config`     | the request cannot be sent as it is: an unknown secret, an address that is not allowed       |
 * | `lost`       | the workers that sent it were lost, again and again                                          |
 * | `aborted`    | somebody cancelled the job                                                                   |
 * | `unknown`    | none of these                                                                                |
 */
export type HttpFailureKind =
  | "http"
  | "redirect"
  | "timeout"
  | "connection"
  | "tls"
  | "too_large"
  | "protocol"
  | "config"
  | "lost"
  | "aborted"
  | "unknown";

/** What each failure says. */
export interface HttpFailureFacts {
  /** What happened, for a person; without the query of an address and without secrets. */
  readonly message: string;
  /** What the platform calls it, such as `ECONNREFUSED`, if it says so. */
  readonly code?: string | undefined;
  /** The last address that was asked, without secrets. */
  readonly url: string;
  /** The method of the last request, in upper case. */
  readonly method: string;
  /** How long it took, redirects and all, in ms. */
  readonly durationMs: number;
  /** The id of the request: what `http.post()` and its like gave. */
  readonly requestId: string;
  /** The addresses that led to the last one, the first one first. */
  readonly redirects: readonly string[];
}

/** An answer with an error status. */
export interface HttpStatusFailure extends HttpFailureFacts {
  /** The kind. */
  readonly kind: "http";
  /** The answer. */
  readonly response: HttpResult;
}

/** Redirects that led nowhere. */
export interface HttpRedirectFailure extends HttpFailureFacts {
  /** The kind. */
  readonly kind: "redirect";
  /** Why: there were too many, they came round to where they had been, or the next one must not be followed. */
  readonly reason: "too_many" | "loop" | "refused";
}

/** Any other failure. */
export interface HttpOtherFailure extends HttpFailureFacts {
  /** The kind. */
  readonly kind: Exclude<HttpFailureKind, "http" | "redirect">;
}

/** Why a request has no answer, or none that is wanted: a plain object, told apart by its `kind`. */
export type HttpFailure = HttpStatusFailure | HttpRedirectFailure | HttpOtherFailure;

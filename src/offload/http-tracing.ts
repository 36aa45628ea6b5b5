/**
 * What is told of each call as it happens, so that traces can be made of it. The library knows no tracing of its own: `traceHttp` of
 * `./opentelemetry` makes one for OpenTelemetry.
 *
 * @module
 */

import type { JobMeta } from "../protocol/meta.ts";
import type { HttpFailureKind } from "./failure.ts";

/** A call that is about to be sent: the request itself, one that follows a redirect, or one that is sent again. */
export interface HttpCallEvent {
  /** The id of the request that it belongs to. */
  readonly requestId: string;
  /** The method, in upper case. */
  readonly method: string;
  /** The address, without secrets. */
  readonly url: string;
  /** How many calls were made before for this request, by this run of its job. */
  readonly resends: number;
  /** What goes with the job of the request. */
  readonly meta: JobMeta | undefined;
}

/** How a call ended. */
export interface HttpCallEnd {
  /** The status of the answer, if it came that far. */
  readonly status?: number | undefined;
  /** Why there is no answer, or no whole one; `stopped` if the worker was stopped, or lost the job. */
  readonly failure?: {
    readonly kind: HttpFailureKind | "stopped";
    /** What the platform calls it, such as `ECONNREFUSED`. */
    readonly code?: string | undefined;
    /** What happened, without secrets. */
    readonly message: string;
  } | undefined;
}

/** A call, as it is traced. */
export interface HttpCallTrace {
  /** What goes along as headers, such as `traceparent`; a header that the request has itself stays. */
  readonly headers: Readonly<Record<string, string>>;
  /** Is told the end: once the body was read, or what went wrong. It is called once. */
  end(how: HttpCallEnd): void;
}

/** Makes traces of calls. */
export interface HttpTracing {
  /** A call begins. What it throws is the caller's: it must not. */
  call(event: HttpCallEvent): HttpCallTrace;
  /** What goes as `meta` with the job of the callback, besides that of the request. */
  meta(): JobMeta;
}

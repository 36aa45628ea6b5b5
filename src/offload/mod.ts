/**
 * Durable calls of HTTP: a request is a job, and its answer is a job of its own. Nobody waits for a slow server, no crash
 * loses a call, and hundreds of calls wait in one process.
 *
 * @example
 * ```ts
 * import { secret, toHttpResult } from "@millrace/millrace/offload";
 *
 * console.log(secret("openai").$secret, toHttpResult({ body: "[1]" }).json()); // openai [ 1 ]
 * ```
 *
 * @module
 */

export type { SchemaIssue, SchemaResult, StandardSchema } from "../jobs/standard-schema.ts";
export type {
  HttpFailure,
  HttpFailureFacts,
  HttpFailureKind,
  HttpOtherFailure,
  HttpRedirectFailure,
  HttpStatusFailure,
} from "./failure.ts";
export { type HttpResult, type HttpResultFacts, type TextOptions, toHttpResult } from "./result.ts";
export { secret, type SecretOptions, type SecretRef } from "./secret.ts";

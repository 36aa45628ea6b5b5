/**
 * What a parent and its processes say to each other, as JSON.
 *
 * @module
 */

import type { Job } from "../../src/protocol/job.ts";
import type { HeartbeatOptions } from "../../src/protocol/lease-write.ts";
import { describeError } from "../../src/worker/describe-error.ts";
import type { Outcome } from "../../src/worker/outcome.ts";

/** What the parent of workers tells them. A stop without a time has no deadline. */
export type ForkCommand =
  | { readonly millrace: "stop"; readonly timeoutMs: number | undefined }
  | { readonly millrace: "pause" }
  | { readonly millrace: "resume" };

/** What a process says first: it reads what it is sent. */
export interface ForkReady {
  readonly millrace: "ready";
}

/** The job that a process is started for. */
export interface RunCommand {
  readonly millrace: "run";
  readonly job: Job;
}

/** What the parent says when it has the report: the process may end. */
export interface ReportReceived {
  readonly millrace: "received";
}

/** What the handler says while the job runs, by number. */
export interface SentHeartbeat {
  readonly millrace: "heartbeat";
  readonly number: number;
  readonly news: HeartbeatOptions;
}

/** What came of a heartbeat: until when the lease lasts, or an error. */
export interface HeartbeatAnswer {
  readonly millrace: "heard";
  readonly number: number;
  readonly endsAt?: number | undefined;
  readonly error?: SentError | undefined;
}

/** An error, as far as it can be sent. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

/** What came of it. */
export type SentReport =
  | { readonly millrace: "succeeded"; readonly result?: unknown }
  | { readonly millrace: "failed"; readonly error: SentError; readonly retry: boolean }
  | {
    readonly millrace: "decided";
    readonly outcome: Outcome;
    readonly cause: SentError | undefined;
  };

/** Whether a message is one of these, and not one of the program's own. */
export function isForkMessage(value: unknown): value is { readonly millrace: string } {
  return typeof value === "object" && value !== null && "millrace" in value;
}

/** Takes of an error what can be sent. */
export function toSentError(error: unknown): SentError {
  const { message, errorType = "Error", backtrace = "" } = describeError(error);
  return { name: errorType, message, stack: backtrace };
}

/** Makes an error of what was sent; not of its class. */
export function fromSentError({ name, message, stack }: SentError): Error {
  const error = new Error(message);
  return Object.defineProperties(error, {
    name: { value: name, configurable: true, writable: true },
    stack: { value: stack, configurable: true, writable: true },
  });
}

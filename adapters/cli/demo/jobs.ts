/**
 * The jobs of the demo: what the code that enqueues and the code that handles share.
 *
 * @module
 */

import { defineJob, type JobDefinition } from "../../../src/client/mod.ts";

/** Read a file: digest, counts, most frequent words. */
export const readFile: JobDefinition<{ path: string }> = defineJob<{ path: string }>({
  type: "read-file",
  queue: "files",
});

/** Fails on its first attempt, and is tried again about a second later. */
export const failOnce: JobDefinition<{ number: number }> = defineJob<{ number: number }>({
  type: "fail-once",
  queue: "default",
  backoff: { exponent: 0, baseMs: 0, jitterMs: 250 },
});

/** Scheduled: becomes ready some seconds after it was enqueued. */
export const remind: JobDefinition<{ text: string }> = defineJob<{ text: string }>({
  type: "remind",
  queue: "default",
  delay: "2s",
});

/** The small jobs of the burst: each waits a moment, as a call to another service would. */
export const call: JobDefinition<{ number: number; waitMs: number }> = defineJob<
  { number: number; waitMs: number }
>({
  type: "call",
  queue: "burst",
});

/**
 * The jobs of the demo: what the code that enqueues and the code that handles share.
 *
 * @module
 */

import * as v from "valibot";
import { defineJob, type JobDefinition } from "../../../src/client/mod.ts";

/** Read a file: digest, counts, most frequent words. */
export const readFile: JobDefinition<{ path: string }> = defineJob({
  type: "read-file",
  queue: "files",
  payload: v.object({ path: v.string() }),
});

/** Fails on its first attempt, and is tried again about a second later. */
export const failOnce: JobDefinition<{ number: number }> = defineJob({
  type: "fail-once",
  queue: "default",
  payload: v.object({ number: v.number() }),
  backoff: { exponent: 0, baseMs: 0, jitterMs: 250 },
});

/** Scheduled: becomes ready some seconds after it was enqueued. */
export const remind: JobDefinition<{ text: string }> = defineJob({
  type: "remind",
  queue: "default",
  payload: v.object({ text: v.string() }),
  delay: "2s",
});

/** The small jobs of the burst: each waits a moment, as a call to another service would. */
export const call: JobDefinition<{ number: number; waitMs: number }> = defineJob({
  type: "call",
  queue: "burst",
  payload: v.object({ number: v.number(), waitMs: v.number() }),
});

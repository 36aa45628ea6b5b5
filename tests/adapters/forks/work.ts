/**
 * The jobs of the processes under test: what they do stands in their payload.
 *
 * @module
 */

import { defineJob, type JobDefinition } from "../../../src/client/mod.ts";

/** What a job does. */
export type Deed =
  | "return"
  | "beat"
  | "throw"
  | "snooze"
  | "cancel"
  | "finish"
  | "hang"
  | "block"
  | "exit";

/** The jobs. */
export const work: JobDefinition<Deed> = defineJob<Deed>({
  type: "work",
  queue: "work",
  retryLimit: 0,
});

/** What follows from some of them. */
export const after: JobDefinition<Deed> = defineJob<Deed>({ type: "after", queue: "after" });

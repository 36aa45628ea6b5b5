/** A small job as a request leaves it, not stored yet. */

import type { NewJob } from "../../src/protocol/new-job.ts";

export const newJob: NewJob = {
  type: "t",
  queue: "q",
  payload: "1",
  priority: 5,
  readyAt: null,
  delayMs: null,
  retryLimit: null,
  backoff: null,
  retention: null,
  uniqueKey: null,
  uniqueWhile: null,
  batch: null,
  budgets: [],
  dependsOn: [],
  strictDependencies: null,
  tags: [],
};

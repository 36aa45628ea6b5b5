/**
 * What the calls for insight may be asked, and the pages that they give.
 *
 * @module
 */

import type { FailureGroup } from "../protocol/failure-group.ts";
import type { HistoryEntry } from "../protocol/history.ts";
import type { OpenBatch } from "../protocol/open-batch.ts";
import type { QueueDetails } from "../protocol/queue-details.ts";
import type { SeenWorker } from "../protocol/workers.ts";
import type { CallOptions } from "./deadline.ts";
import type { PageTurns } from "./listing.ts";

/** What of a queue is told, and bounds of the call. */
export interface QueueOptions extends CallOptions {
  /**
   * Whether it comes with the instant since when its oldest ready job has been ready (`oldestReadyAt`), which is looked up for each
   * queue.
   *
   * @default {false}
   */
  readonly age?: boolean | undefined;
}

/** Which type of jobs a call asks about, and bounds of the call. */
export interface ServingOptions extends CallOptions {
  /**
   * A type of jobs: tells also how many workers run it.
   *
   * @default {none}
   */
  readonly type?: string | undefined;
}

/** A page of groups of failures. */
export interface FailureGroupPage extends PageTurns<FailureGroupPage> {
  /** The groups. */
  readonly groups: readonly FailureGroup[];
}

/** A page of the history of a job. */
export interface HistoryPage extends PageTurns<HistoryPage> {
  /** The entries. */
  readonly history: readonly HistoryEntry[];
}

/** A page of batches. */
export interface BatchPage extends PageTurns<BatchPage> {
  /** The batches. */
  readonly batches: readonly OpenBatch[];
}

/** A page of queues. */
export interface QueuePage extends PageTurns<QueuePage> {
  /** The queues. */
  readonly queues: readonly QueueDetails[];
}

/** A page of workers. */
export interface WorkerPage extends PageTurns<WorkerPage> {
  /** The workers. */
  readonly workers: readonly SeenWorker[];
}

/**
 * The client: enqueue jobs, look at them, change them, and define what they are. Runs wherever `fetch` does: in a
 * browser, an edge function, Node, Deno and Bun.
 *
 * ```ts
 * import * as v from "valibot";
 * import { createClient, defineJob } from "@millrace/millrace/client";
 *
 * const greet = defineJob({
 *   type: "greet",
 *   queue: "default",
 *   payload: v.object({ name: v.string() }),
 * });
 *
 * const client = createClient({ url: "http://127.0.0.1:7890" });
 *
 * export function welcome(name: string) {
 *   return client.enqueue(greet, { name }, { delay: "10m" });
 * }
 * ```
 *
 * @module
 */

export { type BudgetsClient, createBudgets, type SyncBudgetsOptions } from "./budgets.ts";
export { createClient } from "./create-client.ts";
export { createEnqueuer, type Enqueuer } from "./create-enqueuer.ts";
export {
  type AddDependenciesOptions,
  createDependencies,
  type DependenciesClient,
} from "./dependencies.ts";
export { createCrons } from "./crons.ts";
export {
  type CronsDefinition,
  type CronsOptions,
  type DeclaredCron,
  defineCrons,
} from "./define-crons.ts";
export type { SyncReport } from "./sync-report.ts";
export type { CronAddress, CronsClient, NextTimesOptions } from "./crons.ts";
export { createInsight, type InsightClient, type InsightQuery } from "./insight.ts";
export type {
  BatchPage,
  FailureGroupPage,
  HistoryPage,
  QueueOptions,
  QueuePage,
  ServingOptions,
  WorkerPage,
} from "./insight-pages.ts";
export { type ConfigClient, createConfig } from "./config.ts";
export { createQueues, type PauseOptions, type QueuesClient } from "./queues.ts";
export { createMovement, type MovementClient, type PutOptions } from "./movement.ts";
export {
  createEvents,
  type EventsClient,
  type ListenDisconnect,
  type ListenOptions,
} from "./events.ts";
export { createTags, type TagsClient, type TopTagsQuery, type TrackedPage } from "./tags.ts";
export type {
  Client,
  DeleteOptions,
  Enqueueable,
  EnqueueCallOptions,
  EnqueueManyRest,
  EnqueueRest,
  FailureOptions,
  SuccessManyOptions,
  SuccessOptions,
} from "./client.ts";
export { type EnqueueMiddleware, type Enqueues, withMiddleware } from "./middleware.ts";
export {
  type ByHand,
  type FilterRest,
  type GetOptions,
  type GetRest,
  isJobOf,
  type JobKind,
  type JobOf,
  type JobQuery,
  type QueryRest,
  type TypedJob,
} from "./typed-job.ts";
export type { BulkFilter } from "./bulk-filter.ts";
export type { JobControl } from "./job-control.ts";
export type {
  CancelManyOptions,
  CancelOptions,
  CompletedEnd,
  DeadEnd,
  FinishedEnd,
  GoneEnd,
  JobEnd,
  WaitForOptions,
} from "./job-ends.ts";
export type { CancelCounts, CancelRequest, CancelResult } from "../protocol/ends.ts";
export { type AllOptions, type Query, query, type QueryClient } from "./query.ts";
export { createdAtOf } from "../protocol/created-at.ts";
export { createLeases } from "./leases.ts";
export type { LeasesClient, TimeoutResult } from "./leases.ts";
export type { TakeFrame, TakeOptions, TakeStream } from "./take-stream.ts";
export type { WireFormat } from "./format.ts";
export type { ClientOptions, Fetch } from "./options.ts";
export type { RetryOptions } from "./retry.ts";
export type { CallOptions } from "./deadline.ts";
export type { ErrorPage, JobPage, Listing, PageTurns } from "./listing.ts";
export { enqueueAll, type EnqueueAllOptions, type EnqueueAllProgress } from "./enqueue-all.ts";
export { PartialEnqueueError } from "./enqueue-parts.ts";

export {
  type AddRest,
  type After,
  createFlows,
  type FlowBuilder,
  type FlowNode,
  type FlowsClient,
  type LaterStepSettings,
  type StepSettings,
} from "./flows.ts";
export { defineStep, type StepDefinition } from "../jobs/define-step.ts";
export type { Jsonable, JsonOnly, NotJson } from "../protocol/jsonable.ts";
export type { NoParents, ParentResults, ResultOf, StepTypes } from "../protocol/step-types.ts";
export { defineJob } from "../jobs/define-job.ts";
export { batchBy, type BatchByOptions, type BatchRule } from "../jobs/batch-by.ts";
export {
  exponential,
  type ExponentialBackoffOptions,
  fixed,
  polynomial,
  type PolynomialOptions,
} from "../jobs/backoffs.ts";
export {
  defineJobs,
  type GroupedJobOptions,
  type GroupOptions,
  type JobDefinitions,
  type JobGroup,
} from "../jobs/define-jobs.ts";
export { type Lifted, liftFrom, type OlderPayload } from "../jobs/older-payload.ts";
export { fromRubyPayload, type RubyPayload, toRubyPayload } from "../jobs/ruby-payload.ts";
export {
  toUniqueKey,
  uniqueBy,
  type UniqueKeyFunction,
  type UniqueKeyOptions,
} from "../jobs/unique-key.ts";
export type { JobDefinition, OfArgs } from "../jobs/define-job.ts";
export type {
  BatchOptions,
  EnqueueSettings,
  JobNames,
  JobOptions,
  JobSettings,
  PayloadFunction,
  PayloadSettings,
} from "../jobs/job-options.ts";
export type { SchemaIssue, SchemaResult, StandardSchema } from "../jobs/standard-schema.ts";

export {
  type AnyMillraceError,
  isMillraceError,
  MillraceError,
  type MillraceErrorCode,
  type MillraceErrorOptions,
  NetworkError,
  NotFoundError,
  type PartialFailure,
  PayloadError,
  ProtocolError,
  RefusedError,
  ResponseError,
  type ResponseErrorOptions,
  ServerError,
  TimeoutError,
  type WebhookFailure,
} from "../errors.ts";
export { jq } from "./jq.ts";
export { payloadContains, payloadEquals, payloadStartsWith } from "./payload-filters.ts";
export type { PayloadPath } from "../jq/payload-path.ts";
export type { BatchRequest } from "../protocol/batch.ts";
export type { PreparedJob } from "../protocol/prepared-job.ts";
export type { JobReference, LeaseRefusal, RefusedRun, ReportResult } from "../protocol/ack.ts";
export type { Clock, Random } from "../async/clock.ts";
export { type Duration, type DurationUnit, toMs } from "../async/duration.ts";
export type { Codec, Format } from "../protocol/codec.ts";
export type { BudgetWaiting, WaitingCount } from "../protocol/budget-waiting.ts";
export type { HeldBudget } from "../protocol/budget-hold.ts";
export type { Budget, RebindReport } from "../protocol/budget-read.ts";
export type {
  BudgetPatch,
  BudgetRequest,
  BudgetSettings,
  BudgetStrategy,
  BudgetUse,
  InFlightStrategy,
  RateStrategy,
  RateWords,
} from "../protocol/budget-request.ts";
export type { CronEntry, CronGroup, CronJob } from "../protocol/cron-read.ts";
export type {
  CronEntryBasics,
  CronEntryChange,
  CronEntrySettings,
  CronEverySettings,
  CronExpressionSettings,
  CronGroupChange,
  CronGroupSettings,
  CronInterval,
  CronIntervalSettings,
} from "../protocol/cron-request.ts";
export type { Dependency, DependencyUse, ItemDependency, OnDead } from "../protocol/dependency.ts";
export type { JobLinks } from "../protocol/dependency-read.ts";
export type { Receipt } from "../protocol/receipt.ts";
export type { EnqueueRequest } from "../protocol/enqueue.ts";
export { createMsgpackDecoder } from "../protocol/frames-msgpack.ts";
export { createNdjsonDecoder } from "../protocol/frames-ndjson.ts";
export { createSseDecoder } from "../protocol/frames-sse.ts";
export { FrameDecoderStream } from "../protocol/frame-streams.ts";
export type { FrameDecoder, FrameDecoderOptions, StreamFormat } from "../protocol/stream-format.ts";
export type { ErrorRecord } from "../protocol/error-record.ts";
export type { FailureGroup, GroupRequeue } from "../protocol/failure-group.ts";
export type { Failure } from "../protocol/failure.ts";
export type { JobFilter, TakeRequest } from "../protocol/filter.ts";
export {
  type Backoff,
  type Batch,
  type Binding,
  type CompletedJob,
  type DeadJob,
  type EnqueuedJob,
  type EnqueueMarks,
  type InFlightJob,
  type Job,
  type JobMembers,
  type JobStatus,
  jobStatuses,
  type Retention,
  type UniqueWhile,
  type WaitingJob,
} from "../protocol/job.ts";
export type { JobExtra, JobProgress } from "../protocol/job-extra.ts";
export type { ChildOf } from "../protocol/child.ts";
export type { JobMeta } from "../protocol/meta.ts";
export type { HistoryEntry, OwnEntry } from "../protocol/history.ts";
export type { DurationStats, QueueDetails, QueueStats } from "../protocol/queue-details.ts";
export type { QueueServing } from "../protocol/serving.ts";
export type { OpenBatch } from "../protocol/open-batch.ts";
export type { Caller } from "../protocol/whoami.ts";
export type {
  SeenWorker,
  SteeredWorker,
  WorkerDetails,
  WorkerServing,
} from "../protocol/workers.ts";
export type { JobSort } from "../protocol/query.ts";
export type { HeartbeatResult, RenewedLease } from "../protocol/lease-read.ts";
export type { HeartbeatOptions, TakeManyOptions } from "../protocol/lease-write.ts";
export type { ConfigSetting, ConfigValue } from "../protocol/config.ts";
export type { QueueSettings, QueueSettingsChange } from "../protocol/queue-settings-read.ts";
export type { PageRequest } from "../protocol/page.ts";
export type { Ask, CancelNotice } from "../protocol/frames-control.ts";
export type { NextStep, PutConflict, PutRequest, RequeueRequest } from "../protocol/movement.ts";
export type { JobPatch } from "../protocol/patch.ts";
export type { RetentionPatch, RetentionSettings } from "../protocol/retention.ts";
export type { Range } from "../protocol/range.ts";
export { type EventGap, type EventKind, eventKinds, type JobEvent } from "../protocol/events.ts";
export type { TagCount } from "../protocol/tags.ts";
export type { ReleaseTime } from "../protocol/release.ts";
export type { WorkerRun } from "../protocol/worker-run.ts";
export type { HeldDelivery, RunProgress, WorkerStatement } from "../protocol/worker-statement.ts";

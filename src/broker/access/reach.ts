/**
 * Which jobs a caller may touch, if it is limited to some queues, types, budgets or unique keys.
 *
 * | row      | a limited caller may make the call if                                                     |
 * |----------|-------------------------------------------------------------------------------------------|
 * | `free`   | it likes: the call shows no job that it did not take, and changes none                    |
 * | `all`    | never: the call is about everything                                                       |
 * | `job`    | the job in the path is in its reach; if not, the job is "not found"                       |
 * | `queue`  | the queue in the path is in its reach, and its types are not limited                      |
 * | `filter` | the query names queues and types, as far as these are limited, and all are in its reach   |
 * | `body`   | what the body names is in its reach: the endpoint asks, when it has read it               |
 *
 * @module
 */

import { readList } from "../../protocol/query.ts";
import type { RouteName } from "../../protocol/routes.ts";
import { coversName, demandScope, type Grant, type Scope } from "./grant.ts";
import type { Rates } from "./rates.ts";
import { AccessError, forbid } from "./refused.ts";

/** Where a job is, as far as limits go by it. */
export interface Place {
  readonly queue: string;
  readonly type: string;
}

/** What a job is asked to be, as far as limits go by it. What is left out stays what it was. */
export interface Asked {
  readonly queue?: string | null | undefined;
  readonly type?: string | null | undefined;
  readonly priority?: number | null | undefined;
  readonly budgets?: readonly { readonly key: string }[] | null | undefined;
  readonly uniqueKey?: string | null | undefined;
  readonly batch?: { readonly key: string } | null | undefined;
  readonly dependsOn?: readonly { readonly id: string | null }[] | null | undefined;
}

/** What a caller may touch. Each method throws an {@linkcode AccessError} for what it may not. */
export interface Reach {
  /** Whose it is; undefined where the broker lets in everybody. */
  readonly grant: Grant | undefined;
  /** Stands before its idempotency keys, which are its own. */
  readonly keyPrefix: string;
  /** Whether it may know of a job that it did not name; undefined if it may of all. */
  readonly covers: ((job: Place) => boolean) | undefined;
  /** It does, besides what the call is for, something that needs another scope. */
  demandScope(scope: Scope): void;
  /** It stores jobs: these count. */
  demandNew(jobs: readonly Asked[]): Promise<void>;
  /** It changes jobs that are there. */
  demandChange(change: Asked): Promise<void>;
  /** It takes from queues; undefined is all. */
  demandQueues(queues: readonly string[] | undefined): void;
  /** It names jobs. Those that are not there are no fault. */
  demandIds(ids: readonly string[]): Promise<void>;
}

/** Everything. */
export const everywhere: Reach = {
  grant: undefined,
  keyPrefix: "",
  covers: undefined,
  demandScope() {},
  demandNew: () => Promise.resolve(),
  demandChange: () => Promise.resolve(),
  demandQueues() {},
  demandIds: () => Promise.resolve(),
};

/** What a reach is made from. */
export interface ReachOptions {
  readonly rates: Rates;
  /** The place of a job; undefined if there is no such job. */
  find(id: string): Promise<Place | undefined>;
}

/** So many seconds' worth of jobs may come at once. */
const burstOfJobs = 10;

/** What the holder of a grant may touch. */
export function toReach(grant: Grant, { rates, find }: ReachOptions): Reach {
  const { name, queues, types, leastPriority = 0, jobsPerSecond } = grant;
  const isLimited = isLimitedGrant(grant);
  const budgets = grant.budgets ?? (isLimited ? [] : undefined);
  const covers = (job: Place) => coversJob(grant, job);

  const demandIds = async (ids: readonly string[]) => {
    if (!isLimited) return;
    for (const id of ids) {
      const job = await find(id);
      if (job !== undefined && !covers(job)) throw forbid(`'${name}' may not touch job '${id}'`);
    }
  };
  const mayHold = (key: string, type: string | null | undefined): boolean => {
    if (grant.uniqueKeys !== undefined || !isLimited) return coversName(grant.uniqueKeys, key);
    // As definitions make them: `mail:7f…`. Types of others are not its own, so neither are their keys.
    return types !== undefined && type != null && (key === type || key.startsWith(`${type}:`));
  };
  const check = (job: Asked): string | undefined => {
    const { queue, type, priority, budgets: drawn, uniqueKey, batch } = job;
    if (queue != null && !coversName(queues, queue)) return `use queue '${queue}'`;
    if (type != null && !coversName(types, type)) return `use type '${type}'`;
    if (priority != null && priority < leastPriority) {
      return `use priority ${priority}, only ${leastPriority} and above`;
    }
    if (uniqueKey != null && !mayHold(uniqueKey, type)) return `use unique key '${uniqueKey}'`;
    if (batch != null && !mayHold(batch.key, type)) return `use batch '${batch.key}'`;
    const budget = drawn?.find(({ key }) => !coversName(budgets, key));
    return budget === undefined ? undefined : `draw on budget '${budget.key}'`;
  };
  const demandLinks = async (jobs: readonly Asked[]) => {
    for (const { dependsOn } of jobs) {
      if (dependsOn != null) await demandIds(dependsOn.flatMap(({ id }) => id ?? []));
    }
  };

  return {
    grant,
    keyPrefix: `${name}\n`,
    covers: isLimited ? covers : undefined,
    demandScope: (scope) => demandScope(grant, scope),
    async demandNew(jobs) {
      for (const [at, job] of jobs.entries()) {
        const complaint = check(job);
        if (complaint === undefined) continue;
        throw forbid(`${jobs.length > 1 ? `jobs[${at}]: ` : ""}'${name}' may not ${complaint}`);
      }
      if (jobsPerSecond !== undefined) {
        const limits = { perSecond: jobsPerSecond, burst: burstOfJobs };
        rates.demand(`jobs\n${name}`, jobs.length, limits);
      }
      await demandLinks(jobs);
    },
    async demandChange(change) {
      const complaint = check(change);
      if (complaint !== undefined) throw forbid(`'${name}' may not ${complaint}`);
      await demandLinks([change]);
    },
    demandQueues(queues) {
      if (types !== undefined) {
        throw forbid(`'${name}' may not take jobs: it is limited to types, and jobs come by queue`);
      }
      if (grant.queues === undefined) return;
      if (queues === undefined) throw forbid(`'${name}' has to name the queues to take from`);
      const stray = queues.find((queue) => !coversName(grant.queues, queue));
      if (stray !== undefined) throw forbid(`'${name}' may not use queue '${stray}'`);
    },
    demandIds,
  };
}

/** Whether a caller may touch a job. */
function coversJob({ queues, types }: Grant, { queue, type }: Place): boolean {
  return coversName(queues, queue) && coversName(types, type);
}

/** Whether a caller may not touch every job. */
function isLimitedGrant({ queues, types }: Grant): boolean {
  return queues !== undefined || types !== undefined;
}

type Row = "free" | "all" | "job" | "queue" | "filter" | "body";

/** What each call touches. */
const rows: Readonly<Record<RouteName, Row | readonly Row[]>> = {
  health: "free",
  version: "free",
  queues: "all",
  enqueue: "body",
  enqueueMany: "body",
  list: "filter",
  patchMany: ["filter", "body"],
  deleteMany: "filter",
  count: "filter",
  take: "body",
  successMany: "body",
  get: "job",
  patch: ["job", "body"],
  delete: "job",
  success: ["job", "body"],
  failure: "job",
  release: "job",
  releaseMany: "body",
  tell: "free",
  errors: "job",
  error: "job",
  reset: "all",
  put: ["job", "body"],
  requeue: ["job", "body"],
  cancel: "job",
  cancelMany: "filter",
  retry: "job",
  retryMany: "filter",
  wait: "body",
  listCrons: "all",
  deleteCrons: "all",
  getCronGroup: "all",
  putCronGroup: "all",
  patchCronGroup: "all",
  deleteCronGroup: "all",
  createCronEntry: "all",
  getCronEntry: "all",
  nextOfCronEntry: "all",
  putCronEntry: "all",
  patchCronEntry: "all",
  deleteCronEntry: "all",
  listBudgets: "all",
  createNamedBudget: "all",
  getBudget: "all",
  createBudget: "all",
  putBudget: "all",
  patchBudget: "all",
  deleteBudget: "all",
  budgetWaiting: "all",
  holdBudget: "all",
  bind: "all",
  putBinding: "all",
  patchBinding: "all",
  unbind: "job",
  putBindings: "all",
  unbindAll: "job",
  bindMany: "all",
  putBindingMany: "all",
  patchBindingMany: "all",
  unbindMany: "filter",
  unbindAllMany: "filter",
  listFailures: "all",
  requeueFailures: "all",
  requeueGroup: "all",
  getQueue: "queue",
  nextOfQueue: "queue",
  queueServing: "queue",
  queueStats: "queue",
  stats: "filter",
  listHistory: "job",
  addHistory: "job",
  listBatches: "all",
  // It tells nothing of jobs.
  whoAmI: "free",
  listWorkers: "all",
  getWorker: "all",
  deleteWorker: "all",
  quietWorker: "all",
  resumeWorker: "all",
  stopWorker: "all",
  metrics: "all",
  getDependencies: "job",
  addDependencies: ["job", "body"],
  removeDependencies: "job",
  takeMany: "body",
  heartbeat: "job",
  heartbeatMany: "body",
  timeout: "job",
  timeoutMany: "body",
  listTags: "all",
  listTagged: "all",
  addTags: "job",
  removeTags: "job",
  track: "job",
  untrack: "job",
  listTracked: "all",
  queueSettings: "queue",
  patchQueue: "queue",
  forgetQueue: "queue",
  listConfig: "all",
  getConfig: "all",
  putConfig: "all",
  unsetConfig: "all",
  events: "filter",
  // Who knows the key of a payload has it from the job.
  putPayload: "free",
  getPayload: "free",
  deletePayload: "free",
};

/** A call, before its body is read. */
export interface AskedCall {
  readonly route: RouteName;
  readonly params: readonly string[];
  /** The query string, without `?`. */
  readonly query: string;
}

/**
 * Demands that a call touches only what its caller may touch, as far as path and query say.
 *
 * @throws {AccessError} If it does not.
 */
export async function demandReach(
  grant: Grant,
  { route, params, query }: AskedCall,
  { find }: Pick<ReachOptions, "find">,
): Promise<void> {
  if (!isLimitedGrant(grant)) return;
  const { name, queues, types } = grant;
  for (const row of [rows[route]].flat()) {
    if (row === "all") {
      throw forbid(`'${name}' is limited to some jobs, and this call is about all`);
    }
    if (row === "queue") {
      const queue = params[0]!;
      if (types !== undefined || !coversName(queues, queue)) {
        throw forbid(`'${name}' may not use queue '${queue}'`);
      }
    }
    if (row === "job") {
      const job = await find(params[0]!);
      // As if it were not there: nobody is told of jobs of others.
      if (job !== undefined && !coversJob(grant, job)) {
        throw new AccessError(404, "job not found");
      }
    }
    if (row === "filter") demandFilter(grant, new URLSearchParams(query));
  }
}

function demandFilter({ name, queues, types }: Grant, query: URLSearchParams): void {
  // The jobs that wait for those may be anywhere.
  if (query.get("cascade") === "true") throw forbid(`'${name}' may not use 'cascade'`);
  const limits = [["queue", queues], ["type", types]] as const;
  for (const [param, patterns] of limits) {
    if (patterns === undefined) continue;
    const names = readList(query.get(param) ?? undefined);
    if (names === undefined) throw forbid(`'${name}' has to name '${param}', as it is limited`);
    const stray = names.find((value) => !coversName(patterns, value));
    if (stray !== undefined) throw forbid(`'${name}' may not use ${param} '${stray}'`);
  }
}

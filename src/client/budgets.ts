/**
 * The calls on budgets. They are apart from the client, so that a program that only enqueues does not load them.
 *
 * @module
 */

import { type Duration, toMs } from "../async/duration.ts";
import { type HeldBudget, readHeldBudget, toHoldWire } from "../protocol/budget-hold.ts";
import {
  type Budget,
  readBudget,
  readBudgets,
  readRebindReport,
  type RebindReport,
} from "../protocol/budget-read.ts";
import { type BudgetWaiting, readWaiting } from "../protocol/budget-waiting.ts";
import {
  type BudgetPatch,
  type BudgetRequest,
  type BudgetUse,
  toBudgetPatchWire,
  toBudgetSettingsWire,
  toBudgetUseWire,
} from "../protocol/budget-request.ts";
import { type JobFilter, matchesNothing, toFilterParams } from "../protocol/filter.ts";
import type { Job } from "../protocol/job.ts";
import { readJob } from "../protocol/job-read.ts";
import { budgetRoutes, type Route } from "../protocol/routes.ts";
import type { CallOptions } from "./deadline.ts";
import { callOwn } from "./endpoint.ts";
import { type ClientOptions, toClientSettings } from "./options.ts";
import { type SyncReport, toSyncReport } from "./sync-report.ts";
import { type ClientCall, createTransport, ignoreBody } from "./transport.ts";

/** Bounds of a sync, and what becomes of budgets that are not declared. */
export interface SyncBudgetsOptions extends CallOptions {
  /**
   * Whether budgets that are not declared are deleted.
   *
   * @default {false}
   */
  readonly prune?: boolean | undefined;
}

/**
 * The budgets of a broker: named pools of tokens that jobs draw on. A job runs when all of its budgets have the
 * tokens that it costs.
 *
 * Each call is rejected with one of the `MillraceError` family: `RefusedError` for what is not allowed.
 */
export interface BudgetsClient {
  /** Lists all budgets, sorted by their keys. */
  list(options?: CallOptions): Promise<Budget[]>;
  /**
   * Gets one budget.
   *
   * @throws {NotFoundError} If there is no such budget.
   */
  get(key: string, options?: CallOptions): Promise<Budget>;
  /**
   * Creates a budget.
   *
   * @throws {RefusedError} If there is one of this key; its status is 409.
   */
  create(key: string, settings: BudgetRequest, options?: CallOptions): Promise<Budget>;
  /** Creates a budget, or gives the one that is there these settings. Safe to call again at every deploy. */
  put(key: string, settings: BudgetRequest, options?: CallOptions): Promise<Budget>;
  /**
   * Makes budgets what is declared, new or not, and tells what that changed. Meant to be called at each deploy. Others are
   * left alone, unless `prune` says that they are deleted.
   *
   * @param budgets The settings by the keys of the budgets.
   * @param options Bounds of the calls, of which each budget takes one, and what becomes of others.
   * @throws {RefusedError} If settings are not allowed, or an unfinished job or a cron entry draws on one that is to be
   * deleted. What was done before stays done.
   */
  sync(
    budgets: Readonly<Record<string, BudgetRequest>>,
    options?: SyncBudgetsOptions,
  ): Promise<SyncReport>;
  /**
   * Changes a budget.
   *
   * @param patch What to change; what is left out stays.
   * @throws {NotFoundError} If there is no such budget.
   */
  patch(key: string, patch: BudgetPatch, options?: CallOptions): Promise<Budget>;
  /**
   * Tells which jobs wait for a budget: how many ready jobs draw on it, by queue and type, and until when it is held. Which
   * ones they are tells `client.list({ budget: key, status: "ready" })`. Only a Millrace broker has this call.
   *
   * @param key The budget.
   * @throws {NotFoundError} If there is no such budget, or the server does not know the call.
   */
  waiting(key: string, options?: CallOptions): Promise<BudgetWaiting>;
  /**
   * Holds a budget: none of its tokens is given for a time, so that no job that draws on it begins. For a handler whom a
   * service told to wait (429, `Retry-After`). It outlives a restart of the broker; tokens that come back meanwhile are there
   * at its end. A hold that lasts longer stays, and one of 0 ends it. Only a Millrace broker knows holds.
   *
   * @param key The budget.
   * @param duration How long, in ms or as text (`"30s"`).
   * @returns The budget, with the end of the hold.
   * @throws {NotFoundError} If there is no such budget, or the server knows no holds.
   */
  hold(key: string, duration: Duration, options?: CallOptions): Promise<HeldBudget>;
  /**
   * Deletes a budget.
   *
   * @throws {NotFoundError} If there is no such budget.
   * @throws {RefusedError} If an unfinished job or a cron entry draws on it.
   */
  delete(key: string, options?: CallOptions): Promise<void>;
  /**
   * Lets a waiting job draw on a budget; if it did already, at the new cost.
   *
   * @param id The job's id.
   * @param use The budget, and what the job costs.
   * @throws {NotFoundError} If there is no such job.
   */
  bind(id: string, use: BudgetUse, options?: CallOptions): Promise<Job>;
  /**
   * Lets a waiting job no longer draw on a budget.
   *
   * @param id The job's id.
   * @param key The budget; all of them when undefined.
   * @throws {NotFoundError} If there is no such job.
   */
  unbind(id: string, key?: string, options?: CallOptions): Promise<Job>;
  /**
   * Lets all waiting jobs that fit a filter draw on a budget; those that did already, at the new cost.
   *
   * @param filter Which jobs; `{}` is all.
   * @param use The budget, and what each job costs.
   */
  bindMany(filter: JobFilter, use: BudgetUse, options?: CallOptions): Promise<RebindReport>;
  /**
   * Lets all waiting jobs that fit a filter no longer draw on a budget.
   *
   * @param filter Which jobs; `{}` is all.
   * @param key The budget; all of them when undefined.
   */
  unbindMany(filter: JobFilter, key?: string, options?: CallOptions): Promise<RebindReport>;
}

/**
 * Creates a client of the budgets of the broker at `url`, or of a broker in the same process (`fetch: broker.fetch`).
 *
 * @param options Those of `createClient`.
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { createBudgets, createClient } from "@millrace/millrace/client";
 * import { createBroker } from "@millrace/millrace/broker";
 * import { openSqlite } from "@millrace/millrace/deno";
 *
 * await using broker = createBroker({ store: openSqlite(":memory:") });
 * const budgets = createBudgets({ fetch: broker.fetch });
 * await budgets.put("stripe", {
 *   allocation: 100,
 *   strategy: { type: "time_based", duration: "1m" }, // 100 a minute
 * });
 *
 * const client = createClient({ fetch: broker.fetch });
 * await client.enqueue({ type: "charge", queue: "q", payload: 1, budgets: [{ key: "stripe" }] });
 * console.log(await client.count({ budget: "stripe" })); // 1
 * ```
 */
export function createBudgets(options: ClientOptions): BudgetsClient {
  const { call } = createTransport(toClientSettings(options));

  const at = (
    route: Route,
    params: Readonly<Record<string, string>>,
    body?: object,
  ): ClientCall => ({ route, params, body });
  const many = async (
    filter: JobFilter,
    one: ClientCall,
    options: CallOptions | undefined,
  ): Promise<RebindReport> => {
    const query = toFilterParams(filter);
    if (matchesNothing(filter)) return { changed: 0, blocked: [] };
    return await call({ ...one, query }, options, readRebindReport);
  };

  const budgets: BudgetsClient = {
    list: (options) => call(at(budgetRoutes.listBudgets, {}), options, readBudgets),
    get: (key, options) => call(at(budgetRoutes.getBudget, { key }), options, readBudget),
    create: async (key, settings, options) =>
      await call(
        at(budgetRoutes.createBudget, { key }, toBudgetSettingsWire(settings)),
        options,
        readBudget,
      ),
    put: async (key, settings, options) =>
      await call(
        at(budgetRoutes.putBudget, { key }, toBudgetSettingsWire(settings)),
        options,
        readBudget,
      ),
    patch: async (key, patch, options) =>
      await call(
        at(budgetRoutes.patchBudget, { key }, toBudgetPatchWire(patch)),
        options,
        readBudget,
      ),
    waiting: (key, options) =>
      callOwn({ call })(at(budgetRoutes.budgetWaiting, { key }), options, readWaiting),
    hold: async (key, duration, options) => {
      const body = toHoldWire(toMs(duration, "duration"));
      return await callOwn({ call })(
        at(budgetRoutes.holdBudget, { key }, body),
        options,
        readHeldBudget,
      );
    },
    delete: (key, options) => call(at(budgetRoutes.deleteBudget, { key }), options, ignoreBody),
    bind: async (id, use, options) => {
      const { key, ...body } = toBudgetUseWire(use);
      return await call(at(budgetRoutes.putBinding, { id, key }, body), options, readJob);
    },
    unbind: (id, key, options) =>
      call(
        key === undefined
          ? at(budgetRoutes.unbindAll, { id })
          : at(budgetRoutes.unbind, { id, key }),
        options,
        readJob,
      ),
    bindMany: async (filter, use, options) => {
      const { key, ...body } = toBudgetUseWire(use);
      return await many(filter, at(budgetRoutes.putBindingMany, { key }, body), options);
    },
    unbindMany: (filter, key, options) =>
      many(
        filter,
        key === undefined
          ? at(budgetRoutes.unbindAllMany, {})
          : at(budgetRoutes.unbindMany, { key }),
        options,
      ),
    async sync(declared, { prune = false, ...options } = {}) {
      const there = await budgets.list(options);
      const others = there.filter(({ key }) => !Object.hasOwn(declared, key));
      const after = new Map<string, Budget>();
      for (const [key, settings] of Object.entries(declared)) {
        after.set(key, await budgets.put(key, settings, options));
      }
      for (const budget of others) {
        if (prune) await budgets.delete(budget.key, options);
      }
      const compared = there.filter((budget) => prune || !others.includes(budget));
      const before = new Map(compared.map((budget) => [budget.key, budget]));
      return toSyncReport(before, after, ["createdAt", "updatedAt"]);
    },
  };
  return budgets;
}

/**
 * The calls on cron groups. They are apart from the client, so that a program without cron entries does not load them.
 *
 * @module
 */

import { NotFoundError } from "../errors.ts";
import {
  type CronEntry,
  type CronGroup,
  readCronEntry,
  readCronGroup,
  readCronNames,
  readNextTimes,
} from "../protocol/cron-read.ts";
import {
  type CronEntryChange,
  type CronEntrySettings,
  type CronGroupChange,
  type CronGroupSettings,
  toCronEntryBody,
  toCronEntryChangeWire,
  toCronGroupBody,
} from "../protocol/cron-request.ts";
import { type EnqueueRequest, toEnqueueWire } from "../protocol/enqueue.ts";
import { readEnqueuedJob } from "../protocol/job-read.ts";
import type { EnqueuedJob } from "../protocol/job.ts";
import { cronRoutes, enqueueRoutes } from "../protocol/routes.ts";
import { readDeleted } from "../protocol/system.ts";
import type { CallOptions } from "./deadline.ts";
import type { CronsDefinition } from "./define-crons.ts";
import { callOwn } from "./endpoint.ts";
import { createKeys } from "./idempotency-keys.ts";
import { type ClientOptions, toClientSettings } from "./options.ts";
import { type SyncReport, toSyncReport } from "./sync-report.ts";
import { createTransport, ignoreBody } from "./transport.ts";

/** Which entry of which group. */
export interface CronAddress {
  /** The name of the group. */
  readonly group: string;
  /** The name of the entry in it. */
  readonly entry: string;
}

/** How many times are told, and bounds of the call. */
export interface NextTimesOptions extends CallOptions {
  /**
   * How many, from 0 to 100.
   *
   * @default {10}
   */
  readonly count?: number | undefined;
  /**
   * Tells the times of this expression in the place of the entry's, which need not be there then: to try one before it is put.
   * Older brokers refuse it.
   *
   * @default {that of the entry}
   */
  readonly expression?: string | undefined;
  /**
   * The time zone of `expression`, as IANA names it.
   *
   * @default {that of the entry, or of its group, or of the broker's machine}
   */
  readonly timezone?: string | undefined;
}

/**
 * The cron groups of one broker: each has entries, and each entry a schedule and the job that it enqueues.
 *
 * Calls fail as those of a `Client` do. What reads, puts and patches is repeated when the network or the server
 * fails for the moment.
 */
export interface CronsClient {
  /** Lists the names of all groups, sorted. */
  list(options?: CallOptions): Promise<string[]>;
  /**
   * Deletes all groups.
   *
   * @returns How many there were.
   */
  deleteAll(options?: CallOptions): Promise<number>;

  /**
   * Gets a group, its entries sorted by name.
   *
   * @throws {NotFoundError} If there is no such group.
   */
  get(group: string, options?: CallOptions): Promise<CronGroup>;
  /**
   * Makes a group what is given, new or not. Meant to be called at each deploy: an entry whose schedule is the same
   * goes on where it was.
   *
   * @param settings What the group is to be; entries that are not in it are deleted.
   * @returns The group, its entries in the given order.
   * @throws {RefusedError} If something in it is not allowed; nothing is changed then.
   */
  put(group: string, settings: CronGroupSettings, options?: CallOptions): Promise<CronGroup>;
  /**
   * Makes a group what is declared, new or not, and tells what that changed. Meant to be called at each deploy, as `put`. Of
   * two that are made at the same time, one may be told of what the other one did.
   *
   * @param definition Made by `defineCrons`.
   * @throws {RefusedError} If something in it is not allowed; nothing is changed then.
   */
  sync(definition: CronsDefinition, options?: CallOptions): Promise<SyncReport>;
  /**
   * Enqueues the job of an entry now. Its schedule goes on as if nothing had happened, also if it is paused.
   *
   * @param address Which entry.
   * @returns The stored job, or the one that has its unique key or took it into its batch.
   * @throws {NotFoundError} If there is no such entry.
   */
  run(address: CronAddress, options?: CallOptions): Promise<EnqueuedJob>;
  /**
   * Tells at which times an entry comes round next, in the time zone of the entry or of its group, as if nothing was paused.
   * Only a Millrace broker knows this call.
   *
   * @param address Which entry.
   * @param options How many, and bounds of the call.
   * @returns The times, in ms since the epoch, the next one first; none if it never comes round again.
   * @throws {NotFoundError} If there is no such entry, or the server does not have the call.
   * @throws {RefusedError} If `expression` or `timezone` is none.
   */
  next(address: CronAddress, options?: NextTimesOptions): Promise<number[]>;
  /**
   * Pauses or resumes a group, or gives it another time zone.
   *
   * @param change What to change; what is left out stays.
   * @throws {NotFoundError} If there is no such group.
   */
  patch(group: string, change: CronGroupChange, options?: CallOptions): Promise<CronGroup>;
  /**
   * Deletes a group with its entries.
   *
   * @throws {NotFoundError} If there is no such group.
   */
  delete(group: string, options?: CallOptions): Promise<void>;

  /**
   * Gets an entry.
   *
   * @throws {NotFoundError} If there is no such entry.
   */
  getEntry(address: CronAddress, options?: CallOptions): Promise<CronEntry>;
  /**
   * Adds an entry to a group, which is made if there is none.
   *
   * @throws {RefusedError} If the group has an entry of that name.
   */
  createEntry(
    group: string,
    settings: CronEntrySettings,
    options?: CallOptions,
  ): Promise<CronEntry>;
  /** Makes an entry what is given, new or not; its group is made if there is none. */
  putEntry(group: string, settings: CronEntrySettings, options?: CallOptions): Promise<CronEntry>;
  /**
   * Changes an entry, and pauses or resumes it. Another interval shifts when it is due next by the difference. What it is
   * changed to holds for jobs to come.
   *
   * @param change What to change; what is left out stays.
   * @throws {RefusedError} If something in it is not allowed; nothing is changed then.
   * @throws {NotFoundError} If there is no such entry.
   */
  patchEntry(
    address: CronAddress,
    change: CronEntryChange,
    options?: CallOptions,
  ): Promise<CronEntry>;
  /**
   * Deletes an entry; its group stays.
   *
   * @throws {NotFoundError} If there is no such entry.
   */
  deleteEntry(address: CronAddress, options?: CallOptions): Promise<void>;
}

/**
 * Creates a client of the cron groups of the broker at `url`, or of a broker in the same process
 * (`fetch: broker.fetch`).
 *
 * It holds no connection and needs no closing.
 *
 * @param options Those of `createClient`.
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { createCrons, defineJob } from "@millrace/millrace/client";
 *
 * const report = defineJob<{ kind: string }>({ type: "report", queue: "reports" });
 * const crons = createCrons({ url: "http://127.0.0.1:7890" });
 *
 * export function deploy() {
 *   return crons.put("reports", {
 *     timezone: "Europe/Berlin",
 *     entries: [
 *       { name: "daily", expression: "0 6 * * *", job: report.toRequest({ kind: "daily" }) },
 *       { name: "monthly", expression: "0 6 L * *", job: report.toRequest({ kind: "monthly" }) },
 *     ],
 *   });
 * }
 * ```
 */
export function createCrons(options: ClientOptions): CronsClient {
  const { call, settings } = createTransport(toClientSettings(options));
  const nextKey = createKeys(settings.clock);

  const crons: CronsClient = {
    list: (options) => call({ route: cronRoutes.listCrons }, options, readCronNames),
    deleteAll: (options) => call({ route: cronRoutes.deleteCrons }, options, readDeleted),

    get: (group, options) =>
      call({ route: cronRoutes.getCronGroup, params: { group } }, options, readCronGroup),
    async put(group, settings, options) {
      const body = await toCronGroupBody(settings);
      const { putCronGroup: route } = cronRoutes;
      return await call({ route, params: { group }, body }, options, readCronGroup);
    },
    async sync({ group, ...settings }, options) {
      const before = await crons.get(group, options).catch((error) => {
        if (error instanceof NotFoundError) return { entries: [] };
        throw error;
      });
      const after = await crons.put(group, settings, options);
      return toSyncReport(byName(before), byName(after), told);
    },
    async run(at, options) {
      const { job } = await crons.getEntry(at, options);
      const body = toEnqueueWire(job as EnqueueRequest, 0);
      const { enqueue: route } = enqueueRoutes;
      return await call({ route, body, key: nextKey() }, options, readEnqueuedJob);
    },
    next(at, { count, expression, timezone, ...bounds } = {}) {
      const query = Object.entries({ count, expression, timezone }).flatMap(([name, value]) =>
        value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]
      );
      const { nextOfCronEntry: route } = cronRoutes;
      return callOwn({ call })({ route, params: { ...at }, query }, bounds, readNextTimes);
    },
    patch: (group, { paused, timezone }, options) =>
      call(
        { route: cronRoutes.patchCronGroup, params: { group }, body: { paused, timezone } },
        options,
        readCronGroup,
      ),
    delete: (group, options) =>
      call({ route: cronRoutes.deleteCronGroup, params: { group } }, options, ignoreBody),

    getEntry: (at, options) =>
      call({ route: cronRoutes.getCronEntry, params: { ...at } }, options, readCronEntry),
    async createEntry(group, settings, options) {
      const body = await toCronEntryBody(settings);
      const { createCronEntry: route } = cronRoutes;
      return await call({ route, params: { group }, body }, options, readCronEntry);
    },
    async putEntry(group, settings, options) {
      const params = { group, entry: settings.name };
      const body = await toCronEntryBody(settings);
      return await call({ route: cronRoutes.putCronEntry, params, body }, options, readCronEntry);
    },
    async patchEntry(at, change, options) {
      const body = toCronEntryChangeWire(at.entry, change);
      const { patchCronEntry: route } = cronRoutes;
      return await call({ route, params: { ...at }, body }, options, readCronEntry);
    },
    deleteEntry: (at, options) =>
      call({ route: cronRoutes.deleteCronEntry, params: { ...at } }, options, ignoreBody),
  };
  return crons;
}

/** What the broker tells of an entry, and nobody declares. */
const told = [
  "pausedAt",
  "resumedAt",
  "nextEnqueueAt",
  "lastEnqueueAt",
  "count",
  "lastJobId",
] as const satisfies readonly (keyof CronEntry)[];

function byName({ entries }: Pick<CronGroup, "entries">): ReadonlyMap<string, CronEntry> {
  return new Map(entries.map((entry) => [entry.name, entry]));
}

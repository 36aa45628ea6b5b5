/**
 * What an operator can set, with the protocol's defaults.
 *
 * @module
 */

import type { Backoff } from "../../protocol/job.ts";

/** The rules for jobs that do not bring their own, and the limits and intervals of the broker. */
export interface Settings {
  /**
   * How many retries a job without a limit of its own has: an integer of 0 or more.
   *
   * @default {25}
   */
  readonly defaultRetryLimit: number;
  /**
   * The backoff of a job that has none of its own.
   *
   * @default {{ exponent: 4, baseMs: 15000, jitterMs: 30000 }}
   */
  readonly defaultBackoff: Backoff;
  /**
   * How long a completed job is kept, in ms. 0 deletes it at once.
   *
   * @default {0}
   */
  readonly defaultCompletedRetentionMs: number;
  /**
   * How long a dead job is kept, in ms. 0 deletes it at once. The default is 7 days.
   *
   * @default {604800000}
   */
  readonly defaultDeadRetentionMs: number;
  /**
   * How many completed jobs are kept at most, over all queues: the newest ones. What is above that is deleted within
   * `reaperIntervalMs`. 0 sets no limit.
   *
   * @default {0}
   */
  readonly completedLimit: number;
  /**
   * How many jobs may be in flight at once, over all workers and all brokers of a database. 0 sets no limit.
   *
   * @default {1024}
   */
  readonly globalInFlightLimit: number;
  /**
   * How much of `globalInFlightLimit` one take stream may hold at most, in percent.
   *
   * @default {50}
   */
  readonly streamInFlightPercent: number;
  /**
   * How often a job may be delivered beyond its retries to workers that are gone before they report. Then it is dead, as
   * it may be what ends them. 0 sets no limit.
   *
   * @default {20}
   */
  readonly maxDeliveries: number;
  /**
   * How long a lease lasts, and lasts from each heartbeat of its holder, in ms, unless the holder says something else.
   *
   * @default {60000}
   */
  readonly leaseMs: number;
  /**
   * How long the holder of a lease that has ended may still renew it, or report, in ms. Then the job is another's, and an
   * attempt is counted. 0 gives no time.
   *
   * @default {10000}
   */
  readonly leaseGraceMs: number;
  /**
   * The time between two heartbeats on an idle take stream, in ms.
   *
   * @default {3000}
   */
  readonly heartbeatIntervalMs: number;
  /**
   * How long jobs past their retention may stay stored until the broker deletes them together, in ms. Nobody sees them
   * meanwhile.
   *
   * @default {30000}
   */
  readonly reaperIntervalMs: number;
  /**
   * How long the broker knows an enqueue that came with an idempotency key, in ms, so that the same call stores nothing when
   * it is repeated. The key is gone after one and a half times as long. The client repeats a call for five minutes at most,
   * so it is at least six. The default is 10 minutes.
   *
   * @default {600000}
   */
  readonly idempotencyMs: number;
  /**
   * How many budgets there may be. The broker refuses to create more.
   *
   * @default {8192}
   */
  readonly maxBudgets: number;
  /**
   * How many steps one evaluation of a filter, or of an expression of a batch, may take. One that needs more is refused.
   * The default allows some 50 to 150 ms of the slowest programs, and less of most.
   *
   * @default {500000}
   */
  readonly maxJqSteps: number;
  /**
   * How many searches may be under way: calls on jobs that no index leads to, such as those with a filter. They take turns;
   * one more is answered 503.
   *
   * @default {100}
   */
  readonly maxSearches: number;
  /**
   * How many may listen to events (`GET /events`). One more is answered 503.
   *
   * @default {2000}
   */
  readonly maxEventListeners: number;
  /**
   * The largest request body that is read, in bytes. A larger one is answered 413. Decoding a body takes memory of about
   * ten times its size, and the broker does nothing else meanwhile: for about a second for every 16 MiB, at worst for
   * every 6 MiB. The default is 64 MiB.
   *
   * @default {67108864}
   */
  readonly maxBodyBytes: number;
  /**
   * How large the payload of one job may be, in bytes, also one that a batch was folded into.
   *
   * @default {67108864} 64 MiB
   */
  readonly maxPayloadBytes: number;
  /**
   * Bytes of payloads after which a page of jobs ends. It then has fewer jobs than were asked for, at least one, and its
   * link to the next page goes on behind them. The default is 8 MiB.
   *
   * @default {8388608}
   */
  readonly maxPageBytes: number;
  /**
   * How many calls may be at work, take streams excepted. One more is answered 503 at once.
   *
   * @default {1000}
   */
  readonly maxCalls: number;
  /**
   * How many calls may be open that only wait: take streams, takes that wait for jobs, and waits for ends of jobs. One more is
   * answered 503 at once.
   *
   * @default {10000}
   */
  readonly maxWaiting: number;
  /**
   * How many bytes of request bodies all calls at work may hold together, and of answers that were not read yet; a further body,
   * or answer, is answered 503. Short ones are not counted. Reading a body takes memory of some times its size. The default is
   * 256 MiB.
   *
   * @default {268435456}
   */
  readonly maxHeldBytes: number;
  /**
   * Whether the broker keeps statistics of each queue and day: waits, runs, retries, failures.
   *
   * @default {true}
   */
  readonly statistics: boolean;
  /**
   * How many days statistics are kept, besides the day that is under way: an integer of 1 or more.
   *
   * @default {30}
   */
  readonly statsDays: number;
  /**
   * Which jobs keep a history: those that ask for it when they are enqueued, or all. Each entry is a row in the database.
   *
   * @default {"asked"}
   */
  readonly history: "asked" | "all";
  /**
   * How many entries the history of a job has at most: an integer of 2 or more. When there are more, the first and the
   * newest stay.
   *
   * @default {100}
   */
  readonly historyLimit: number;
  /**
   * How long a worker is listed after it was seen last, in ms. The default is a day.
   *
   * @default {86400000}
   */
  readonly maxWorkerAgeMs: number;
  /**
   * How many jobs, or ids, one call may bring. More are answered 413: send them in several calls.
   *
   * @default {100000}
   */
  readonly maxItemsPerCall: number;
  /**
   * Whether web pages may call the broker. If not, what a browser marks as sent by a page is answered 403.
   *
   * @default {false}
   */
  readonly allowBrowsers: boolean;
  /**
   * How long the broker waits for the next bytes of a request body, in ms. Then it answers 408.
   *
   * @default {30000}
   */
  readonly bodyTimeoutMs: number;
}

/** The protocol's defaults. */
export const defaultSettings: Settings = {
  defaultRetryLimit: 25,
  defaultBackoff: { exponent: 4, baseMs: 15_000, jitterMs: 30_000 },
  defaultCompletedRetentionMs: 0,
  defaultDeadRetentionMs: 7 * 24 * 60 * 60 * 1000,
  completedLimit: 0,
  globalInFlightLimit: 1024,
  streamInFlightPercent: 50,
  maxDeliveries: 20,
  leaseMs: 60_000,
  leaseGraceMs: 10_000,
  heartbeatIntervalMs: 3000,
  reaperIntervalMs: 30_000,
  idempotencyMs: 600_000,
  maxBudgets: 8192,
  maxJqSteps: 500_000,
  maxSearches: 100,
  maxEventListeners: 2000,
  maxBodyBytes: 64 * 1024 * 1024,
  maxPayloadBytes: 64 * 1024 * 1024,
  maxPageBytes: 8 * 1024 * 1024,
  maxCalls: 1000,
  maxWaiting: 10_000,
  maxHeldBytes: 256 * 1024 * 1024,
  statistics: true,
  statsDays: 30,
  history: "asked",
  historyLimit: 100,
  maxWorkerAgeMs: 86_400_000,
  maxItemsPerCall: 100_000,
  allowBrowsers: false,
  bodyTimeoutMs: 30_000,
};

const u32 = 2 ** 32 - 1;

/** A setting that is a whole number. */
export type NumberSetting = Exclude<
  keyof Settings,
  "defaultBackoff" | "allowBrowsers" | "statistics" | "history"
>;

/** The least and the greatest value of each whole number that can be set. */
const ranges: Readonly<Record<NumberSetting, readonly [number, number]>> = {
  defaultRetryLimit: [0, u32],
  defaultCompletedRetentionMs: [0, Number.MAX_SAFE_INTEGER],
  defaultDeadRetentionMs: [0, Number.MAX_SAFE_INTEGER],
  completedLimit: [0, u32],
  globalInFlightLimit: [0, u32],
  streamInFlightPercent: [1, 100],
  maxDeliveries: [0, u32],
  leaseMs: [1, u32],
  leaseGraceMs: [0, u32],
  heartbeatIntervalMs: [1, u32],
  reaperIntervalMs: [1, u32],
  idempotencyMs: [360_000, Number.MAX_SAFE_INTEGER],
  maxBudgets: [0, u32],
  maxJqSteps: [1, u32],
  maxSearches: [1, u32],
  maxEventListeners: [1, u32],
  maxBodyBytes: [1, Number.MAX_SAFE_INTEGER],
  maxPayloadBytes: [1, Number.MAX_SAFE_INTEGER],
  maxCalls: [1, u32],
  maxWaiting: [1, u32],
  maxHeldBytes: [1, Number.MAX_SAFE_INTEGER],
  statsDays: [1, u32],
  historyLimit: [2, u32],
  maxWorkerAgeMs: [1, Number.MAX_SAFE_INTEGER],
  maxItemsPerCall: [1, u32],
  maxPageBytes: [1, Number.MAX_SAFE_INTEGER],
  bodyTimeoutMs: [1, u32],
};

/**
 * Fills in the defaults.
 *
 * @param options What differs from the defaults; undefined stands for the default.
 * @returns All settings.
 * @throws {TypeError} If `allowBrowsers` or `statistics` is neither true nor false, or `history` no word for it.
 * @throws {RangeError} If an option is out of range. The message names the option, the value and the range.
 */
export function toSettings(
  options: { readonly [Name in keyof Settings]?: Settings[Name] | undefined },
): Settings {
  const settings = { ...defaultSettings };
  for (const [name, value] of Object.entries(options)) {
    if (name in settings && value !== undefined) Object.assign(settings, { [name]: value });
  }
  for (const name of Object.keys(ranges) as NumberSetting[]) {
    const wanted = checkRange(name, settings[name]);
    if (wanted === undefined) continue;
    throw new RangeError(`Option '${name}' is ${settings[name]}, must be ${wanted}`);
  }
  if (typeof settings.allowBrowsers !== "boolean") {
    throw new TypeError(
      `Option 'allowBrowsers' is ${settings.allowBrowsers}, must be true or false`,
    );
  }
  if (typeof settings.statistics !== "boolean") {
    throw new TypeError(`Option 'statistics' is ${settings.statistics}, must be true or false`);
  }
  if (settings.history !== "asked" && settings.history !== "all") {
    throw new TypeError(`Option 'history' is '${settings.history}', must be 'asked' or 'all'`);
  }
  const { exponent, baseMs, jitterMs } = settings.defaultBackoff;
  if (!Number.isFinite(Math.fround(exponent))) {
    throw new RangeError(`Option 'defaultBackoff.exponent' is ${exponent}, must be a 32-bit float`);
  }
  demandWhole("defaultBackoff.baseMs", baseMs, 0, u32);
  demandWhole("defaultBackoff.jitterMs", jitterMs, 0, u32);
  return settings;
}

/** Says what a setting has to be; undefined if the value is that. */
export function checkRange(name: NumberSetting, value: unknown): string | undefined {
  const [min, max] = ranges[name];
  const isWhole = typeof value === "number" && Number.isInteger(value);
  return isWhole && value >= min && value <= max ? undefined : `an integer from ${min} to ${max}`;
}

function demandWhole(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`Option '${name}' is ${value}, must be an integer from ${min} to ${max}`);
}

/**
 * What an operator can set, with the protocol's defaults.
 *
 * @module
 */

import type { Backoff } from "../../protocol/job.ts";

/** The rules that apply to jobs which do not bring their own, and the broker's own pace. */
export interface Settings {
  /** Retries of a job that has no limit of its own: an integer from 0; default 25. */
  readonly defaultRetryLimit: number;
  /** Backoff of a job that has none of its own; default exponent 4, base 15 s, jitter 30 s. */
  readonly defaultBackoff: Backoff;
  /** How long a completed job is kept, in ms; 0, the default, deletes it at once. */
  readonly defaultCompletedRetentionMs: number;
  /** How long a dead job is kept, in ms; default 7 days, 0 deletes it at once. */
  readonly defaultDeadRetentionMs: number;
  /** Jobs in flight at most, over all workers; default 1024, 0 for no limit. */
  readonly globalInFlightLimit: number;
  /** Pause between heartbeats on an idle take stream, in ms; default 3000. */
  readonly heartbeatIntervalMs: number;
  /** How long jobs past their retention may gather before they are deleted, in ms; default 30 000. */
  readonly reaperIntervalMs: number;
  /** Budgets at most; default 8192. A further one is refused. */
  readonly maxBudgets: number;
  /**
   * Steps that one evaluation of a filter, or of a batch's expression, may take; default 500,000, which is some 50 ms of
   * most programs and 200 ms of the slowest. More is refused.
   */
  readonly maxJqSteps: number;
  /**
   * The largest request body that is read, in bytes; default 64 MiB. A larger one is refused with 413. While a body
   * is read it takes some ten times its size, and nothing else is done: typically a second for each 16 MiB, at worst for each 6.
   */
  readonly maxBodyBytes: number;
  /** How long the rest of a request body may keep the broker waiting, in ms; default 30 000. Then 408. */
  readonly bodyTimeoutMs: number;
}

/** The protocol's defaults. */
export const defaultSettings: Settings = {
  defaultRetryLimit: 25,
  defaultBackoff: { exponent: 4, baseMs: 15_000, jitterMs: 30_000 },
  defaultCompletedRetentionMs: 0,
  defaultDeadRetentionMs: 7 * 24 * 60 * 60 * 1000,
  globalInFlightLimit: 1024,
  heartbeatIntervalMs: 3000,
  reaperIntervalMs: 30_000,
  maxBudgets: 8192,
  maxJqSteps: 500_000,
  maxBodyBytes: 64 * 1024 * 1024,
  bodyTimeoutMs: 30_000,
};

const u32 = 2 ** 32 - 1;

/** The least and the greatest value of each whole number that can be set. */
const ranges: Readonly<
  Record<Exclude<keyof Settings, "defaultBackoff">, readonly [number, number]>
> = {
  defaultRetryLimit: [0, u32],
  defaultCompletedRetentionMs: [0, Number.MAX_SAFE_INTEGER],
  defaultDeadRetentionMs: [0, Number.MAX_SAFE_INTEGER],
  globalInFlightLimit: [0, u32],
  heartbeatIntervalMs: [1, u32],
  reaperIntervalMs: [1, u32],
  maxBudgets: [0, u32],
  maxJqSteps: [1, u32],
  maxBodyBytes: [1, Number.MAX_SAFE_INTEGER],
  bodyTimeoutMs: [1, u32],
};

/** Fills in the defaults. Throws `RangeError` naming the option, the value given and the range. */
export function toSettings(
  options: { readonly [Name in keyof Settings]?: Settings[Name] | undefined },
): Settings {
  const settings = { ...defaultSettings };
  for (const [name, value] of Object.entries(options)) {
    if (name in settings && value !== undefined) Object.assign(settings, { [name]: value });
  }
  for (const [name, [min, max]] of Object.entries(ranges)) {
    demandWhole(name, settings[name as keyof typeof ranges], min, max);
  }
  const { exponent, baseMs, jitterMs } = settings.defaultBackoff;
  if (!Number.isFinite(Math.fround(exponent))) {
    throw new RangeError(`Option 'defaultBackoff.exponent' is ${exponent}, must be a 32-bit float`);
  }
  demandWhole("defaultBackoff.baseMs", baseMs, 0, u32);
  demandWhole("defaultBackoff.jitterMs", jitterMs, 0, u32);
  return settings;
}

function demandWhole(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`Option '${name}' is ${value}, must be an integer from ${min} to ${max}`);
}

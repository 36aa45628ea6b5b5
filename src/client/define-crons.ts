/**
 * A cron group that is declared in code, to be made so at each deploy.
 *
 * @module
 */

import type {
  CronEntrySettings,
  CronExpressionSettings,
  CronGroupSettings,
  CronIntervalSettings,
} from "../protocol/cron-request.ts";
import { checkName } from "../protocol/names.ts";

/** An entry of a declaration: what it is besides its name. */
export type DeclaredCron =
  | Omit<CronExpressionSettings, "name">
  | Omit<CronIntervalSettings, "name">;

/** What a group is declared to be. */
export interface CronsOptions extends Omit<CronGroupSettings, "entries"> {
  /** The entries by their names; all that the group shall have. */
  readonly entries: Readonly<Record<string, DeclaredCron>>;
}

/** A group that is declared: give it to `sync` of `createCrons`. */
export interface CronsDefinition extends CronGroupSettings {
  /** The name of the group. */
  readonly group: string;
}

/**
 * Declares a cron group. Nothing is sent: `createCrons(…).sync(…)` makes it so, and tells what that changed.
 *
 * @param group The name of the group.
 * @param options Its entries, and their time zone.
 * @throws {TypeError} If a name cannot be one.
 *
 * @example
 * ```ts
 * import { createCrons, defineCrons, defineJob } from "@millrace/millrace/client";
 *
 * const report = defineJob<{ kind: string }>({ type: "report", queue: "reports" });
 *
 * export const reports = defineCrons("reports", {
 *   timezone: "Europe/Berlin",
 *   entries: {
 *     daily: { expression: "0 6 * * *", job: report.toRequest({ kind: "daily" }) },
 *     pulse: { everyMs: 30_000, job: report.toRequest({ kind: "pulse" }) },
 *   },
 * });
 *
 * export async function deploy() {
 *   const { added, changed, removed } = await createCrons({ url: "http://127.0.0.1:7890" })
 *     .sync(reports);
 *   console.log({ added, changed, removed });
 * }
 * ```
 */
export function defineCrons(group: string, { entries, ...rest }: CronsOptions): CronsDefinition {
  const complaint = checkName("cron group name", group) ??
    Object.keys(entries).map((name) => checkName("cron entry name", name)).find((text) => text);
  if (complaint !== undefined) throw new TypeError(`Cannot define crons '${group}': ${complaint}`);
  return {
    ...rest,
    group,
    entries: Object.entries(entries).map(([name, entry]) =>
      ({ ...entry, name }) as CronEntrySettings
    ),
  };
}

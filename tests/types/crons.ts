/** Compiled by the gate and never run: the types of the client of cron groups. */

import {
  type CronEntry,
  type CronGroup,
  type CronJob,
  type CronsClient,
  defineJob,
} from "../../src/client/mod.ts";
import { type Equal, expectType } from "./equal.ts";

declare const crons: CronsClient;
const report = defineJob<{ kind: string }>({ type: "report", queue: "reports" });
const when = { name: "daily", expression: "@daily" };

export async function use() {
  const group = await crons.put("reports", {
    entries: [{ ...when, job: report.toRequest({ kind: "daily" }) }],
  });
  expectType<Equal<typeof group, CronGroup>>();
  const entry = await crons.putEntry("reports", {
    ...when,
    job: { type: "t", queue: "q", payload: 1 },
  });
  expectType<Equal<typeof entry, CronEntry>>();
  expectType<Equal<typeof entry.job, CronJob>>();
  expectType<Equal<typeof entry.nextEnqueueAt, number | undefined>>();

  // @ts-expect-error A payload of another type.
  await crons.putEntry("reports", { ...when, job: report.toRequest({ kind: 1 }) });
  // @ts-expect-error No payload.
  await crons.putEntry("reports", { ...when, job: { type: "t", queue: "q" } });
  // @ts-expect-error No job.
  await crons.createEntry("reports", when);
  await crons.patchEntry({ group: "reports", entry: "daily" }, { timezone: null });
  const { job } = { job: { type: "t", queue: "q", payload: 1 } };
  await crons.putEntry("reports", { name: "often", everyMs: 60_000, catchUp: true, job });
  // @ts-expect-error Either an expression or an interval.
  await crons.putEntry("reports", { ...when, everyMs: 60_000, job });
  // @ts-expect-error No schedule.
  await crons.putEntry("reports", { name: "never", job });
  // @ts-expect-error Only an interval has a start.
  await crons.putEntry("reports", { ...when, startAt: 0, job });
}

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
  // @ts-expect-error An entry has no time zone of its own to be taken away.
  await crons.patchEntry({ group: "reports", entry: "daily" }, { timezone: null });
}

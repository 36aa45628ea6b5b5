/** Compiled by the gate and never run: the types that flow from a definition. */

import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import {
  type Client,
  defineJob,
  type Duration,
  type EnqueuedJob,
  isJobOf,
  isMillraceError,
  type Job,
  type JobDefinition,
  type JobPage,
  type TypedJob,
  type WaitingJob,
} from "../../src/client/mod.ts";
import { type Equal, expectType } from "./equal.ts";

declare const client: Client;
const names = { type: "t", queue: "q" };

// The input is what is enqueued, the output what the handler gets; in all libraries alike.
const valibot = defineJob({
  ...names,
  payload: v.object({ day: v.pipe(v.string(), v.transform((text) => new Date(text))) }),
});
expectType<Equal<typeof valibot, JobDefinition<{ day: string }, { day: Date }>>>();

const zod = defineJob({
  ...names,
  payload: z.object({ day: z.string().transform((text) => new Date(text)) }),
});
expectType<Equal<typeof zod, JobDefinition<{ day: string }, { day: Date }>>>();

const arktype = defineJob({
  ...names,
  payload: type({ day: type("string").pipe((text) => new Date(text)) }),
});
expectType<Equal<typeof arktype, JobDefinition<{ day: string }, { day: Date }>>>();

// A default makes a member optional for who enqueues, not for who handles.
const withDefault = defineJob({
  ...names,
  payload: v.object({ size: v.optional(v.number(), 3) }),
});
expectType<
  Equal<typeof withDefault, JobDefinition<{ size?: number | undefined }, { size: number }>>
>();

// Without a schema the type is the programmer's word.
expectType<Equal<ReturnType<typeof defineJob>, JobDefinition<unknown, unknown>>>();
const promised = defineJob<{ file: string }>(names);
expectType<Equal<typeof promised, JobDefinition<{ file: string }, { file: string }>>>();

// Keys are made of what is enqueued, before the schema has made something of it.
export const unique = defineJob({
  ...names,
  payload: v.object({ day: v.pipe(v.string(), v.transform((text) => new Date(text))) }),
  uniqueKey: ({ day }) => {
    expectType<Equal<typeof day, string>>();
    return day;
  },
  batch: { key: ({ day }) => day.trim(), when: "true", fold: "$new" },
});
expectType<Equal<typeof unique, JobDefinition<{ day: string }, { day: Date }>>>();
// @ts-expect-error There is no such member.
defineJob<{ file: string }>({ ...names, uniqueKey: ({ name }) => name });

export async function enqueueChecksPayloads(): Promise<void> {
  const job = await client.enqueue(valibot, { day: "2030-01-01" }, { delay: "10m", timeoutMs: 5 });
  expectType<Equal<typeof job, EnqueuedJob>>();
  const jobs = await client.enqueueMany(zod, [{ day: "2030-01-01" }], { priority: 1 });
  expectType<Equal<typeof jobs, EnqueuedJob[]>>();

  // @ts-expect-error The output is not the input.
  await client.enqueue(valibot, { day: new Date() });
  // @ts-expect-error A member is missing.
  await client.enqueue(arktype, {});
  // @ts-expect-error A payload is not a list of payloads.
  await client.enqueueMany(zod, { day: "2030-01-01" });
  // @ts-expect-error There is no such setting.
  await client.enqueue(promised, { file: "a" }, { prio: 1 });
  // @ts-expect-error A request by hand says its queue.
  await client.enqueue({ type: "t", payload: 1 });

  await client.enqueue({ type: "t", queue: "q", payload: 1 }, { timeoutMs: 5 });
  await client.enqueueMany([{ type: "t", queue: "q", payload: 1, readyAt: undefined }]);
}

const pick = defineJob({ ...names, payload: v.object({ kind: v.picklist(["a", "b"]) }) });
const tick = defineJob<void>(names);
const free = defineJob(names);

export async function typesComeFromTheDefinitionAlone(): Promise<void> {
  await client.enqueue(pick, { kind: "a" });
  // @ts-expect-error A payload does not widen what the definition says.
  await client.enqueue(pick, { kind: "c" });
  // @ts-expect-error One of many does not fit.
  await client.enqueueMany(promised, [{ file: "x" }, { file: 3 }]);
  // @ts-expect-error Nor do settings.
  await client.enqueue(promised, { file: "a" }, { priority: "high" });
  // @ts-expect-error It has a payload.
  await client.enqueue(promised);

  await client.enqueue(tick);
  await client.enqueue(tick, undefined, { delay: "1m" });
  // @ts-expect-error It has no payload.
  await client.enqueue(tick, 5);
  // What has no type may be anything, and nothing.
  await client.enqueue(free);
  await client.enqueue(free, 5);

  // @ts-expect-error A definition of a narrower payload is no definition of a wider one.
  const wide: JobDefinition<{ kind: string }> = pick;
  const narrow: JobDefinition<{ kind: "a" }, { kind: "a" | "b" }> = pick;
  return void [wide, narrow];
}

export async function listingsAreTyped(): Promise<void> {
  for await (const job of client.list({ status: ["ready"], limit: 10 })) {
    expectType<Equal<typeof job, Job>>();
    expectType<Equal<typeof job.payload, unknown>>();
  }
  for await (const page of client.list().pages()) expectType<Equal<typeof page, JobPage>>();

  // @ts-expect-error There is no such status.
  client.list({ status: "running" });
  // @ts-expect-error A job that was enqueued has no payload in the answer.
  const payload: string = (await client.enqueue(promised, { file: "a" })).payload;
  return void payload;
}

export async function jobsOfADefinitionAreTyped(): Promise<void> {
  for await (const job of client.list(promised, { status: "dead" }, { timeoutMs: 5 })) {
    expectType<Equal<typeof job.payload, { file: string }>>();
    if (job.status === "dead") expectType<Equal<typeof job.failedAt, number>>();
  }
  const page = await client.page(zod, { limit: 5 });
  expectType<Equal<typeof page, JobPage<TypedJob<{ day: string }>>>>();
  const next = await page.next();
  expectType<Equal<typeof next, JobPage<TypedJob<{ day: string }>> | undefined>>();
  const got = await client.get(promised, "id");
  expectType<Equal<typeof got.payload, { file: string }>>();
  const plain: Job = await client.get("id", { timeoutMs: 5 });
  if (isJobOf(promised, plain)) expectType<Equal<typeof plain.payload, { file: string }>>();
  const count = await client.count(promised, { status: "dead" });
  expectType<Equal<typeof count, number>>();
  const pages: JobPage = await client.page({ status: "dead" }, { timeoutMs: 5 });
  expectType<Equal<typeof pages, JobPage>>();

  // @ts-expect-error The definition says the type.
  client.list(promised, { type: "other" });
  // @ts-expect-error Which job?
  await client.get(promised);
  // @ts-expect-error A query without a definition is the first argument.
  client.list({ status: "dead" }, { limit: 5 });
}

export function aStatusTellsWhatAJobHas(job: Job): number {
  expectType<Equal<typeof job.completedAt, number | undefined>>();
  switch (job.status) {
    case "completed":
      return job.completedAt + job.purgeAt;
    case "in_flight":
      return job.dequeuedAt;
    case "dead":
      return job.failedAt;
    default:
      expectType<Equal<typeof job, WaitingJob>>();
      expectType<Equal<typeof job.completedAt, undefined>>();
      return job.readyAt;
  }
}

export function errorsNarrowByCode(caught: unknown): unknown {
  if (isMillraceError(caught, "not_found")) return caught.status satisfies number;
  if (!isMillraceError(caught)) return;
  switch (caught.code) {
    case "partial":
      return caught.enqueued.length;
    case "refused":
    case "server":
      return caught.status;
    case "payload":
      // @ts-expect-error It is no answer of a server.
      return caught.status;
    default:
      return caught.retryable;
  }
}

export const durations: Duration[] = [5, "5s", "1.5h", "250ms", "7d"];
// @ts-expect-error No unit.
durations.push("5");
// @ts-expect-error No such unit.
durations.push("5 minutes");

/** Compiled by the gate and never run: definitions in groups, jobs for later, settings of payloads, older shapes. */

import * as v from "valibot";
import {
  batchBy,
  type Client,
  defineJob,
  defineJobs,
  enqueueAll,
  exponential,
  type JobDefinition,
  liftFrom,
  type PreparedJob,
  uniqueBy,
} from "../../src/client/mod.ts";
import { cancel, createRouter, createWorker, handle, handleAll } from "../../src/worker/mod.ts";
import { type Equal, expectType } from "./equal.ts";

declare const client: Client;

// Each has the types of its schema, or of the definition that it is.
const jobs = defineJobs({
  mail: {
    payload: v.object({ to: v.string() }),
    priority: ({ to }, { type }) => {
      expectType<Equal<typeof to, string>>();
      return type.length;
    },
  },
  resize: { payload: v.object({ width: v.pipe(v.string(), v.transform(Number)) }), queue: "b" },
  free: {},
  made: defineJob<{ a: 1 }>({ type: "made", queue: "q" }),
  tick: defineJob<void>({ type: "tick", queue: "q" }),
}, { queue: "q" });
expectType<Equal<typeof jobs.mail, JobDefinition<{ to: string }, { to: string }>>>();
expectType<Equal<typeof jobs.resize, JobDefinition<{ width: string }, { width: number }>>>();
expectType<Equal<typeof jobs.free, JobDefinition<unknown, unknown>>>();
expectType<Equal<typeof jobs.made, JobDefinition<{ a: 1 }, { a: 1 }>>>();
expectType<Equal<typeof jobs.tick, JobDefinition<void, void>>>();
// @ts-expect-error There is no such definition.
jobs.male;
// @ts-expect-error A Date does not survive JSON.
defineJobs({ late: { payload: v.object({ at: v.date() }) } }, { queue: "q" });
// @ts-expect-error There is no such setting.
defineJobs({ late: { prio: 1 } }, { queue: "q" });

// A handler for each name, and each gets what the schema makes of a payload.
handleAll(jobs, {
  mail: ({ to }, { log }) => {
    expectType<Equal<typeof to, string>>();
    log.info(to);
  },
  resize: async ({ width }) => {
    expectType<Equal<typeof width, number>>();
    await Promise.resolve();
  },
  free: handle(jobs.free, () => {}),
  made: ({ a }) => expectType<Equal<typeof a, 1>>(),
  tick: () => {},
});
// @ts-expect-error One is missing.
handleAll(jobs, { mail() {}, resize() {}, free() {}, made() {} });
// @ts-expect-error One is too many.
handleAll(jobs, { mail() {}, resize() {}, free() {}, made() {}, tick() {}, more() {} });
// @ts-expect-error It has no such member.
handleAll({ mail: jobs.mail }, { mail: ({ from }) => from });

// What a definition says of its results holds for its handler.
const counted = defineJobs({ count: { payload: v.string(), result: v.number() } }, { queue: "q" });
expectType<Equal<typeof counted.count, JobDefinition<string, string, number>>>();
handleAll(counted, { count: (text) => text.length });
handleAll(counted, { count: async () => cancel(await Promise.resolve("no")) });
// @ts-expect-error It comes to a number.
handleAll(counted, { count: (text) => text });

const router = createRouter({ count: 0 });
router.handle(jobs.mail, ({ to }, { attempt }, state) => {
  expectType<Equal<typeof state, { count: number }>>();
  expectType<Equal<[typeof to, typeof attempt], [string, number]>>();
});
router.handleAll({ mail: jobs.mail }, { mail: ({ to }, _, { count }) => void [to, count] });
// @ts-expect-error A handler with state is checked as any other.
router.handle(jobs.mail, () => new Date());

// Jobs for later know their payloads.
export async function mixed(): Promise<void> {
  const one = jobs.mail.of({ to: "ada" }, { priority: 1 });
  expectType<Equal<typeof one, PreparedJob>>();
  await client.enqueueMany([one, jobs.tick.of(), { type: "t", queue: "q", payload: 1 }]);
  await client.enqueue(one, { timeoutMs: 5 });
  await enqueueAll(client, [one, jobs.resize.of({ width: "1" })]);
  // @ts-expect-error The payload is another one.
  jobs.mail.of({ to: 5 });
  // @ts-expect-error It has a payload.
  jobs.mail.of();
  // @ts-expect-error There is no such setting.
  jobs.mail.of({ to: "ada" }, { prio: 1 });
  // @ts-expect-error A job that is put together has its payload already.
  await client.enqueue(one, { to: "bob" });
  // @ts-expect-error A definition is no job.
  await client.enqueueMany([jobs.mail]);
}

// Functions of the payload see what is enqueued, and give what the setting is.
const names = { type: "t", queue: "q" };
defineJob<{ user: number; items: string[] }>({
  ...names,
  priority: ({ user }) => user,
  delay: ({ user }) => user > 1 ? "1m" : undefined,
  budgets: ({ user }) => [{ key: `user:${user}` }],
  backoff: exponential("10s", { max: "1h" }),
  timeout: ({ items }) => items.length * 1000,
  retention: { completed: "1h", dead: "30d" },
  uniqueKey: uniqueBy({ only: ["user"] }),
  batch: batchBy({ path: "items", limit: 10, key: ["user"] }),
  request: (request, { user }) => ({ ...request, tags: [`user:${user}`] }),
});
// @ts-expect-error It gives no number.
defineJob<{ user: string }>({ ...names, priority: ({ user }) => user });
// @ts-expect-error The payload has no such member.
defineJob<{ user: string }>({ ...names, tags: ({ name }) => [name] });
// @ts-expect-error A duration has a unit.
defineJob<{ user: string }>({ ...names, retention: { completed: "1 week" } });

// What older shapes are lifted to is what is enqueued today.
const payload = v.object({ to: v.array(v.string()) });
defineJob({
  ...names,
  payload,
  older: [
    liftFrom(v.object({ to: v.pipe(v.string(), v.transform(Number)) }), ({ to }) => {
      expectType<Equal<typeof to, number>>();
      return { to: [`${to}`] };
    }),
  ],
  unfit: "dead",
});
// @ts-expect-error It is lifted to something else.
defineJob({ ...names, payload, older: [liftFrom(v.string(), (to) => ({ to }))] });

createWorker({ client, fallback: ({ type }, { log }) => log.info(type), queues: ["q"] });
// @ts-expect-error A fallback gets a job.
createWorker({ client, fallback: "x", queues: ["q"] });

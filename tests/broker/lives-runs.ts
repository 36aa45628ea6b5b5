/**
 * Jobs are taken, and runs end: one step each, on the broker and on the model.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Answer } from "../support/send.ts";
import { add, toBody } from "./lives-arrivals.ts";
import type { IdWish } from "./lives-model.ts";
import { type Begun, leaseTimes, type LivesWorld, queues, type Waiting } from "./lives-world.ts";

const workers = ["w1", "w2", undefined];

/** Somebody takes what is there. */
export async function take(world: LivesWorld): Promise<string> {
  const [some, worker] = [world.someQueues(), world.random.pick(workers)];
  const [count, ms] = [1 + world.random.int(3), world.random.pick(leaseTimes)];
  const expected = world.model.takeable(some, count);
  const { status, body } = await world.call("POST", "/jobs/take", {
    queues: some,
    count,
    lease_ms: ms,
    worker,
  });
  assert.equal(status, 200, JSON.stringify(body));
  const ids = body.jobs.map(({ id }: { id: string }) => id);
  assert.deepEqual(ids, expected.map(({ id }) => id), `take ${count} from ${some}`);
  for (const [at, job] of expected.entries()) world.began(job, body.jobs[at], { worker, ms });
  return `${worker} ${ms} from ${some}: ${ids}`;
}

/** Somebody waits for a job. */
export async function takeLater(world: LivesWorld): Promise<string> {
  if (world.waiting !== undefined) return "already";
  const [some, worker] = [world.someQueues(), world.random.pick(workers)];
  const [ms, waitMs] = [world.random.pick(leaseTimes), 20_000];
  const until = world.model.now + waitMs;
  const waiting: Waiting = { queues: some, worker, ms, until };
  const body = { queues: some, worker, lease_ms: ms, wait_ms: waitMs };
  void world.call("POST", "/jobs/take", body).then((answer) => void (waiting.answer = answer));
  world.waiting = waiting;
  await world.host.clock.settle();
  return `${worker} ${ms} from ${some}`;
}

/** A stream that takes one job, and then no more. */
export async function open(world: LivesWorld): Promise<string> {
  const [expected] = world.model.takeable(undefined, 1);
  if (expected === undefined || world.streams.size > 2) return "nothing";
  const run = `run-${String(world.nextPayload()).padStart(8, "0")}`;
  const stream = await world.host.connect(run);
  const [got] = stream.jobs;
  assert.equal(got?.id, expected.id);
  world.model.take(expected, run);
  world.streams.set(run, stream);
  const said = { ids: [got!.id], deliveries: [got!.delivery], taking: false };
  assert.equal((await world.call("PUT", `/workers/${run}`, said)).status, 200);
  return `${run}: ${expected.id}`;
}

/** A stream ends. */
export async function leave(world: LivesWorld): Promise<string> {
  const [run, stream] = world.pick([...world.streams]) ?? [];
  if (stream === undefined) return "nobody";
  world.streams.delete(run!);
  await stream.close();
  for (const job of world.model.all("in_flight")) {
    if (job.stream === run) world.model.handBack(job);
  }
  return run!;
}

/** A run ends, or goes on; or somebody says so who has lost it, or never had it. */
export async function report(world: LivesWorld): Promise<string> {
  const run = world.aRun();
  const before = JSON.stringify(run);
  const reports = [success, success, finish, failure, failure, failure, release, heartbeat];
  const report = world.random.pick(reports);
  return `${report.name} ${before}: ${await report(world, run)}`;
}

/** Whether a report was taken, as it should have been. */
function isTaken(
  world: LivesWorld,
  { id, ...shown }: Begun,
  { status, body }: Answer,
  good: number,
): boolean {
  const refusal = world.model.refusal(id, shown);
  // That of the same delivery may be answered as the first one was.
  if (refusal !== undefined && shown.delivery !== undefined && status === good) return false;
  assert.equal(status, refusal ?? good, JSON.stringify(body));
  return refusal === undefined;
}

async function success(world: LivesWorld, run: Begun): Promise<string> {
  const { id, token, worker, delivery } = run;
  const job = world.model.jobs.get(id)!;
  const query = new URLSearchParams({
    ...token !== undefined && { lease_token: token },
    ...delivery !== undefined && { delivery: `${delivery}` },
  });
  const next = world.maybe(3, () => ({
    queue: world.random.pick(queues),
    ...world.maybe(3, () => ({ delay_ms: world.random.int(3) * 500 })),
  }));
  const payload = world.maybe(5, () => world.nextPayload());
  const isPlain = next === undefined && payload === undefined;
  const path = `/jobs/${id}/success${query.size > 0 ? `?${query}` : ""}`;
  const answer = await world.call("POST", path, isPlain ? undefined : { next, payload }, worker);
  const good = next === undefined ? 204 : 200;
  if (!isTaken(world, run, answer, good)) return "refused";
  if (next === undefined || job.unwanted === null) job.payload = payload ?? job.payload;
  if (next === undefined) world.model.succeed(job);
  // It would run again, and what came of this run is not kept.
  else if (job.unwanted !== null) {
    world.model.die(job);
    return `${JSON.stringify({ next, payload })}, and it dies`;
  } else {
    job.queue = next.queue;
    world.model.beginAnew(job, next.delay_ms ?? 0);
  }
  return JSON.stringify({ next, payload });
}

/** A success with jobs that follow, which may wait for the one that ends, and for others. */
async function finish(world: LivesWorld, run: Begun): Promise<string> {
  const { model, random } = world;
  const { id, token, worker, delivery } = run;
  const job = model.jobs.get(id)!;
  const drafts = Array.from({ length: random.int(3) }, () => ({
    sketch: world.sketch(),
    wishes: world.toWishes([
      ...random.once(2) ? [id] : [],
      ...random.once(3) ? world.someIds(6).slice(-2).filter((other) => other !== id) : [],
    ]),
  }));
  const isOpen = ({ id: other, onDead }: IdWish) =>
    other === id ? false : model.toLink(other, onDead);
  const links = drafts.map(({ wishes }) => wishes.map(isOpen));
  const query = new URLSearchParams({
    ...token !== undefined && { lease_token: token },
    ...delivery !== undefined && { delivery: `${delivery}` },
  });
  const enqueue = drafts.map(({ sketch, wishes }) => toBody(sketch, wishes));
  const answer = await world.call("POST", `/jobs/${id}/success?${query}`, { enqueue }, worker);
  const { id: _, ...shown } = run;
  const mayBeTaken = model.refusal(id, shown) === undefined;
  const isBad = mayBeTaken && links.flat().includes("refused");
  if (!isTaken(world, run, answer, isBad ? 422 : 200) || isBad) return "refused";
  model.succeed(job);
  for (const [at, { sketch, wishes }] of drafts.entries()) {
    const open = wishes.filter((_, index) => links[at]![index]);
    add(
      world,
      answer.body.jobs[at].id,
      sketch,
      new Map(open.map((wish) => [wish.id, wish.onDead])),
    );
  }
  return `${answer.body.jobs.map(({ id }: { id: string }) => id)} ${JSON.stringify(drafts)}`;
}

async function failure(world: LivesWorld, run: Begun): Promise<string> {
  const { id, token, worker, delivery } = run;
  const job = world.model.jobs.get(id)!;
  const kill = world.random.once(4);
  const delayMs = world.maybe(3, () => world.random.int(3) * 500);
  const enforceLimit = world.random.once(2);
  const payload = world.maybe(5, () => world.nextPayload());
  const how = { kill, delay_ms: delayMs, enforce_limit: enforceLimit, payload };
  const body = { message: "m", lease_token: token, delivery, ...how };
  const answer = await world.call("POST", `/jobs/${id}/failure`, body, worker);
  if (!isTaken(world, run, answer, 200)) return "refused";
  job.payload = payload ?? job.payload;
  world.model.fail(job, { kill, enforceLimit, ...delayMs !== undefined && { delayMs } });
  return JSON.stringify(how);
}

async function release(world: LivesWorld, run: Begun): Promise<string> {
  const { id, token, worker, delivery } = run;
  const job = world.model.jobs.get(id)!;
  const delayMs = world.maybe(2, () => world.random.int(3) * 500);
  const body = { lease_token: token, delivery, delay_ms: delayMs };
  const answer = await world.call("POST", `/jobs/${id}/release`, body, worker);
  if (!isTaken(world, run, answer, 200)) return "refused";
  world.model.handBack(job, delayMs);
  return `${delayMs}`;
}

async function heartbeat(world: LivesWorld, run: Begun): Promise<string> {
  const { id, token, worker, delivery } = run;
  const job = world.model.jobs.get(id);
  const ms = world.maybe(3, () => world.random.pick(leaseTimes));
  const payload = world.maybe(5, () => world.nextPayload());
  const body = { lease_token: token, delivery, lease_ms: ms, payload };
  const answer = await world.call("POST", `/jobs/${id}/heartbeat`, body, worker);
  const isGood = world.model.refusal(id, run) === undefined && job!.lease !== null;
  assert.equal(answer.status, job === undefined ? 404 : isGood ? 200 : 409, answer.body.error);
  if (!isGood) return "refused";
  world.renew(job!, ms);
  job!.payload = payload ?? job!.payload;
  return `${ms}`;
}

/** The same of several. */
export async function reportMany(world: LivesWorld): Promise<string> {
  const runs = [world.aRun(), world.aRun(), world.aRun(), world.aRun()]
    .filter(({ id }, at, all) => all.findIndex((other) => other.id === id) === at);
  const kind = world.random.pick(["success", "release", "heartbeat"]);
  const { status, body } = await world.call("POST", `/jobs/${kind}`, {
    ids: runs.map(({ id }) => id),
    lease_tokens: runs.map(({ token }) => token ?? null),
  });
  const isRefused = ({ id, token }: Begun) =>
    world.model.refusal(id, { token }) !== undefined ||
    (kind === "heartbeat" && world.model.jobs.get(id)!.lease === null);
  const refused = runs.filter(isRefused).map(({ id }) => id);
  const good = runs.filter((run) => !isRefused(run)).map(({ id }) => world.model.jobs.get(id)!);
  assert.equal(status, refused.length > 0 ? 422 : kind === "heartbeat" ? 200 : 204);
  if (refused.length > 0) {
    const told = [...body.not_found, ...(body.refused ?? []).map(({ id }: Begun) => id)];
    assert.deepEqual([...new Set(told)].sort(), refused.sort());
  }
  for (const job of good) {
    if (kind === "success") world.model.succeed(job);
    else if (kind === "release") world.model.handBack(job);
    else world.renew(job, undefined);
  }
  return `${kind} ${good.map(({ id }) => id)}, not ${refused}`;
}

/** A job is taken from whoever has it. */
export async function timeOut(world: LivesWorld): Promise<string> {
  const { id } = world.aRun();
  const job = world.model.jobs.get(id);
  const { status } = await world.call("POST", `/jobs/${id}/timeout`);
  assert.equal(status, job === undefined ? 404 : job.status === "in_flight" ? 200 : 409);
  if (status === 200) world.model.handBack(job!);
  return `${id} ${status}`;
}

/** The same of two, or of none. */
export async function timeOutMany(world: LivesWorld): Promise<string> {
  const ids = [...new Set([world.aRun().id, world.aRun().id])];
  const jobs = ids.map((id) => world.model.jobs.get(id));
  const { status } = await world.call("POST", "/jobs/timeout", { ids });
  assert.equal(status, jobs.every((job) => job?.status === "in_flight") ? 200 : 422);
  if (status === 200) { for (const job of jobs) world.model.handBack(job!); }
  return `${ids} ${status}`;
}

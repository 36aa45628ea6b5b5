/**
 * The calls on leases (docs/protocol.md, sections 6.14 to 6.17).
 *
 * @module
 */

import { type LeaseRefusal, type RefusedRun, toMissedWire } from "../../protocol/ack.ts";
import { checkTakeMany } from "../../protocol/lease-request.ts";
import { type RenewedLease, toLeasesWire, toTimedOutWire } from "../../protocol/lease-read.ts";
import { checkLeaseMs } from "../../protocol/limits.ts";
import { metadataView } from "../../protocol/record-json.ts";
import {
  readHeartbeat,
  readHeartbeatList,
  readRunList,
  readTakeMany,
} from "../../protocol/request-body.ts";
import { answerLater } from "./answer-later.ts";
import { answerJob, answerJobs, answerValue } from "./answer.ts";
import type { Endpoint } from "./call.ts";
import { noSuchJob } from "./jobs.ts";
import { readMessage } from "./message.ts";
import { Refusal, refuseLease } from "./refusal.ts";
import { readRuns, toRun } from "./runs.ts";
import { readWorkerId, toWorkerId } from "./worker-id.ts";

/** `POST /jobs/take` */
export const takeMany: Endpoint = async (call) => {
  const { request, engine, format, load } = call;
  const asked = await readMessage(call, readTakeMany);
  const problem = checkTakeMany(asked);
  if (problem !== undefined) throw new Refusal(422, problem);
  const { queues, worker, ...rest } = asked;
  call.reach.demandQueues(queues);
  const take = (signal: AbortSignal) =>
    engine.leases.take({
      ...rest,
      queues: queues && [...new Set(queues)],
      worker: readWorkerId(request.headers) ?? toWorkerId(worker),
      signal,
    });
  if (rest.waitMs === 0) return answerJobs(format, await take(request.signal));
  // It is no work while nothing happens.
  const answer = async (signal: AbortSignal) => answerJobs(format, await take(signal));
  return answerLater(call, load.wait(), answer);
};

/** `POST /jobs/{id}/heartbeat` */
export const heartbeat: Endpoint = async (call) => {
  const { leaseMs, payload, progress, ...whose } = await readMessage(call, readHeartbeat, "single");
  demandLeaseMs(leaseMs);
  const run = toRun(call, whose);
  const renewed = await call.engine.leases.heartbeat(run, { payload, progress }, leaseMs);
  if (typeof renewed === "string") throw toRefusal(run.id, renewed);
  return answerJob(call.format, renewed, metadataView);
};

/** `POST /jobs/heartbeat` */
export const heartbeatMany: Endpoint = async (call) => {
  const { runs, rest: { leaseMs } } = await readRuns(call, readHeartbeatList);
  demandLeaseMs(leaseMs);
  const outcomes = await call.engine.leases.heartbeatMany(runs, leaseMs);
  const jobs: RenewedLease[] = [];
  const notFound: string[] = [];
  const refused: RefusedRun[] = [];
  for (const outcome of outcomes) {
    if (!("refused" in outcome)) jobs.push(outcome);
    else if (outcome.refused === "missing") notFound.push(outcome.id);
    else refused.push({ id: outcome.id, reason: outcome.refused });
  }
  const status = jobs.length === outcomes.length ? 200 : 422;
  return answerValue(call.format, status, toLeasesWire({ jobs, notFound, refused }));
};

/** `POST /jobs/{id}/timeout` */
export const timeout: Endpoint = async ({ engine, params, format }) => {
  const [id] = params as [string];
  const evicted = await engine.leases.timeOut([id]);
  if ("missing" in evicted) throw toRefusal(id, evicted.refused[0]?.reason ?? "missing");
  return answerJob(format, evicted[0]!, metadataView);
};

/** `POST /jobs/timeout`: all or none. */
export const timeoutMany: Endpoint = async (call) => {
  const { runs } = await readRuns(call, readRunList);
  const evicted = await call.engine.leases.timeOut(runs.map(({ id }) => id));
  if (!("missing" in evicted)) {
    return answerValue(call.format, 200, toTimedOutWire(evicted.length));
  }
  const { missing, refused } = evicted;
  return answerValue(call.format, 422, toMissedWire({ notFound: missing, refused }));
};

function demandLeaseMs(leaseMs: number | undefined): void {
  const problem = checkLeaseMs(leaseMs);
  if (problem !== undefined) throw new Refusal(422, problem);
}

function toRefusal(id: string, reason: LeaseRefusal | "missing"): Refusal {
  return reason === "missing" ? new Refusal(404, noSuchJob) : refuseLease(id, reason);
}

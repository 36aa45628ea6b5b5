/**
 * The calls with which a worker ends a run: success, failure, and giving the job back.
 *
 * @module
 */

import { type JobRun, toMissedWire } from "../../protocol/ack.ts";
import { checkFailureGroup } from "../../protocol/failure-group.ts";
import { toInstant } from "../../protocol/integer.ts";
import { bodyFormat } from "../../protocol/negotiate.ts";
import { checkSuccess, type SuccessRequest } from "../../protocol/movement-request.ts";
import { readReportQuery } from "../../protocol/query.ts";
import type { NewJob } from "../../protocol/new-job.ts";
import type { RawPayload } from "../../protocol/record.ts";
import { metadataView } from "../../protocol/record-json.ts";
import type { ReleaseTime } from "../../protocol/release.ts";
import {
  type BodyBytes,
  readFailure,
  readRelease,
  readReleaseList,
  readRunList,
  readSuccess,
} from "../../protocol/request-body.ts";
import { isRejection, type Rejection } from "../../protocol/rejection.ts";
import { statusNames } from "../../protocol/status.ts";
import type { EndedRun, MissedReport } from "../../store/finish.ts";
import { isStale, refusalOf, resultOf } from "../engine/reports.ts";
import { answerEnqueuedMany, answerJob, answerNothing, answerValue } from "./answer.ts";
import type { Endpoint, EndpointCall } from "./call.ts";
import { readBody } from "./body.ts";
import { demandFormat, readMessage, toMessage } from "./message.ts";
import { Refusal, refuseLease, toRefusal as refusalFor } from "./refusal.ts";
import { readRuns, toRun } from "./runs.ts";

const notInFlight = "job not found in in-flight set";

/** `POST /jobs/{id}/success`: most have no body. */
export const success: Endpoint = async (call) => {
  const { engine, query, format } = call;
  const bytes = isMessage(call.request) ? await readBody(call) : noBytes;
  const asked = query === "" ? noQuery : readReportQuery(query);
  if (bytes.length === 0) {
    const [missed] = await engine.reports.complete([toRun(call, asked)]);
    if (missed !== undefined) throw toRefusal(missed);
    return answerNothing(204);
  }
  const request = await toSuccess(call, bytes);
  const { delivery = asked.delivery, token = asked.token, payload, next, result } = request;
  if (next !== undefined) {
    await call.reach.demandChange({ ...next, dependsOn: next.dependsOn?.ids });
  }
  const run = { ...toRun(call, { delivery, token }), result };
  if (request.enqueue !== undefined) {
    return await enqueueBeside(call, run, { payload, jobs: request.enqueue });
  }
  const outcome = await engine.reports.succeed(run, { payload, next });
  if (isRejection(outcome)) throw refusalFor(outcome);
  if ("missed" in outcome) throw toRefusal(outcome.missed);
  return next === undefined ? answerNothing(204) : answerJob(format, outcome.job, metadataView);
};

/** Stores the jobs that come with a success. */
async function enqueueBeside(
  call: EndpointCall,
  run: JobRun,
  { payload, jobs }: { readonly payload: RawPayload | undefined; readonly jobs: readonly NewJob[] },
): Promise<Response> {
  const { engine, reach, settings } = call;
  const mostJobs = Math.min(settings.maxItemsPerCall, mostBeside);
  if (jobs.length > mostJobs) {
    throw new Refusal(
      413,
      `enqueue has ${jobs.length} jobs, at most ${mostJobs} go with a success`,
    );
  }
  reach.demandScope("enqueue");
  await reach.demandNew(jobs);
  const outcome = await engine.reports.succeedAndEnqueue(run, { payload, jobs }, reach.covers);
  if (isRejection(outcome)) throw refusalBeside(outcome);
  if ("missed" in outcome) throw toRefusal(outcome.missed);
  return answerEnqueuedMany(call.format, outcome.stored, 200);
}

/** So many jobs go with one success at most: they are written in one piece. */
const mostBeside = 1000;

function refusalBeside(rejection: Rejection): Refusal {
  const { index } = rejection;
  const message = index === undefined
    ? rejection.message
    : `enqueue[${index}]: ${rejection.message}`;
  // 409 and 404 say that the run is over.
  return refusalFor({ ...rejection, message }, { conflict: 422, missing: 422 });
}

const noQuery = { delivery: undefined, token: undefined };
const noBytes: BodyBytes = new Uint8Array();

/** Other servers of the protocol do not look at a body here: one that does not say what it is stays unread. */
function isMessage({ headers }: Request): boolean {
  const type = headers.get("content-type");
  return type !== null && bodyFormat(type) !== undefined;
}

async function toSuccess(call: EndpointCall, bytes: BodyBytes): Promise<SuccessRequest> {
  const body = { format: demandFormat(call), bytes };
  const request = await toMessage(call, body, readSuccess, "single", "beside");
  const problem = checkSuccess(request);
  if (problem !== undefined) throw refusalBeside(problem);
  return request;
}

/** `POST /jobs/success` */
export const successMany: Endpoint = async (call) => {
  const { runs } = await readRuns(call, readRunList);
  return answerMissed(call, await call.engine.reports.complete(runs));
};

/** `POST /jobs/{id}/failure` */
export const failure: Endpoint = async (call) => {
  const { delivery, token, ...failure } = await readMessage(call, readFailure, "single");
  const { failureGroup } = failure;
  const problem = failureGroup === undefined ? undefined : checkFailureGroup(failureGroup);
  if (problem !== undefined) throw new Refusal(422, problem);
  return answerEnded(
    call,
    await call.engine.reports.fail(toRun(call, { delivery, token }), failure),
  );
};

/** `POST /jobs/{id}/release` */
export const release: Endpoint = async (call) => {
  const { delivery, token, ...time } = await readMessage(call, readRelease);
  const run = toRun(call, { delivery, token });
  const [outcome] = await call.engine.reports.release([run], toReadyAt(time, call));
  return answerEnded(call, outcome!);
};

/** `POST /jobs/release` */
export const releaseMany: Endpoint = async (call) => {
  const { runs, rest } = await readRuns(call, readReleaseList);
  const outcomes = await call.engine.reports.release(runs, toReadyAt(rest, call));
  return answerMissed(
    call,
    outcomes.flatMap((outcome) => "missed" in outcome ? [outcome.missed] : []),
  );
};

function toReadyAt({ readyAt, delayMs }: ReleaseTime, { clock }: EndpointCall): number | undefined {
  return toInstant(clock.now(), delayMs) ?? readyAt;
}

function answerEnded({ format }: EndpointCall, outcome: EndedRun): Response {
  if ("missed" in outcome) throw toRefusal(outcome.missed);
  return answerJob(format, outcome.job, metadataView);
}

function answerMissed({ format }: EndpointCall, missed: readonly MissedReport[]): Response {
  if (missed.length === 0) return answerNothing(204);
  return answerValue(format, 422, toMissedWire(resultOf(missed)));
}

/** Says why a report ended nothing. */
function toRefusal(missed: MissedReport): Refusal {
  const { delivery, job } = missed;
  const reason = refusalOf(missed);
  if (reason !== undefined) return refuseLease(missed.id, reason);
  if (!isStale(missed)) return new Refusal(404, notInFlight);
  const { status, deliveries } = job!;
  return new Refusal(
    409,
    `delivery ${delivery} is not in flight: the job is ${
      statusNames[status]
    }, delivered ${deliveries} times`,
  );
}

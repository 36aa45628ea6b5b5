/**
 * The calls that cancel jobs, try them again, and wait for their ends (docs/protocol.md, section 18).
 *
 * @module
 */

import type { Format } from "../../protocol/codec.ts";
import { cancelSchema, checkCancel, checkWait, waitSchema } from "../../protocol/ends-request.ts";
import { toErrorRecordWire } from "../../protocol/error-record.ts";
import { parseJson } from "../../protocol/json.ts";
import { readSelection } from "../../protocol/query.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { jobToJson, type JobView, metadataView } from "../../protocol/record-json.ts";
import { optionalReaderOf, readerOf } from "../../protocol/request-body.ts";
import { statusNames } from "../../protocol/status.ts";
import type { CancelledJob } from "../../store/cancel.ts";
import type { Ending } from "../engine/ending.ts";
import type { Waited } from "../engine/waiting.ts";
import { answerLater } from "./answer-later.ts";
import { answerJob, answerValue } from "./answer.ts";
import type { Endpoint } from "./call.ts";
import { demandKnownIds } from "./ids.ts";
import { noSuchJob } from "./jobs.ts";
import { readMessage } from "./message.ts";
import { Refusal } from "./refusal.ts";

const readCancel = optionalReaderOf(cancelSchema);
const readWait = readerOf(waitSchema);

/** `POST /jobs/{id}/cancel` */
export const cancel: Endpoint = async (call) => {
  const { engine, format, load } = call;
  const { waitMs, ...wish } = await readMessage(call, readCancel);
  demand(checkCancel({ waitMs, ...wish }));
  const id = call.params[0]!;
  if (waitMs === 0) {
    return answerCancelled(format, demandJob(await engine.ends.cancelling.one(id, wish)));
  }
  const { now, later } = demandJob(await engine.ends.cancelling.oneToWaitFor(id, wish));
  if (later === undefined) return answerCancelled(format, now);
  // It is no work while nothing happens.
  return answerLater(
    call,
    load.wait(),
    async (signal) => answerCancelled(format, await later({ waitMs, signal })),
  );
};

/** `POST /jobs/cancel` */
export const cancelMany: Endpoint = async (call) => {
  const { engine, format, query } = call;
  const { waitMs, ...wish } = await readMessage(call, readCancel);
  demand(checkCancel({ waitMs, ...wish }));
  if (waitMs > 0) throw new Refusal(422, "wait_ms is for one job: wait for many with /jobs/wait");
  const selection = readSelection(query);
  await demandKnownIds(selection, call);
  const matches = engine.expressions.toFilter(selection.filter);
  return answerValue(format, 200, await engine.ends.cancelling.many(selection, wish, matches));
};

/** `POST /jobs/{id}/retry` */
export const retry: Endpoint = async ({ engine, params, format }) => {
  const { isRetried, job } = demandJob(await engine.ends.retrying.one(params[0]!));
  if (isRetried) return answerJob(format, job, metadataView);
  const name = statusNames[job.status];
  throw new Refusal(409, `cannot retry job ${job.id} in ${name} status: it has not ended`);
};

/** `POST /jobs/retry` */
export const retryMany: Endpoint = async (call) => {
  const { engine, format, query } = call;
  const selection = readSelection(query);
  await demandKnownIds(selection, call);
  const matches = engine.expressions.toFilter(selection.filter);
  return answerValue(format, 200, { retried: await engine.ends.retrying.many(selection, matches) });
};

/** `POST /jobs/wait` */
export const wait: Endpoint = async (call) => {
  const { engine, format, load, reach, request } = call;
  const asked = await readMessage(call, readWait);
  demand(checkWait(asked));
  await reach.demandIds(asked.ids);
  const { waitMs } = asked;
  const waiting = waitMs === 0 ? undefined : load.wait();
  const opened = engine.ends.waiting.open([...new Set(asked.ids)]);
  // Of a job that is gone, only what is remembered says whose it was.
  const isShown = ({ job }: Ending) =>
    reach.covers === undefined || (job !== undefined && reach.covers(job));
  const answer = async (signal: AbortSignal) =>
    answerValue(format, 200, toWaitedWire(await opened.end({ waitMs, signal }), isShown));
  if (waiting === undefined) return await answer(request.signal);
  return answerLater(call, waiting, answer);
};

function answerCancelled(format: Format, { outcome, job }: CancelledJob): Response {
  return answerValue(format, 200, { outcome, job: toWire(job) });
}

const shownView: JobView = { payload: false, extensions: true };

function toWire(job: JobRecord): object {
  return parseJson(jobToJson(job, shownView)) as object;
}

function toWaitedWire(
  { ended, waiting, missing }: Waited,
  isShown: (ending: Ending) => boolean,
): object {
  const hidden = ended.filter((ending) => !isShown(ending)).map(({ id }) => id);
  return {
    ended: ended.filter(isShown).map(toEndWire),
    waiting,
    missing: [...missing, ...hidden],
  };
}

function toEndWire({ id, outcome, job, result, error }: Ending): object {
  const shown = job && toWire(job) as { readonly result?: unknown };
  const value = result === undefined ? shown?.result : parseJson(result);
  return {
    id,
    outcome,
    ...shown && { job: shown },
    ...value !== undefined && { result: value },
    ...error && { error: toErrorRecordWire(error) },
  };
}

function demand(problem: string | undefined): void {
  if (problem !== undefined) throw new Refusal(422, problem);
}

function demandJob<Found>(found: Found | undefined): Found {
  if (found === undefined) throw new Refusal(404, noSuchJob);
  return found;
}

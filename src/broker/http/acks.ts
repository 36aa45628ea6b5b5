/**
 * The calls with which a worker ends a run: success, failure, and giving the job back.
 *
 * @module
 */

import { checkIds, type JobRun, toMissedWire } from "../../protocol/ack.ts";
import { checkFailureGroup } from "../../protocol/failure-group.ts";
import { toInstant } from "../../protocol/integer.ts";
import { readDelivery } from "../../protocol/query.ts";
import { metadataView } from "../../protocol/record-json.ts";
import type { ReleaseTime } from "../../protocol/release.ts";
import { fromRunList, type ReleaseListRequest } from "../../protocol/release-request.ts";
import {
  readFailure,
  readRelease,
  readReleaseList,
  readRunList,
} from "../../protocol/request-body.ts";
import { MessageError } from "../../protocol/schema.ts";
import { statusNames } from "../../protocol/status.ts";
import type { EndedRun, MissedReport } from "../../store/finish.ts";
import { isStale, resultOf } from "../engine/reports.ts";
import { answerJob, answerNothing, answerValue } from "./answer.ts";
import { readBody } from "./body.ts";
import type { Endpoint, EndpointCall } from "./call.ts";
import { demandFormat, readMessage, toListMessage } from "./message.ts";
import { Refusal } from "./refusal.ts";

const notInFlight = "job not found in in-flight set";

/** `POST /jobs/{id}/success` */
export const success: Endpoint = async ({ engine, params, query }) => {
  const [missed] = await engine.reports.complete([{
    id: params[0]!,
    delivery: query === "" ? undefined : readDelivery(query),
  }]);
  if (missed !== undefined) throw toRefusal(missed);
  return answerNothing(204);
};

/** `POST /jobs/success` */
export const successMany: Endpoint = async (call) => {
  const { runs } = await readRuns(call, readRunList);
  return answerMissed(call, await call.engine.reports.complete(runs));
};

/** `POST /jobs/{id}/failure` */
export const failure: Endpoint = async (call) => {
  const { delivery, ...failure } = await readMessage(call, readFailure);
  const { failureGroup } = failure;
  const problem = failureGroup === undefined ? undefined : checkFailureGroup(failureGroup);
  if (problem !== undefined) throw new Refusal(422, problem);
  return answerEnded(
    call,
    await call.engine.reports.fail({ id: call.params[0]!, delivery }, failure),
  );
};

/** `POST /jobs/{id}/release` */
export const release: Endpoint = async (call) => {
  const { delivery, ...time } = await readMessage(call, readRelease);
  const run = { id: call.params[0]!, delivery };
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

/** Reads a body with runs, and what it has besides. */
async function readRuns<Body extends Pick<ReleaseListRequest, "ids" | "deliveries">>(
  call: EndpointCall,
  read: (...body: Parameters<typeof readRunList>) => Body,
): Promise<{ readonly runs: readonly JobRun[]; readonly rest: Omit<Body, "ids"> }> {
  let rest: Body | undefined;
  const ids = await toListMessage(
    call,
    { format: demandFormat(call), bytes: await readBody(call) },
    {
      name: "ids",
      read: (...body) => {
        const part = read(...body);
        rest = part; // Of a large body, the last part is what stands around the ids.
        return part.ids;
      },
    },
  );
  const problem = checkIds(ids);
  if (problem !== undefined) throw new Refusal(400, problem);
  try {
    return { runs: fromRunList({ ids, deliveries: rest!.deliveries }), rest: rest! };
  } catch (error) {
    throw error instanceof MessageError ? new Refusal(400, error.message) : error;
  }
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
  if (!isStale(missed)) return new Refusal(404, notInFlight);
  const { status, deliveries } = job!;
  return new Refusal(
    409,
    `delivery ${delivery} is not in flight: the job is ${
      statusNames[status]
    }, delivered ${deliveries} times`,
  );
}

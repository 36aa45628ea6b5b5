/**
 * Enqueueing.
 *
 * @module
 */

import { isRejection } from "../../protocol/rejection.ts";
import { readEnqueue, readEnqueueBulk } from "../../protocol/request-body.ts";
import { answerEnqueued, answerEnqueuedMany } from "./answer.ts";
import { readBody } from "./body.ts";
import type { Endpoint } from "./call.ts";
import { readKey, tellExtensions, toKeyed } from "./keyed.ts";
import { demandFormat, toListMessage, toMessage } from "./message.ts";
import { toRefusal } from "./refusal.ts";
import { readWorkerId } from "./worker-id.ts";

/** `POST /jobs` */
export const enqueue: Endpoint = async (call) => {
  const key = readKey(call);
  const body = { format: demandFormat(call), bytes: await readBody(call) };
  const job = await toMessage(call, body, readEnqueue, "single");
  await call.reach.demandNew([job]);
  const keyed = key === null ? undefined : await toKeyed(key, body, call, 1);
  const stored = await call.engine.enqueue([job], {
    keyed,
    covers: call.reach.covers,
    worker: readWorkerId(call.request.headers),
  });
  if (isRejection(stored)) throw toRefusal(stored);
  const answer = answerEnqueued(call.format, stored[0]!);
  if (key !== null) tellExtensions(call, answer);
  return answer;
};

/** `POST /jobs/bulk`: all or none. */
export const enqueueMany: Endpoint = async (call) => {
  const key = readKey(call);
  const body = { format: demandFormat(call), bytes: await readBody(call) };
  const jobs = await toListMessage(call, body, {
    name: "jobs",
    read: readEnqueueBulk,
    place: "bulk",
  });
  await call.reach.demandNew(jobs);
  const keyed = key === null ? undefined : await toKeyed(key, body, call, 2);
  const stored = await call.engine.enqueue(jobs, {
    keyed,
    covers: call.reach.covers,
    worker: readWorkerId(call.request.headers),
  });
  if (isRejection(stored)) {
    if (stored.index === undefined) throw toRefusal(stored);
    throw toRefusal({ ...stored, message: `jobs[${stored.index}]: ${stored.message}` });
  }
  const answer = answerEnqueuedMany(call.format, stored);
  if (key !== null) tellExtensions(call, answer);
  return answer;
};

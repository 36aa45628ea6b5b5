/**
 * Enqueueing.
 *
 * @module
 */

import { isRejection } from "../../protocol/rejection.ts";
import { readEnqueue, readEnqueueBulk } from "../../protocol/request-body.ts";
import { answerEnqueued, answerEnqueuedMany } from "./answer.ts";
import type { Endpoint } from "./call.ts";
import { readListMessage, readMessage } from "./message.ts";
import { toRefusal } from "./refusal.ts";

/** `POST /jobs` */
export const enqueue: Endpoint = async (call) => {
  const job = await readMessage(call, readEnqueue);
  const stored = await call.engine.enqueue([job]);
  if (isRejection(stored)) throw toRefusal(stored);
  return answerEnqueued(call.format, stored[0]!);
};

/** `POST /jobs/bulk`: all or none. */
export const enqueueMany: Endpoint = async (call) => {
  const jobs = await readListMessage(call, "jobs", readEnqueueBulk);
  const stored = await call.engine.enqueue(jobs);
  if (isRejection(stored)) {
    throw toRefusal({ ...stored, message: `jobs[${stored.index}]: ${stored.message}` });
  }
  return answerEnqueuedMany(call.format, stored);
};

/**
 * Job records as JSON text, put together without a value in between.
 *
 * @module
 */

import { payloadAsJson } from "./payload.ts";
import type { JobRecord } from "./record.ts";
import { statusNames } from "./status.ts";

/** Names repeat from job to job: their quoted forms are kept, up to this many. */
const keptNames = 1000;
const quotedNames = new Map<string, string>();

/** Whether an answer carries payloads. */
export type WithPayload = "with payload" | "without payload";

/** One job as the wire's JSON object; `extra` is text for more members, led by a comma. */
export function jobToJson(job: JobRecord, withPayload: WithPayload, extra = ""): string {
  let text = `{"id":"${job.id}","type":${quoted(job.type)},"queue":${quoted(job.queue)}` +
    `,"priority":${job.priority},"status":"${statusNames[job.status]}"`;
  if (withPayload === "with payload") text += `,"payload":${payloadAsJson(job)}`;
  text += `,"ready_at":${job.readyAt},"attempts":${job.attempts}`;
  if (job.retryLimit !== null) text += `,"retry_limit":${job.retryLimit}`;
  if (job.backoff !== null) text += `,"backoff":${job.backoff}`;
  if (job.dequeuedAt !== null) text += `,"dequeued_at":${job.dequeuedAt}`;
  if (job.failedAt !== null) text += `,"failed_at":${job.failedAt}`;
  if (job.retention !== null) text += `,"retention":${job.retention}`;
  if (job.purgeAt !== null) text += `,"purge_at":${job.purgeAt}`;
  if (job.completedAt !== null) text += `,"completed_at":${job.completedAt}`;
  if (job.uniqueKey !== null) {
    text += `,"unique_key":${JSON.stringify(job.uniqueKey)},"unique_while":"${job.uniqueWhile}"`;
  }
  if (job.batch !== null) text += `,"batch":${job.batch}`;
  if (job.budgets !== null) text += `,"budgets":${job.budgets}`;
  return `${text}${extra}}`;
}

function quoted(name: string): string {
  let text = quotedNames.get(name);
  if (text === undefined) {
    if (quotedNames.size >= keptNames) quotedNames.clear();
    quotedNames.set(name, text = JSON.stringify(name));
  }
  return text;
}

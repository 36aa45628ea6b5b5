/**
 * Job records as JSON text, put together without a value in between.
 *
 * The fields of the protocol are written line by line, those of the extensions by a loop over their rows. A loop over
 * all rows was tried, with one accessor each, and cost a fifth of the time of a plain job and two fifths of a full
 * one; so did one visitor for both formats, and a loop that was unrolled. A test holds these lines against the rows.
 *
 * @module
 */

import { type JobExtra, toExtraWire } from "./job-extra.ts";
import { fieldsWith } from "./job-fields.ts";
import { payloadAsJson } from "./payload.ts";
import type { JobRecord } from "./record.ts";
import { statusNames } from "./status.ts";

/** Names repeat from job to job: their quoted forms are kept, up to this many. */
const keptNames = 1000;
const quotedNames = new Map<string, string>();

/** What of a job is shown. */
export interface JobView {
  /** Whether its payload is. */
  readonly payload: boolean;
  /** Whether those fields are that only a Millrace broker tells. */
  readonly extensions: boolean;
}

/** All of a job that the protocol knows. */
export const wholeView: JobView = { payload: true, extensions: false };

/** The same without the payload. */
export const metadataView: JobView = { payload: false, extensions: false };

/**
 * Writes one job as the wire's JSON object.
 *
 * @param extra Text for more members, led by a comma.
 */
export function jobToJson(job: JobRecord, view: JobView, extra = ""): string {
  let text = `{"id":"${job.id}","type":${quoted(job.type)},"queue":${quoted(job.queue)}` +
    `,"priority":${job.priority},"status":"${statusNames[job.status]}"`;
  if (view.payload) text += `,"payload":${payloadAsJson(job)}`;
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
  if (view.extensions) text += extensionsToJson(job);
  if (job.extra !== undefined) text += extraToJson(job.extra, view.extensions);
  return `${text}${extra}}`;
}

const extensionFields = fieldsWith("extension");

/** The members of all extensions that a job has, each led by a comma. */
function extensionsToJson(job: JobRecord): string {
  let text = "";
  for (const { name, wire, kind } of extensionFields) {
    const value = job[name as keyof JobRecord];
    // A text has to be quoted; of all other kinds the record holds what JSON shows.
    if (value != null) text += `,"${wire}":${kind === "text" ? JSON.stringify(value) : value}`;
  }
  return text;
}

/** The members that few jobs have, each led by a comma. */
function extraToJson(extra: JobExtra, asksForExtensions: boolean): string {
  let text = "";
  for (const [wire, value] of toExtraWire(extra, asksForExtensions)) {
    text += `,"${wire}":${JSON.stringify(value)}`;
  }
  return text;
}

function quoted(name: string): string {
  let text = quotedNames.get(name);
  if (text === undefined) {
    if (quotedNames.size >= keptNames) quotedNames.clear();
    quotedNames.set(name, text = JSON.stringify(name));
  }
  return text;
}

/**
 * The calls on all jobs that a filter matches.
 *
 * @module
 */

import { toFilterQuery, toPageLinks, toViewQuery } from "../../protocol/page.ts";
import {
  type JobPageQuery,
  readListQuery,
  readPatchSelection,
  readRemoval,
  readSelection,
} from "../../protocol/query.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { readPatch } from "../../protocol/request-body.ts";
import { routes } from "../../protocol/routes.ts";
import { toCursor } from "../../store/job-key.ts";
import { answerJobPage, answerValue, viewFor } from "./answer.ts";
import type { Endpoint } from "./call.ts";
import { demandKnownIds } from "./ids.ts";
import { toDependentsRefusal, toGrantable } from "./jobs.ts";
import { readMessage } from "./message.ts";

/** `GET /jobs` */
export const list: Endpoint = async ({ engine, request, query, format }) => {
  const { jobs: selection, page } = readListQuery(query);
  await demandKnownIds(selection, { engine, request });
  const matches = engine.expressions.toFilter(selection.filter);
  const { jobs, more } = await engine.list(selection, page, matches, request.signal);
  const bounds = { first: placeOf(jobs[0], page), last: placeOf(jobs.at(-1), page), more };
  const filter = toFilterQuery(selection) + toViewQuery(page);
  const pages = toPageLinks(routes.list.path, page, bounds, filter);
  return answerJobPage(format, jobs, { pages, view: viewFor(request) });
};

/** Where a job is in a listing, as the links to other pages have it. */
function placeOf(job: JobRecord | undefined, { sort }: JobPageQuery): string | undefined {
  if (job === undefined) return undefined;
  return sort === undefined ? toCursor(job) : `${job[sort]}.${toCursor(job)}`;
}

/** `GET /jobs/count` */
export const count: Endpoint = async ({ engine, request, query, format }) => {
  const selection = readSelection(query);
  await demandKnownIds(selection, { engine, request });
  const matches = engine.expressions.toFilter(selection.filter);
  const count = await engine.count(selection, matches, request.signal);
  return answerValue(format, 200, { count });
};

/** `PATCH /jobs`: a malformed body beats a bad query, which beats a patch that cannot be granted. */
export const patchMany: Endpoint = async (call) => {
  const request = await readMessage(call, readPatch);
  const selection = readPatchSelection(call.query);
  await demandKnownIds(selection, call);
  const patch = toGrantable(request);
  await call.reach.demandChange(patch);
  const matches = call.engine.expressions.toFilter(selection.filter);
  const patched = await call.engine.patchMany(selection, patch, matches);
  return answerValue(call.format, 200, { patched });
};

/** `DELETE /jobs` */
export const removeMany: Endpoint = async ({ engine, request, query, format }) => {
  const { jobs: selection, cascade } = readRemoval(query);
  await demandKnownIds(selection, { engine, request });
  const matches = engine.expressions.toFilter(selection.filter);
  const deleted = await engine.removeMany(selection, { matches, cascade });
  if (typeof deleted !== "number") throw toDependentsRefusal(deleted);
  return answerValue(format, 200, { deleted });
};

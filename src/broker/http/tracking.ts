/**
 * The calls on tracked jobs (docs/protocol.md, section 15.2).
 *
 * @module
 */

import { toPageLinks, toViewQuery } from "../../protocol/page.ts";
import { tagRoutes } from "../../protocol/routes.ts";
import { readPlacePage } from "../../protocol/tags-query.ts";
import { answerJobPage, answerNothing, viewFor } from "./answer.ts";
import type { Endpoint } from "./call.ts";
import { noSuchJob } from "./jobs.ts";
import { Refusal } from "./refusal.ts";

/** `PUT /jobs/{id}/track` */
export const track: Endpoint = async ({ engine, params }) => {
  if (!await engine.tracking.track(params[0]!)) throw new Refusal(404, noSuchJob);
  return answerNothing(204);
};

/** `DELETE /jobs/{id}/track` */
export const untrack: Endpoint = async ({ engine, params }) => {
  await engine.tracking.untrack(params[0]!);
  return answerNothing(204);
};

/** `GET /tracked` */
export const list: Endpoint = async ({ engine, request, query, format }) => {
  const page = readPlacePage(query);
  const { jobs, expired, ...bounds } = await engine.tracking.list(page);
  const pages = toPageLinks(tagRoutes.listTracked.path, page, bounds, toViewQuery(page));
  return answerJobPage(format, jobs, { pages, view: viewFor(request), others: { expired } });
};

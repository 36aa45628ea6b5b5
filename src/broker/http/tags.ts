/**
 * The calls on tags (docs/protocol.md, section 15.1).
 *
 * @module
 */

import { toPageLinks, toViewQuery } from "../../protocol/page.ts";
import { isRejection } from "../../protocol/rejection.ts";
import { readerOf } from "../../protocol/request-body.ts";
import { tagRoutes, toPath } from "../../protocol/routes.ts";
import { tagListSchema } from "../../protocol/tags.ts";
import { readPlacePage, readTagsQuery, readTagsToRemove } from "../../protocol/tags-query.ts";
import { answerJobPage, answerValue, viewFor } from "./answer.ts";
import type { Endpoint } from "./call.ts";
import { noSuchJob } from "./jobs.ts";
import { readMessage } from "./message.ts";
import { Refusal, toRefusal } from "./refusal.ts";

const readTagList = readerOf(tagListSchema);

/** `POST /jobs/{id}/tags` */
export const add: Endpoint = async (call) => {
  const { tags } = await readMessage(call, readTagList);
  const has = await call.engine.tags.add(call.params[0]!, tags);
  if (has === undefined) throw new Refusal(404, noSuchJob);
  if (isRejection(has)) throw toRefusal(has);
  return answerValue(call.format, 200, { tags: has });
};

/** `DELETE /jobs/{id}/tags` */
export const remove: Endpoint = async ({ engine, params, query, format }) => {
  const has = await engine.tags.remove(params[0]!, readTagsToRemove(query));
  if (has === undefined) throw new Refusal(404, noSuchJob);
  return answerValue(format, 200, { tags: has });
};

/** `GET /tags` */
export const list: Endpoint = async ({ engine, query, format }) => {
  const asked = readTagsQuery(query);
  const { tags, more } = await engine.tags.top(asked);
  const { path } = tagRoutes.listTags;
  const last = tags.at(-1);
  const rest = `limit=${asked.limit}&min=${asked.min}`;
  const link = (from: { readonly count: number; readonly tag: string } | undefined) => {
    const cursor = from && `from=${from.count},${encodeURIComponent(from.tag)}&`;
    return `${path}?${cursor ?? ""}${rest}`;
  };
  const pages = { self: link(asked.from), next: more ? link(last) : null };
  return answerValue(format, 200, { tags, pages });
};

/** `GET /tags/{tag}` */
export const listTagged: Endpoint = async ({ engine, request, params, query, format }) => {
  const [tag] = params as [string];
  const page = readPlacePage(query);
  const { jobs, count, ...bounds } = await engine.tags.jobs(tag, page);
  const pages = toPageLinks(toPath(tagRoutes.listTagged, { tag }), page, bounds, toViewQuery(page));
  return answerJobPage(format, jobs, { pages, view: viewFor(request), others: { tag, count } });
};

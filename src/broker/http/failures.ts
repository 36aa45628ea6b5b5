/**
 * The calls on dead jobs by what they died of (docs/protocol.md, section 13.1).
 *
 * @module
 */

import {
  checkGroupRequeue,
  type GroupRequeue,
  groupRequeueSchema,
  toFailureGroupsWire,
} from "../../protocol/failure-group.ts";
import { readGroupsQuery } from "../../protocol/insight-query.ts";
import { toPageLinks } from "../../protocol/page.ts";
import { optionalReaderOf } from "../../protocol/request-body.ts";
import { routes } from "../../protocol/routes.ts";
import { answerValue } from "./answer.ts";
import type { Endpoint, EndpointCall } from "./call.ts";
import { readMessage } from "./message.ts";
import { Refusal } from "./refusal.ts";

const readRequeue = optionalReaderOf(groupRequeueSchema);

/** `GET /failures` */
export const list: Endpoint = async ({ engine, query, format }) => {
  const page = readGroupsQuery(query);
  const { groups, more } = await engine.insight.failures.list(page);
  const bounds = { first: groups[0]?.group, last: groups.at(-1)?.group, more };
  const pages = toPageLinks(routes.listFailures.path, page, bounds);
  return answerValue(format, 200, toFailureGroupsWire(groups, pages));
};

/** `POST /failures/{group}/requeue` */
export const requeueGroup: Endpoint = async (call) =>
  await requeue(call, call.params[0]!, await readMessage(call, readRequeue));

/** `POST /failures/requeue`: all groups. */
export const requeueAll: Endpoint = async (call) =>
  await requeue(call, undefined, await readMessage(call, readRequeue));

async function requeue(
  { engine, format }: EndpointCall,
  group: string | undefined,
  request: GroupRequeue,
): Promise<Response> {
  const problem = checkGroupRequeue(request);
  if (problem !== undefined) throw new Refusal(422, problem);
  return answerValue(format, 200, {
    requeued: await engine.insight.failures.requeue(group, request),
  });
}

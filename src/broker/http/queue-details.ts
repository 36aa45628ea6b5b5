/**
 * The calls on queues (docs/protocol.md, sections 5.12, 13.2, 13.3 and 13.7).
 *
 * @module
 */

import {
  readAge,
  readNextQuery,
  readQueuesQuery,
  readServingQuery,
  readStatsQuery,
  showDay,
} from "../../protocol/insight-query.ts";
import { toDetailLinks } from "../../protocol/page.ts";
import {
  toQueueDetailsWire,
  toQueueListWire,
  toQueueStatsWire,
} from "../../protocol/queue-details.ts";
import { toServingWire } from "../../protocol/serving.ts";
import { dayOf } from "../../store/failures-table.ts";
import { withMaxPayload } from "../../store/many-jobs.ts";
import { answerJobList, answerValue, viewFor } from "./answer.ts";
import type { Endpoint } from "./call.ts";

/** `GET /queues` */
export const list: Endpoint = async ({ engine, query, format }) => {
  const page = readQueuesQuery(query);
  if (page === undefined) return answerValue(format, 200, { queues: await engine.queues() });
  const { queues, more } = await engine.insight.queues.list(page);
  const pages = toDetailLinks(page, { last: queues.at(-1)?.queue, more });
  return answerValue(format, 200, toQueueListWire(queues, pages));
};

/** `GET /queues/{queue}` */
export const get: Endpoint = async ({ engine, params, query, format }) => {
  const details = await engine.insight.queues.get(params[0]!, { age: readAge(query) });
  return answerValue(format, 200, toQueueDetailsWire(details));
};

/** `GET /queues/{queue}/next` */
export const next: Endpoint = async ({ engine, request, params, query, format }) => {
  const { limit, maxPayload } = readNextQuery(query);
  const jobs = await engine.insight.queues.next(params[0]!, limit);
  const shown = jobs.map((job) => withMaxPayload(job, maxPayload));
  return answerJobList(format, shown, viewFor(request));
};

/** `GET /queues/{queue}/serving` */
export const serving: Endpoint = async ({ engine, params, query, format }) => {
  const type = readServingQuery(query);
  const found = await engine.insight.serving.ofQueue(params[0]!, type);
  return answerValue(format, 200, toServingWire(found));
};

/** `GET /queues/{queue}/stats` */
export const stats: Endpoint = async ({ engine, clock, params, query, format }) => {
  const day = readStatsQuery(query) ?? dayOf(clock.now());
  const { queue, waits, runs, ...counts } = await engine.insight.statistics.read(params[0]!, day);
  const shown = { queue, day: showDay(day)!, wait: waits.show(), run: runs.show() };
  return answerValue(format, 200, toQueueStatsWire({ ...counts, ...shown }));
};

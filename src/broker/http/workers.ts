/**
 * What workers say of themselves, and what is known of them (docs/protocol.md, section 13.5).
 *
 * @module
 */

import { readWorkersQuery } from "../../protocol/insight-query.ts";
import { toPageLinks } from "../../protocol/page.ts";
import { readStatement } from "../../protocol/request-body.ts";
import { routes } from "../../protocol/routes.ts";
import { type SeenWorker, toWorkersWire, toWorkerWire } from "../../protocol/workers.ts";
import { answerNothing, answerValue } from "./answer.ts";
import type { Context, Endpoint } from "./call.ts";
import { readMessage } from "./message.ts";
import { Refusal } from "./refusal.ts";

/** A worker that says anything lives, also if what it says is refused. */
export function noticeTell({ engine }: Context, params: readonly string[]): void {
  engine.noticeWorker(params[0]!);
}

/** `GET /workers` */
export const list: Endpoint = async ({ engine, query, format }) => {
  const page = readWorkersQuery(query);
  const { workers, more } = await engine.insight.workers.list(page);
  const place = (worker: SeenWorker | undefined) => worker && `${worker.lastSeenAt}.${worker.id}`;
  const from = page.from && `${page.from.seenAt}.${page.from.id}`;
  const bounds = { first: place(workers[0]), last: place(workers.at(-1)), more };
  const pages = toPageLinks(routes.listWorkers.path, { ...page, from }, bounds);
  return answerValue(format, 200, toWorkersWire(workers, pages));
};

/** `GET /workers/{id}` */
export const get: Endpoint = async ({ engine, params, format }) => {
  const worker = await engine.insight.workers.get(params[0]!);
  if (worker === undefined) throw new Refusal(404, noSuchWorker);
  return answerValue(format, 200, toWorkerWire(worker));
};

/** `DELETE /workers/{id}` */
export const remove: Endpoint = async ({ engine, params }) => {
  if (!await engine.insight.workers.remove(params[0]!)) throw new Refusal(404, noSuchWorker);
  return answerNothing(204);
};

/** `POST /workers/{id}/quiet` */
export const quiet: Endpoint = async ({ engine, params }) => {
  if (!await engine.insight.workers.quiet(params[0]!)) throw new Refusal(404, noSuchWorker);
  return answerNothing(204);
};

/** `POST /workers/{id}/resume` */
export const resume: Endpoint = async ({ engine, params }) => {
  if (!await engine.insight.workers.resume(params[0]!)) throw new Refusal(404, noSuchWorker);
  return answerNothing(204);
};

/** `POST /workers/{id}/stop` */
export const stop: Endpoint = async ({ engine, params, format }) => {
  const found = await engine.insight.workers.tellStop(params[0]!);
  if (found === undefined) throw new Refusal(404, noSuchWorker);
  const { streams, stoppable } = found;
  if (streams === 0) throw new Refusal(409, "the worker has no take stream to be told on");
  if (stoppable === 0) throw new Refusal(409, "the worker does not understand that it is to stop");
  return answerValue(format, 200, { told: stoppable });
};

const noSuchWorker = "worker not found";

/** `PUT /workers/{run}` */
export const tell: Endpoint = async (call) => {
  const [run] = call.params as [string];
  const statement = await readMessage(call, readStatement);
  const { maxItemsPerCall } = call.settings;
  const { holds, progress = [] } = statement;
  for (const [name, items] of Object.entries({ ids: holds, progress })) {
    if (items.length <= maxItemsPerCall) continue;
    throw new Refusal(413, `'${name}' has more than ${maxItemsPerCall} items`);
  }
  const gone = call.engine.tell(run, statement);
  if (gone === undefined) throw new Refusal(404, "no take stream of this run is open");
  return answerValue(call.format, 200, { gone: await gone });
};

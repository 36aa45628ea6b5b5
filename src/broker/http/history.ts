/**
 * The history of a job (docs/protocol.md, section 13.4).
 *
 * @module
 */

import {
  checkOwnEntry,
  ownEntrySchema,
  toEntryWire,
  toHistoryWire,
} from "../../protocol/history.ts";
import { readHistoryQuery } from "../../protocol/insight-query.ts";
import { toPageLinks } from "../../protocol/page.ts";
import { readerOf } from "../../protocol/request-body.ts";
import { routes, toPath } from "../../protocol/routes.ts";
import { answerValue } from "./answer.ts";
import type { Endpoint } from "./call.ts";
import { noSuchJob } from "./jobs.ts";
import { readMessage } from "./message.ts";
import { Refusal } from "./refusal.ts";

const readOwnEntry = readerOf(ownEntrySchema);

/** `GET /jobs/{id}/history` */
export const list: Endpoint = async ({ engine, params, query, format }) => {
  const [id] = params as [string];
  const page = readHistoryQuery(query);
  const found = await engine.insight.history.list(id, { ...page, limit: page.limit + 1 });
  if (found === undefined) throw new Refusal(404, noSuchJob);
  const entries = found.slice(0, page.limit);
  const pages = toPageLinks(toPath(routes.listHistory, { id }), page, {
    first: entries[0]?.place,
    last: entries.at(-1)?.place,
    more: found.length > entries.length,
  });
  return answerValue(format, 200, toHistoryWire(entries.map(({ entry }) => entry), pages));
};

/** `POST /jobs/{id}/history` */
export const add: Endpoint = async (call) => {
  const entry = await readMessage(call, readOwnEntry);
  const problem = checkOwnEntry(entry);
  if (problem !== undefined) throw new Refusal(422, problem);
  const added = await call.engine.insight.history.add(call.params[0]!, entry);
  if (added === undefined) throw new Refusal(404, noSuchJob);
  return answerValue(call.format, 201, toEntryWire(added));
};

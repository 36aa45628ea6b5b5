/**
 * The batches that still take jobs in (docs/protocol.md, section 13.7).
 *
 * @module
 */

import { readGroupsQuery } from "../../protocol/insight-query.ts";
import { toOpenBatchesWire } from "../../protocol/open-batch.ts";
import { toPageLinks } from "../../protocol/page.ts";
import { routes } from "../../protocol/routes.ts";
import { answerValue } from "./answer.ts";
import type { Endpoint } from "./call.ts";

/** `GET /batches` */
export const batches: Endpoint = async ({ engine, query, format }) => {
  const page = readGroupsQuery(query);
  const { batches, more } = await engine.insight.batches(page);
  const bounds = { first: batches[0]?.key, last: batches.at(-1)?.key, more };
  const pages = toPageLinks(routes.listBatches.path, page, bounds);
  return answerValue(format, 200, toOpenBatchesWire(batches, pages));
};

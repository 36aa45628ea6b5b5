/**
 * Error records.
 *
 * @module
 */

import { toErrorRecordWire } from "../../protocol/error-record.ts";
import { toPageLinks } from "../../protocol/page.ts";
import { readAttempt, readErrorsQuery } from "../../protocol/query.ts";
import { routes, toPath } from "../../protocol/routes.ts";
import { answerValue } from "./answer.ts";
import type { Endpoint } from "./call.ts";
import { noSuchJob } from "./jobs.ts";
import { Refusal } from "./refusal.ts";

/** `GET /jobs/{id}/errors` */
export const errors: Endpoint = async ({ engine, params, query, format }) => {
  const [id] = params as [string];
  const page = readErrorsQuery(query);
  const found = await engine.errors(id, { ...page, limit: page.limit + 1 });
  if (found === undefined) throw new Refusal(404, noSuchJob);
  const records = found.slice(0, page.limit);
  const links = toPageLinks(toPath(routes.errors, { id }), page, {
    first: records[0]?.attempt,
    last: records.at(-1)?.attempt,
    more: found.length > records.length,
  });
  return answerValue(format, 200, { errors: records.map(toErrorRecordWire), pages: links });
};

/** `GET /jobs/{id}/errors/{attempt}` */
export const error: Endpoint = async ({ engine, params, format }) => {
  const [id, segment] = params as [string, string];
  const attempt = readAttempt(segment);
  if (attempt === undefined) {
    throw new Refusal(400, `attempt '${segment}' is not an integer from 0 to 4294967295`);
  }
  const record = await engine.error(id, attempt);
  if (record === "no job") throw new Refusal(404, noSuchJob);
  if (record === "no record") throw new Refusal(404, "error record not found");
  return answerValue(format, 200, toErrorRecordWire(record));
};

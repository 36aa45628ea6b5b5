/**
 * The calls on what a job waits for (docs/protocol.md, section 14).
 *
 * @module
 */

import { dependencyListSchema, toLinksWire } from "../../protocol/dependency-request.ts";
import { readIds } from "../../protocol/query.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { metadataView } from "../../protocol/record-json.ts";
import { isRejection, type Rejection } from "../../protocol/rejection.ts";
import { readerOf } from "../../protocol/request-body.ts";
import { answerJob, answerValue } from "./answer.ts";
import { readBody } from "./body.ts";
import type { Endpoint, EndpointCall } from "./call.ts";
import { noSuchJob } from "./jobs.ts";
import { demandFormat, toListMessage } from "./message.ts";
import { Refusal, toRefusal } from "./refusal.ts";

const readList = readerOf(dependencyListSchema);

/** `GET /jobs/{id}/dependencies` */
export const get: Endpoint = async ({ engine, params, format }) => {
  const links = await engine.links.get(params[0]!);
  if (links === undefined) throw new Refusal(404, noSuchJob);
  return answerValue(format, 200, toLinksWire(links));
};

/** `POST /jobs/{id}/dependencies` */
export const add: Endpoint = async (call) => {
  let isStrict = false;
  const body = { format: demandFormat(call), bytes: await readBody(call) };
  const ids = await toListMessage(call, body, {
    name: "ids",
    read: (...part) => {
      const list = readList(...part);
      isStrict ||= list.isStrict; // Of a large body, it stands around the ids.
      return list.ids;
    },
  });
  const list = { ids, isStrict };
  await call.reach.demandChange({ dependsOn: list.ids });
  return answerEdited(call, await call.engine.links.add(call.params[0]!, list));
};

/** `DELETE /jobs/{id}/dependencies`: some of them, or all. */
export const remove: Endpoint = async (call) =>
  answerEdited(call, await call.engine.links.drop(call.params[0]!, readIds(call.query)));

function answerEdited(
  { format }: EndpointCall,
  edited: JobRecord | Rejection | undefined,
): Response {
  if (edited === undefined) throw new Refusal(404, noSuchJob);
  if (isRejection(edited)) throw toRefusal(edited);
  return answerJob(format, edited, metadataView);
}

/**
 * The calls on cron groups and entries (docs/protocol.md, sections 7.2 and 7.3).
 *
 * @module
 */

import {
  cronEntryNotFound,
  type CronEntryRequest,
  cronGroupNotFound,
  cronGroupPatchSchema,
} from "../../protocol/cron.ts";
import { toCronEntryWire, toCronGroupWire } from "../../protocol/cron-wire.ts";
import {
  readCronEntryPatch,
  readCronEntryRequest,
  readCronGroupRequest,
  readerOf,
} from "../../protocol/request-body.ts";
import { readNextTimesQuery } from "../../protocol/cron-query.ts";
import { isRejection, type Rejection } from "../../protocol/rejection.ts";
import { nextTimes, timesOf } from "../engine/next-times.ts";
import { checkExpression, checkTimezone } from "../engine/schedule.ts";
import { answerNothing, answerValue, answerVerbatim } from "./answer.ts";
import type { Endpoint, EndpointCall } from "./call.ts";
import { readMessage } from "./message.ts";
import { Refusal, toRefusal } from "./refusal.ts";

const readGroupPatch = readerOf(cronGroupPatchSchema);

/** `GET /crons` */
export const list: Endpoint = async ({ engine, format }) =>
  answerValue(format, 200, { crons: await engine.crons.list() });

/** `DELETE /crons` */
export const removeAll: Endpoint = async ({ engine, format }) =>
  answerValue(format, 200, { deleted: await engine.crons.removeAll() });

/** `GET /crons/{group}` */
export const get: Endpoint = async ({ engine, params, format }) => {
  const [name] = params as [string];
  const found = await engine.crons.get(name);
  if (found === undefined) throw new Refusal(404, cronGroupNotFound(name));
  return answerVerbatim(format, 200, toCronGroupWire(found));
};

/** `PUT /crons/{group}` */
export const put: Endpoint = async (call) => {
  const [name] = call.params as [string];
  const request = await readMessage(call, readCronGroupRequest, "entries");
  const result = await call.engine.crons.replace(name, request);
  if (isRejection(result)) throw toCronRefusal(result);
  return answerVerbatim(call.format, 200, toCronGroupWire(result));
};

/** `PATCH /crons/{group}` */
export const patch: Endpoint = async (call) => {
  const [name] = call.params as [string];
  const result = await call.engine.crons.change(name, await readMessage(call, readGroupPatch));
  if (result === undefined) throw new Refusal(404, cronGroupNotFound(name));
  if (isRejection(result)) throw toCronRefusal(result);
  return answerVerbatim(call.format, 200, toCronGroupWire(result));
};

/** `DELETE /crons/{group}` */
export const remove: Endpoint = async ({ engine, params }) => {
  const [name] = params as [string];
  if (!await engine.crons.remove(name)) throw new Refusal(404, cronGroupNotFound(name));
  return answerNothing(204);
};

/** `POST /crons/{group}/entries` */
export const createEntry: Endpoint = async (call) =>
  await keepEntry(call, await readMessage(call, readCronEntryRequest, "entry"), "create");

/** `PUT /crons/{group}/entries/{entry}`: the name in the path wins, and only the one in the body is checked. */
export const putEntry: Endpoint = async (call) => {
  const request = await readMessage(call, readCronEntryRequest, "entry");
  return await keepEntry(call, request, "replace");
};

/** `GET /crons/{group}/entries/{entry}` */
export const getEntry: Endpoint = async ({ engine, params, format }) => {
  const [group, name] = params as [string, string];
  const entry = await engine.crons.getEntry(group, name);
  if (entry === undefined) throw new Refusal(404, cronEntryNotFound(group, name));
  return answerVerbatim(format, 200, toCronEntryWire(entry));
};

/** `GET /crons/{group}/entries/{entry}/next` */
export const next: Endpoint = async ({ engine, params, query, format, clock }) => {
  const [group, name] = params as [string, string];
  const { count, expression, timezone } = readNextTimesQuery(query);
  const found = await engine.crons.get(group);
  const entry = found?.entries.find((entry) => entry.name === name);
  const groupZone = found?.group.timezone ?? null;
  const terms = { groupZone, now: clock.now(), count };
  if (expression !== undefined) {
    const zone = timezone ?? entry?.timezone ?? null;
    const problem = checkExpression(expression) ?? checkTimezone(zone);
    if (problem !== undefined) throw new Refusal(400, problem);
    return answerValue(format, 200, { times: timesOf({ expression, timezone: zone }, terms) });
  }
  if (entry === undefined) throw new Refusal(404, cronEntryNotFound(group, name));
  return answerValue(format, 200, { times: nextTimes(entry, terms) });
};

/** `PATCH /crons/{group}/entries/{entry}` */
export const patchEntry: Endpoint = async (call) => {
  const [group, name] = call.params as [string, string];
  const patch = await readMessage(call, readCronEntryPatch, "entry");
  const entry = await call.engine.crons.changeEntry(group, name, patch);
  if (entry === undefined) throw new Refusal(404, cronEntryNotFound(group, name));
  if (isRejection(entry)) throw toCronRefusal(entry);
  return answerVerbatim(call.format, 200, toCronEntryWire(entry));
};

/** `DELETE /crons/{group}/entries/{entry}` */
export const removeEntry: Endpoint = async ({ engine, params }) => {
  const [group, name] = params as [string, string];
  if (!await engine.crons.removeEntry(group, name)) {
    throw new Refusal(404, cronEntryNotFound(group, name));
  }
  return answerNothing(204);
};

async function keepEntry(
  { engine, params, format }: EndpointCall,
  request: CronEntryRequest,
  mode: "create" | "replace",
): Promise<Response> {
  const [group, name = request.name] = params as [string, string?];
  const result = await engine.crons.keepEntry(group, request, { name, mode });
  if (isRejection(result)) throw toCronRefusal(result);
  return answerVerbatim(format, mode === "create" ? 201 : 200, toCronEntryWire(result));
}

/** Whatever is wrong with what is asked for, a cron call answers 400. */
function toCronRefusal(rejection: Rejection): Refusal {
  return toRefusal(rejection, { unprocessable: 400 });
}

/**
 * The calls that change what waiting jobs draw on, one by one or all that a filter matches (docs/protocol.md, sections 8.7
 * and 8.8).
 *
 * @module
 */

import {
  bindingBodySchema,
  bindingListSchema,
  type BindingRequest,
  costSchema,
} from "../../protocol/binding.ts";
import { readSelection } from "../../protocol/query.ts";
import { metadataView } from "../../protocol/record-json.ts";
import { isRejection } from "../../protocol/rejection.ts";
import { readerOf } from "../../protocol/request-body.ts";
import type { Rebinding } from "../../store/rebindings.ts";
import { answerJob, answerValue } from "./answer.ts";
import type { Endpoint, EndpointCall } from "./call.ts";
import { demandKnownIds } from "./ids.ts";
import { readMessage } from "./message.ts";
import { Refusal, toRefusal } from "./refusal.ts";

const readBinding = readerOf(bindingBodySchema);
const readBindings = readerOf(bindingListSchema);
const readCost = readerOf(costSchema);

/** `POST /jobs/{id}/budgets/{key}` */
export const add: Endpoint = async (call) =>
  await rebindOne(call, { kind: "add", request: await readRequest(call, call.params[1]!) });

/** `PUT /jobs/{id}/budgets/{key}` */
export const put: Endpoint = async (call) =>
  await rebindOne(call, { kind: "put", request: await readRequest(call, call.params[1]!) });

/** `PATCH /jobs/{id}/budgets/{key}` */
export const patch: Endpoint = async (call) =>
  await rebindOne(call, { kind: "recost", request: await readNewCost(call, call.params[1]!) });

/** `DELETE /jobs/{id}/budgets/{key}` */
export const remove: Endpoint = (call) => rebindOne(call, { kind: "remove", key: call.params[1]! });

/** `PUT /jobs/{id}/budgets` */
export const putAll: Endpoint = async (call) => {
  const { budgets } = await readMessage(call, readBindings);
  return await rebindOne(call, { kind: "replace", requests: budgets });
};

/** `DELETE /jobs/{id}/budgets` */
export const removeAll: Endpoint = (call) => rebindOne(call, { kind: "replace", requests: [] });

/** `POST /jobs/budgets/{key}` */
export const addMany: Endpoint = async (call) =>
  await rebindMany(call, { kind: "add", request: await readRequest(call, call.params[0]!) });

/** `PUT /jobs/budgets/{key}` */
export const putMany: Endpoint = async (call) =>
  await rebindMany(call, { kind: "put", request: await readRequest(call, call.params[0]!) });

/** `PATCH /jobs/budgets/{key}` */
export const patchMany: Endpoint = async (call) =>
  await rebindMany(call, { kind: "recost", request: await readNewCost(call, call.params[0]!) });

/** `DELETE /jobs/budgets/{key}` */
export const removeMany: Endpoint = (call) =>
  rebindMany(call, { kind: "remove", key: call.params[0]! });

/** `DELETE /jobs/budgets` */
export const removeAllMany: Endpoint = (call) =>
  rebindMany(call, { kind: "replace", requests: [] });

async function readRequest(call: EndpointCall, key: string): Promise<BindingRequest> {
  return { key, ...await readMessage(call, readBinding) };
}

async function readNewCost(call: EndpointCall, key: string): Promise<BindingRequest> {
  const { cost } = await readMessage(call, readCost);
  return { key, cost, createWith: null, bucket: false };
}

async function rebindOne(
  { engine, params, format }: EndpointCall,
  rebinding: Rebinding,
): Promise<Response> {
  const [id] = params as [string];
  const rebound = await engine.budgets.rebind(id, rebinding);
  if (rebound === undefined) throw new Refusal(404, `job '${id}' not found`);
  if (isRejection(rebound)) throw toRefusal(rebound);
  return answerJob(format, rebound, metadataView);
}

async function rebindMany(
  { engine, request, query, format }: EndpointCall,
  rebinding: Rebinding,
): Promise<Response> {
  const rejection = engine.budgets.checkRebinding(rebinding);
  if (rejection !== undefined) throw toRefusal(rejection); // Beats a bad query.
  const selection = readSelection(query);
  await demandKnownIds(selection, { engine, request });
  const matches = engine.expressions.toFilter(selection.filter);
  const rebound = await engine.budgets.rebindMany(selection, rebinding, matches);
  if (isRejection(rebound)) throw toRefusal(rebound);
  return answerValue(format, 200, rebound);
}

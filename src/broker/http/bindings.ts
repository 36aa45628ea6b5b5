/**
 * The calls that change what waiting jobs draw on, one by one or all that a filter fits (section 9.6 of the protocol).
 *
 * @module
 */

import {
  bindingBodySchema,
  bindingListSchema,
  type BindingRequest,
  budgetsOf,
  checkBindings,
  costSchema,
} from "../../protocol/binding.ts";
import { readSelection } from "../../protocol/query.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { status } from "../../protocol/status.ts";
import { readerOf } from "../../protocol/request-body.ts";
import { metadataView } from "../../protocol/record-json.ts";
import type { Rebinding } from "../../store/rebind.ts";
import { adding, putting, recosting, removing, replacingAll } from "../engine/rebindings.ts";
import { answerJob, answerValue } from "./answer.ts";
import type { Call, Endpoint } from "./call.ts";
import { readMessage } from "./message.ts";
import { Refusal } from "./refusal.ts";

const readBinding = readerOf(bindingBodySchema);
const readBindings = readerOf(bindingListSchema);
const readCost = readerOf(costSchema);

/** `POST /jobs/{id}/budgets/{key}` */
export const add: Endpoint = async (call) => {
  const [id, key] = call.params as [string, string];
  const rebinding = adding(await readRequest(call, key));
  return await rebindOne(call, rebinding, (job) => {
    if (!drawsOn(job, key)) return;
    return new Refusal(
      409,
      `job '${id}' already draws on budget '${key}'. Use PUT to replace the binding, or PATCH to change its cost.`,
    );
  });
};

/** `PUT /jobs/{id}/budgets/{key}` */
export const put: Endpoint = async (call) =>
  await rebindOne(call, putting(await readRequest(call, call.params[1]!)));

/** `PATCH /jobs/{id}/budgets/{key}` */
export const patch: Endpoint = async (call) => {
  const [id, key] = call.params as [string, string];
  const rebinding = recosting(await readNewCost(call, key));
  return await rebindOne(call, rebinding, (job) => {
    if (drawsOn(job, key)) return;
    return new Refusal(404, `job '${id}' does not draw on budget '${key}'`);
  });
};

/** `DELETE /jobs/{id}/budgets/{key}` */
export const remove: Endpoint = (call) => rebindOne(call, removing(call.params[1]!));

/** `PUT /jobs/{id}/budgets` */
export const putAll: Endpoint = async (call) => {
  const { budgets } = await readMessage(call, readBindings);
  demandBindable(budgets);
  return await rebindOne(call, replacingAll(budgets));
};

/** `DELETE /jobs/{id}/budgets` */
export const removeAll: Endpoint = (call) => rebindOne(call, replacingAll([]));

/** `POST /jobs/budgets/{key}` */
export const addMany: Endpoint = async (call) =>
  await rebindMany(call, adding(await readRequest(call, call.params[0]!)));

/** `PUT /jobs/budgets/{key}` */
export const putMany: Endpoint = async (call) =>
  await rebindMany(call, putting(await readRequest(call, call.params[0]!)));

/** `PATCH /jobs/budgets/{key}` */
export const patchMany: Endpoint = async (call) =>
  await rebindMany(call, recosting(await readNewCost(call, call.params[0]!)));

/** `DELETE /jobs/budgets/{key}` */
export const removeMany: Endpoint = (call) => rebindMany(call, removing(call.params[0]!));

/** `DELETE /jobs/budgets` */
export const removeAllMany: Endpoint = (call) => rebindMany(call, replacingAll([]));

async function readRequest(call: Call, key: string): Promise<BindingRequest> {
  const request = { key, ...await readMessage(call, readBinding) };
  demandBindable([request]);
  return request;
}

async function readNewCost(call: Call, key: string): Promise<BindingRequest> {
  const { cost } = await readMessage(call, readCost);
  const request = { key, cost, createWith: null, bucket: false };
  demandBindable([request]);
  return request;
}

function demandBindable(requests: readonly BindingRequest[]): void {
  const problem = checkBindings(requests);
  if (problem !== undefined) throw new Refusal(422, problem);
}

/** How the answer names a status that does not wait. */
const busyLabels: Readonly<Record<number, string>> = {
  [status.inFlight]: "InFlight",
  [status.completed]: "Completed",
  [status.dead]: "Dead",
};

async function rebindOne(
  { engine, params, format }: Call,
  rebinding: Rebinding,
  refuse: (job: JobRecord) => Refusal | undefined = () => undefined,
): Promise<Response> {
  const [id] = params as [string];
  const rebound = await engine.budgets.rebind(id, rebinding, (job) => refuse(job) !== undefined);
  if (rebound === undefined) throw new Refusal(404, `job '${id}' not found`);
  if ("refused" in rebound) throw new Refusal(422, rebound.refused);
  const { before, after } = rebound;
  const busy = busyLabels[before.status];
  if (busy !== undefined) {
    throw new Refusal(
      422,
      `job '${id}' is ${busy} — only queued jobs may have their budgets changed`,
    );
  }
  const refusal = after === before ? refuse(before) : undefined;
  if (refusal !== undefined) throw refusal;
  return answerJob(format, after, metadataView);
}

async function rebindMany(
  { engine, query, format }: Call,
  rebinding: Rebinding,
): Promise<Response> {
  const selection = readSelection(query);
  const fits = engine.expressions.toFilter(selection.filter);
  const rebound = await engine.budgets.rebindMany(selection, rebinding, fits);
  if ("refused" in rebound) throw new Refusal(422, rebound.refused);
  return answerValue(format, 200, rebound);
}

function drawsOn(job: JobRecord, key: string): boolean {
  return budgetsOf(job).includes(key);
}

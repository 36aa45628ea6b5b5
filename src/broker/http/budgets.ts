/**
 * The calls on budgets (docs/protocol.md, section 8.2).
 *
 * @module
 */

import {
  budgetNotFound,
  holdSchema,
  namedPolicySchema,
  policyPatchSchema,
  type PolicyRequest,
  policySchema,
  toBudgetWire,
  toHeldWire,
} from "../../protocol/budget.ts";
import { isRejection, type Rejection } from "../../protocol/rejection.ts";
import { readerOf } from "../../protocol/request-body.ts";
import type { BudgetRecord } from "../../store/budgets-table.ts";
import { answerNothing, answerValue } from "./answer.ts";
import type { Endpoint, EndpointCall } from "./call.ts";
import { readMessage } from "./message.ts";
import { Refusal, toRefusal } from "./refusal.ts";

const readPolicy = readerOf(policySchema);
const readNamedPolicy = readerOf(namedPolicySchema);
const readHold = readerOf(holdSchema);
const readPolicyPatch = readerOf(policyPatchSchema);

/** `GET /budgets` */
export const list: Endpoint = async ({ engine, format }) =>
  answerValue(format, 200, { budgets: (await engine.budgets.list()).map(toBudgetWire) });

/** `GET /budgets/{key}` */
export const get: Endpoint = async ({ engine, params, format }) => {
  const [key] = params as [string];
  const budget = await engine.budgets.get(key);
  if (budget === undefined) throw new Refusal(404, budgetNotFound(key));
  return answerValue(format, 200, toBudgetWire(budget));
};

/** `POST /budgets/{key}` */
export const create: Endpoint = async (call) =>
  await createAs(call, call.params[0]!, await readMessage(call, readPolicy));

/** `POST /budgets`, the key in the body. */
export const createNamed: Endpoint = async (call) => {
  const { key, ...policy } = await readMessage(call, readNamedPolicy);
  return await createAs(call, key, policy);
};

/** `PUT /budgets/{key}` */
export const put: Endpoint = async (call) => {
  const [key] = call.params as [string];
  const request = await readMessage(call, readPolicy);
  return answerBudget(call, 200, await call.engine.budgets.replace(key, request));
};

/** `PATCH /budgets/{key}` */
export const patch: Endpoint = async (call) => {
  const [key] = call.params as [string];
  const patch = await readMessage(call, readPolicyPatch);
  const result = await call.engine.budgets.change(key, patch);
  if (result === undefined) throw new Refusal(404, budgetNotFound(key));
  return answerBudget(call, 200, result);
};

/** `GET /budgets/{key}/waiting` */
export const listWaiting: Endpoint = async ({ engine, params, format }) => {
  const [key] = params as [string];
  const budget = await engine.budgets.get(key);
  if (budget === undefined) throw new Refusal(404, budgetNotFound(key));
  const waiting = await engine.budgets.waiting(key);
  return answerValue(format, 200, { budget: toHeldWire(budget), waiting });
};

/** `POST /budgets/{key}/hold` */
export const hold: Endpoint = async (call) => {
  const [key] = call.params as [string];
  const budget = await call.engine.budgets.hold(key, await readMessage(call, readHold));
  if (budget === undefined) throw new Refusal(404, budgetNotFound(key));
  return answerValue(call.format, 200, toHeldWire(budget));
};

/** `DELETE /budgets/{key}` */
export const remove: Endpoint = async ({ engine, params }) => {
  const [key] = params as [string];
  const result = await engine.budgets.remove(key);
  if (result === undefined) throw new Refusal(404, budgetNotFound(key));
  if (result !== "deleted") throw toRefusal(result);
  return answerNothing(204);
};

async function createAs(
  call: EndpointCall,
  key: string,
  request: PolicyRequest,
): Promise<Response> {
  return answerBudget(call, 201, await call.engine.budgets.create(key, request));
}

function answerBudget(
  { format }: EndpointCall,
  status: number,
  result: BudgetRecord | Rejection,
): Response {
  if (isRejection(result)) throw toRefusal(result);
  return answerValue(format, status, toBudgetWire(result));
}

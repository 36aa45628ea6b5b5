/**
 * The calls on budgets (section 9.2 of the protocol).
 *
 * @module
 */

import {
  budgetNotFound,
  checkPolicy,
  mergePolicy,
  namedPolicySchema,
  policyPatchSchema,
  type PolicyRequest,
  policySchema,
  toBudgetWire,
  toPolicy,
} from "../../protocol/budget.ts";
import { checkName } from "../../protocol/names.ts";
import { isRejection } from "../../protocol/rejection.ts";
import { readerOf } from "../../protocol/request-body.ts";
import type { BudgetResult } from "../../store/budgets.ts";
import { answerNothing, answerValue } from "./answer.ts";
import type { Call, Endpoint } from "./call.ts";
import { readMessage } from "./message.ts";
import { Refusal } from "./refusal.ts";

const readPolicy = readerOf(policySchema);
const readNamedPolicy = readerOf(namedPolicySchema);
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
  demandPossible(key, request);
  return answerBudget(call, 200, await call.engine.budgets.replace(key, toPolicy(request)));
};

/** `PATCH /budgets/{key}` */
export const patch: Endpoint = async (call) => {
  const [key] = call.params as [string];
  const patch = await readMessage(call, readPolicyPatch);
  const result = await call.engine.budgets.change(key, (policy) => {
    const merged = mergePolicy(policy, patch);
    return isRejection(merged) ? { refused: merged.message } : merged;
  });
  if (result === undefined) throw new Refusal(404, budgetNotFound(key));
  return answerBudget(call, 200, result);
};

/** `DELETE /budgets/{key}` */
export const remove: Endpoint = async ({ engine, params }) => {
  const [key] = params as [string];
  const result = await engine.budgets.remove(key);
  if (result === undefined) throw new Refusal(404, budgetNotFound(key));
  if (result !== "deleted") throw new Refusal(409, result.refused);
  return answerNothing(204);
};

async function createAs(call: Call, key: string, request: PolicyRequest): Promise<Response> {
  demandPossible(key, request);
  return answerBudget(call, 201, await call.engine.budgets.create(key, toPolicy(request)));
}

function demandPossible(key: string, request: PolicyRequest): void {
  const problem = checkName("budget key", key) ?? checkPolicy(request);
  if (problem !== undefined) throw new Refusal(422, problem);
}

function answerBudget({ format }: Call, status: number, result: BudgetResult): Response {
  if ("refused" in result) throw new Refusal(result.taken ? 409 : 422, result.refused);
  return answerValue(format, status, toBudgetWire(result));
}

/**
 * The calls that are about the broker as a whole.
 *
 * @module
 */

import { UnusableStoreError } from "../../store/unusable.ts";
import { answerNothing, answerValue } from "./answer.ts";
import type { Endpoint } from "./call.ts";
import { tellExtensions } from "./keyed.ts";
import { logOnce } from "./log-once.ts";
import { Refusal } from "./refusal.ts";
import { version as current } from "../../version.ts";

/** `GET /health`: 200 while what is enqueued can be stored, which only a commit can tell. */
export const health: Endpoint = async ({ engine, format, logger }) => {
  try {
    await engine.checkStore();
  } catch (error) {
    if (error instanceof UnusableStoreError) logOnce(logger, error);
    else logger.error("Cannot commit", { error });
    throw new Refusal(503, `cannot commit: ${(error as Error).message}`);
  }
  return answerValue(format, 200, { status: "ok" });
};

/** `GET /version` */
export const version: Endpoint = ({ format, request }) => {
  const answer = answerValue(format, 200, { version: current });
  tellExtensions({ request }, answer);
  return answer;
};

/** `POST /reset` */
export const reset: Endpoint = async ({ engine }) => {
  await engine.reset();
  return answerNothing(204);
};

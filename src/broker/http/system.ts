/**
 * The calls that are about the broker as a whole.
 *
 * @module
 */

import { answerNothing, answerValue } from "./answer.ts";
import type { Endpoint } from "./call.ts";
import { version as current } from "../../version.ts";

/** `GET /health` */
export const health: Endpoint = ({ format }) => answerValue(format, 200, { status: "ok" });

/** `GET /version` */
export const version: Endpoint = ({ format }) => answerValue(format, 200, { version: current });

/** `GET /queues` */
export const queues: Endpoint = async ({ engine, format }) =>
  answerValue(format, 200, { queues: await engine.queues() });

/** `POST /reset` */
export const reset: Endpoint = async ({ engine }) => {
  await engine.removeMany({});
  return answerNothing(204);
};

/**
 * The calls on the settings of queues (docs/protocol.md, section 16.1).
 *
 * @module
 */

import {
  queueNotFound,
  queuePatchSchema,
  toQueueSettingsWire,
} from "../../protocol/queue-settings.ts";
import { isRejection } from "../../protocol/rejection.ts";
import { readerOf } from "../../protocol/request-body.ts";
import { answerNothing, answerValue } from "./answer.ts";
import type { Endpoint } from "./call.ts";
import { readMessage } from "./message.ts";
import { Refusal, toRefusal } from "./refusal.ts";

const readQueuePatch = readerOf(queuePatchSchema);

/** `GET /queues/{queue}/settings` */
export const settings: Endpoint = async ({ engine, params, format }) =>
  answerValue(format, 200, toQueueSettingsWire(await engine.queueControl.get(params[0]!)));

/** `PATCH /queues/{queue}` */
export const patch: Endpoint = async (call) => {
  const [queue] = call.params as [string];
  const result = await call.engine.queueControl.change(
    queue,
    await readMessage(call, readQueuePatch),
  );
  if (isRejection(result)) throw toRefusal(result);
  return answerValue(call.format, 200, toQueueSettingsWire(result));
};

/** `DELETE /queues/{queue}` */
export const forget: Endpoint = async ({ engine, params }) => {
  const [queue] = params as [string];
  const result = await engine.queueControl.forget(queue);
  if (isRejection(result)) throw toRefusal(result);
  if (!result) throw new Refusal(404, queueNotFound(queue));
  return answerNothing(204);
};

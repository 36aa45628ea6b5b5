/**
 * The calls on settings (docs/protocol.md, section 16.2).
 *
 * @module
 */

import {
  configBodySchema,
  configNotFound,
  toConfigItemWire,
} from "../../protocol/config-request.ts";
import { isRejection } from "../../protocol/rejection.ts";
import { readerOf } from "../../protocol/request-body.ts";
import { answerNothing, answerValue } from "./answer.ts";
import type { Endpoint } from "./call.ts";
import { readMessage } from "./message.ts";
import { Refusal, toRefusal } from "./refusal.ts";

const readConfigBody = readerOf(configBodySchema);

/** `GET /config` */
export const list: Endpoint = ({ engine, format }) =>
  answerValue(format, 200, { config: engine.config.list().map(toConfigItemWire) });

/** `GET /config/{key}` */
export const get: Endpoint = ({ engine, params, format }) => {
  const [key] = params as [string];
  const item = engine.config.get(key);
  if (item === undefined) throw new Refusal(404, configNotFound(key));
  return answerValue(format, 200, toConfigItemWire(item));
};

/** `PUT /config/{key}` */
export const put: Endpoint = async (call) => {
  const [key] = call.params as [string];
  const { value } = await readMessage(call, readConfigBody);
  const result = await call.engine.config.set(key, value);
  if (result === undefined) throw new Refusal(404, configNotFound(key));
  if (isRejection(result)) throw toRefusal(result);
  return answerValue(call.format, 200, toConfigItemWire(result));
};

/** `DELETE /config/{key}` */
export const unset: Endpoint = async ({ engine, params }) => {
  const [key] = params as [string];
  if (await engine.config.unset(key) === undefined) throw new Refusal(404, configNotFound(key));
  return answerNothing(204);
};
